#pragma once
#define USE_SENSOR
#define USE_TEXT_SENSOR

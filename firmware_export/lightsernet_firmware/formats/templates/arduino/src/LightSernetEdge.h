/* SPDX-License-Identifier: Apache-2.0 */
/* All of the library: the engine, the model, and what is known of it. */
#ifndef LIGHTSERNET_EDGE_H
#define LIGHTSERNET_EDGE_H

#include "lightsernet.h"
#include "lightsernet_live.h"
#include "model.h"
#include "model_metadata.h"

#endif

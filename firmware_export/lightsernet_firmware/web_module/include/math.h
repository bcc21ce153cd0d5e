/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine uses of math.h: one instruction. */
#ifndef LSN_WEB_MATH_H
#define LSN_WEB_MATH_H

float sqrtf(float x);

#endif

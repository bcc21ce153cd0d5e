/* SPDX-License-Identifier: Apache-2.0 */
/* What a listener may be set to. Of models with endpointing. */
#ifndef LSN_LISTENER_SETTINGS_H
#define LSN_LISTENER_SETTINGS_H

#include "lightsernet_live.h"

/* Whether all of them are in range; the thresholds must not be NULL. */
int lsn_settings_are_valid(const lsn_model *model, const lsn_listener_settings *settings);

/* Whether the window is, on which the RAM depends; 1 without continuous mode. */
int lsn_settings_have_room(const lsn_model *model, const lsn_listener_settings *settings);

/* Rows of the network's output that the frames of the window make: 0 if none fits into it.
 * window_hops is at most LSN_MAX_HOPS. */
uint32_t lsn_settings_window_rows(const lsn_model *model, const lsn_listener_settings *settings);

#endif

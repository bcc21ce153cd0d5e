/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of a listener's settings. The model must have endpointing constants. */
#ifndef LSN_LISTENER_SETTINGS_H
#define LSN_LISTENER_SETTINGS_H

#include "lightsernet_live.h"

/**
 * Whether all settings are in range.
 *
 * @param[in] settings  thresholds must not be NULL
 */
int lsn_settings_are_valid(const lsn_model *model, const lsn_listener_settings *settings);

/**
 * Whether the window, on which the RAM depends, is in range.
 *
 * @return  1 if it is, or without continuous mode; else 0
 */
int lsn_settings_have_room(const lsn_model *model, const lsn_listener_settings *settings);

/**
 * Rows of the network's output for the frames of the window.
 *
 * @param[in] settings  window_hops at most LSN_MAX_HOPS
 *
 * @return  the number of rows; 0 if the window is shorter than a frame
 */
uint32_t lsn_settings_window_rows(const lsn_model *model, const lsn_listener_settings *settings);

#endif

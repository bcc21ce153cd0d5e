/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_VERIFY_LISTENER_H
#define LSN_VERIFY_LISTENER_H

#include "lsn_blob.h"

/**
 * Check the endpointing record against docs/reference/blob-format.md.
 *
 * @param[in] model      the front end is checked; hop_length and n_coefficients are set
 * @param[in] constants  lies in the blob
 *
 * @return  1 if valid, else 0
 */
int lsn_verify_endpointing(const lsn_model *model, const lsn_endpoint_constants *constants);

/**
 * Check the decision record and its thresholds against docs/reference/blob-format.md.
 *
 * @param[in] model     blob, blob_size and n_labels are set and checked
 * @param[in] decision  lies in the blob
 *
 * @return  1 if valid, else 0
 */
int lsn_verify_decision(const lsn_model *model, const lsn_decision *decision);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_VERIFY_NETWORK_H
#define LSN_VERIFY_NETWORK_H

#include "lsn_blob.h"

/**
 * Check stages and head against docs/reference/blob-format.md: their ranges, that they fit each
 * other, and that no sum of the network can overflow.
 *
 * @param[in] model  blob, blob_size, n_coefficients and n_labels are set and checked
 *
 * @return  1 if valid, else 0
 */
int lsn_verify_network(const lsn_model *model);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_VERIFY_FRONT_END_H
#define LSN_VERIFY_FRONT_END_H

#include "lsn_blob.h"

/**
 * Check the front-end record and its tables against docs/reference/blob-format.md.
 *
 * @param[in] model      blob, blob_size and n_coefficients are set and checked
 * @param[in] front_end  lies in the blob
 *
 * @return  1 if valid, else 0
 */
int lsn_verify_front_end(const lsn_model *model, const lsn_front_end *front_end);

#endif

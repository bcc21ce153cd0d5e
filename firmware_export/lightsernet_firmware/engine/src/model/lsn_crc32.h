/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_CRC32_H
#define LSN_CRC32_H

#include <stddef.h>
#include <stdint.h>

/**
 * CRC-32 of IEEE 802.3, as zlib's: reflected, polynomial 0x04C11DB7.
 *
 * @return  the checksum of bytes[0..size - 1]
 */
uint32_t lsn_crc32(const uint8_t *bytes, size_t size);

#endif

/* What the update asks of a cryptographic library: SHA-512, and Ed25519 (RFC 8032).
 *
 * signature_monocypher.c takes both from Monocypher, signature_sodium.c from libsodium. For
 * another library, or a crypto engine, write these two functions. */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_BYTES 64u
#define SIGNATURE_KEY_BYTES 32u
#define SIGNATURE_HASH_BYTES 64u

void signature_sha512(uint8_t hash[SIGNATURE_HASH_BYTES], const uint8_t *bytes, size_t count);

/* 1 if the owner of the private key signed these bytes, else 0. */
int signature_holds(const uint8_t signature[SIGNATURE_BYTES],
                    const uint8_t key[SIGNATURE_KEY_BYTES], const uint8_t *bytes, size_t count);

#endif

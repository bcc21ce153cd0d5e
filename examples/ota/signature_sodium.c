/* libsodium (https://libsodium.org), for hosts: link with -lsodium. */
#include <sodium.h>

#include "signature.h"

void signature_sha512(uint8_t hash[SIGNATURE_HASH_BYTES], const uint8_t *bytes, size_t count)
{
    crypto_hash_sha512(hash, bytes, count);
}

int signature_holds(const uint8_t signature[SIGNATURE_BYTES],
                    const uint8_t key[SIGNATURE_KEY_BYTES], const uint8_t *bytes, size_t count)
{
    return crypto_sign_ed25519_verify_detached(signature, bytes, count, key) == 0;
}

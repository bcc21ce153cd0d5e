/* Monocypher 4 (https://monocypher.org): two C files, no allocation, BSD or CC0.
 * Compile with it src/monocypher.c and src/optional/monocypher-ed25519.c. */
#include "monocypher-ed25519.h"
#include "signature.h"

void signature_sha512(uint8_t hash[SIGNATURE_HASH_BYTES], const uint8_t *bytes, size_t count)
{
    crypto_sha512(hash, bytes, count);
}

int signature_holds(const uint8_t signature[SIGNATURE_BYTES],
                    const uint8_t key[SIGNATURE_KEY_BYTES], const uint8_t *bytes, size_t count)
{
    return crypto_ed25519_check(signature, key, bytes, count) == 0;
}

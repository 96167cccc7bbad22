#include "proto/digest.h"

#include <string.h>

#include "proto/text.h"

enum { NAME_SIZE = 8 };
static const char sha256[] = "sha256:";

enum sg_status digest_parse(struct slice text, struct digest *out)
{
    char name[NAME_SIZE] = "";
    size_t name_len = 0;
    size_t len = 0;

    while (name_len < text.len && text.data[name_len] != ':') {
        name_len++;
    }
    if (name_len == text.len || name_len >= NAME_SIZE) {
        return SG_INVALID;
    }
    memcpy(name, text.data, name_len);
    out->hash = strlen(name) == name_len ? sg_hash_parse(name) : SG_HASH_NONE;
    struct slice digits = slice_of(text.data + name_len + 1, text.len - name_len - 1);
    if (out->hash == SG_HASH_NONE ||
        text_unhex(digits, out->bytes, sizeof(out->bytes), &len) != SG_OK) {
        return SG_INVALID;
    }
    return len == sg_hash_len(out->hash) ? SG_OK : SG_INVALID;
}

enum sg_status digest_parse_sha256(struct slice text, uint8_t out[32])
{
    struct digest digest;

    if (digest_parse(text, &digest) != SG_OK || digest.hash != SG_HASH_SHA256) {
        return SG_INVALID;
    }
    memcpy(out, digest.bytes, 32);
    return SG_OK;
}

void digest_sha256_text(const uint8_t hash[32], char out[DIGEST_SHA256_SIZE])
{
    memcpy(out, sha256, sizeof(sha256) - 1);
    text_hex(slice_of(hash, 32), out + sizeof(sha256) - 1);
}

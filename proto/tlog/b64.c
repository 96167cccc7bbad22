#include "proto/tlog/b64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
enum { PAD = 64 };

void b64_encode(struct slice bytes, char *out)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[left > 1 ? group >> 6 & 63 : PAD];
        *out++ = alphabet[left > 2 ? group & 63 : PAD];
    }
}

/* 0 to 63, or 64 for what is no digit. */
static uint32_t digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : 64;
}

/* Reads the digits of one group; pads says how many at its end are '='. */
static enum sg_status read_group(const uint8_t *text, size_t pads, uint32_t *group)
{
    uint32_t value = 0;

    for (size_t i = 0; i < 4 - pads; i++) {
        uint32_t d = digit(text[i]);
        if (d > 63) {
            return SG_INVALID;
        }
        value |= d << (18 - 6 * i);
    }
    /* Bits that belong to no byte must be zero. */
    if ((value & (((uint32_t)1 << 8 * pads) - 1)) != 0) {
        return SG_INVALID;
    }
    *group = value;
    return SG_OK;
}

static size_t pads_of(struct slice text)
{
    if (text.len == 0 || text.data[text.len - 1] != '=') {
        return 0;
    }
    return text.data[text.len - 2] == '=' ? 2 : 1;
}

enum sg_status b64_decode(struct slice text, uint8_t *out, size_t cap, size_t *len)
{
    size_t have = 0;

    if (text.len % 4 != 0) {
        return SG_INVALID;
    }
    size_t pads = pads_of(text);
    if (text.len / 4 * 3 - pads > cap) {
        return SG_TOO_LARGE;
    }
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t group = 0;
        size_t cut = i + 4 == text.len ? pads : 0;
        TRY(read_group(text.data + i, cut, &group));
        for (size_t k = 0; k < 3 - cut; k++) {
            out[have++] = (uint8_t)(group >> (16 - 8 * k));
        }
    }
    *len = have;
    return SG_OK;
}

enum sg_status b64_decode_hash(struct slice text, struct tlog_hash *out)
{
    size_t len = 0;

    if (text.len != B64_HASH_LEN ||
        b64_decode(text, out->bytes, sizeof(out->bytes), &len) != SG_OK) {
        return SG_INVALID;
    }
    return len == sizeof(out->bytes) ? SG_OK : SG_INVALID;
}

#include "gateway/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto/text.h"

enum { V4_AT = 12, V4_BITS_BEFORE = 96, ALL_BITS = 128, TEXT_MAX = 64 };

static enum sg_status read_address(const char *text, struct network_address *out,
                                   unsigned *bits_before)
{
    *out = (struct network_address){{0}};
    if (inet_pton(AF_INET6, text, out->bytes) == 1) {
        *bits_before = 0;
        return SG_OK;
    }
    out->bytes[V4_AT - 2] = 0xff;
    out->bytes[V4_AT - 1] = 0xff;
    *bits_before = V4_BITS_BEFORE;
    return inet_pton(AF_INET, text, out->bytes + V4_AT) == 1 ? SG_OK : SG_INVALID;
}

/* The bits of a byte that lie within a prefix. */
static uint8_t mask_of(unsigned byte, unsigned bits)
{
    unsigned before = byte * 8;

    if (bits >= before + 8) {
        return 0xff;
    }
    if (bits <= before) {
        return 0;
    }
    return (uint8_t)(0xffU << (before + 8 - bits));
}

static bool ends_with_prefix(const struct network_prefix *prefix)
{
    for (unsigned i = 0; i < sizeof(prefix->address.bytes); i++) {
        if ((prefix->address.bytes[i] & ~mask_of(i, prefix->bits) & 0xff) != 0) {
            return false;
        }
    }
    return true;
}

enum sg_status network_prefix_parse(const char *text, struct network_prefix *out)
{
    char address[TEXT_MAX];
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    unsigned bits_before = 0;
    uint64_t bits = 0;

    if (len >= sizeof(address)) {
        return SG_INVALID;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    TRY(read_address(address, &out->address, &bits_before));
    bits = ALL_BITS - bits_before;
    if (slash != NULL) {
        TRY(text_uint(slice_str(slash + 1), ALL_BITS - bits_before, &bits));
    }
    out->bits = bits_before + (unsigned)bits;
    return ends_with_prefix(out) ? SG_OK : SG_INVALID;
}

enum sg_status network_address_parse(const char *text, struct network_address *out)
{
    char address[TEXT_MAX];
    bool bracket = text[0] == '[';
    const char *from = bracket ? text + 1 : text;
    const char *end = strrchr(text, bracket ? ']' : ':');
    unsigned bits_before = 0;

    if (end == NULL || end < from || (size_t)(end - from) >= sizeof(address)) {
        return SG_INVALID;
    }
    memcpy(address, from, (size_t)(end - from));
    address[end - from] = '\0';
    return read_address(address, out, &bits_before);
}

bool network_holds(const struct network_prefix *prefix,
                   const struct network_address *address)
{
    for (unsigned i = 0; i < sizeof(address->bytes); i++) {
        uint8_t differs = prefix->address.bytes[i] ^ address->bytes[i];
        if ((differs & mask_of(i, prefix->bits)) != 0) {
            return false;
        }
    }
    return true;
}

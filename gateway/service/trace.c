#include "gateway/service/trace.h"

#include <string.h>

/* "00-" 32 hexadecimal digits "-" 16 of them "-" 2 of them; later versions may go on
 * behind another "-". */
enum { VERSION_AT, ID_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, HEADER_LEN = 55 };
enum { VERSION_LEN = 2, ID_LEN = 32, PARENT_LEN = 16, FLAGS_LEN = 2 };

static bool lower_hex(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (!digit && (text[i] < 'a' || text[i] > 'f')) {
            return false;
        }
    }
    return true;
}

static bool all(const uint8_t *text, size_t len, uint8_t of)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != of) {
            return false;
        }
    }
    return true;
}

static bool well_formed(const uint8_t *text)
{
    return lower_hex(text, VERSION_LEN) && text[ID_AT - 1] == '-' &&
           lower_hex(text + ID_AT, ID_LEN) && text[PARENT_AT - 1] == '-' &&
           lower_hex(text + PARENT_AT, PARENT_LEN) && text[FLAGS_AT - 1] == '-' &&
           lower_hex(text + FLAGS_AT, FLAGS_LEN);
}

/* Version 00 ends there, ff is forbidden, later ones may be longer. */
static bool version_fits(const uint8_t *text, size_t len)
{
    bool first = all(text, VERSION_LEN, '0');

    if (all(text, VERSION_LEN, 'f')) {
        return false;
    }
    return len == HEADER_LEN || (!first && text[HEADER_LEN] == '-');
}

void trace_read(struct slice header, char out[TRACE_ID_SIZE])
{
    const uint8_t *text = header.data;

    out[0] = '\0';
    if (header.len < HEADER_LEN || !well_formed(text) ||
        !version_fits(text, header.len) || all(text + ID_AT, ID_LEN, '0') ||
        all(text + PARENT_AT, PARENT_LEN, '0')) {
        return;
    }
    memcpy(out, text + ID_AT, ID_LEN);
    out[ID_LEN] = '\0';
}

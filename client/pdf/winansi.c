#include "client/pdf/winansi.h"

#include "client/pdf/utf8.h"
#include "proto/text.h"

/* Code points of the bytes 0x80 to 0x9F; elsewhere the byte is the code point (ISO
 * 32000-1 annex D.2). 0 = not used. */
static const uint16_t middle[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* Helvetica's advance widths from byte 0x20 on; unused bytes are 0. */
static const uint16_t widths[224] = {
    278,  278,  355, 556, 556, 889,  667,  191,  333, 333,  389,
    584,  278,  333, 278, 278, /* 20 */
    556,  556,  556, 556, 556, 556,  556,  556,  556, 556,  278,
    278,  584,  584, 584, 556, /* 30 */
    1015, 667,  667, 722, 722, 667,  611,  778,  722, 278,  500,
    667,  556,  833, 722, 778, 667,  778,  722,  667, 611,  722,
    667,  944,  667, 667, 611, 278,  278,  278,  469, 556, /* 50 */
    333,  556,  556, 500, 556, 556,  278,  556,  556, 222,  222,
    500,  222,  833, 556, 556, /* 60 */
    556,  556,  333, 500, 278, 556,  500,  722,  500, 500,  500,
    334,  260,  334, 584, 0, /* 70 */
    556,  0,    222, 556, 333, 1000, 556,  556,  333, 1000, 667,
    333,  1000, 0,   611, 0, /* 80 */
    0,    222,  222, 333, 333, 350,  556,  1000, 333, 1000, 500,
    333,  944,  0,   500, 667, /* 90 */
    278,  333,  556, 556, 556, 556,  260,  556,  333, 737,  370,
    556,  584,  333, 737, 333, /* A0 */
    400,  584,  333, 333, 333, 556,  537,  278,  333, 333,  365,
    556,  834,  834, 834, 611, /* B0 */
    667,  667,  667, 667, 667, 667,  1000, 722,  667, 667,  667,
    667,  278,  278, 278, 278, 722,  722,  778,  778, 778,  778,
    778,  584,  778, 722, 722, 722,  722,  667,  667, 611, /* D0 */
    556,  556,  556, 556, 556, 556,  889,  500,  556, 556,  556,
    556,  278,  278, 278, 278, /* E0 */
    556,  556,  556, 556, 556, 556,  556,  584,  611, 556,  556,
    556,  556,  500, 556, 500, /* F0 */
};

/* 0 = the encoding lacks it. */
static uint8_t byte_of(uint32_t code)
{
    if ((code >= 0x20 && code <= 0x7E) || (code >= 0xA0 && code <= 0xFF)) {
        return (uint8_t)code;
    }
    for (size_t i = 0; i < SG_COUNT(middle); i++) {
        if (middle[i] != 0 && middle[i] == code) {
            return (uint8_t)(0x80 + i);
        }
    }
    return 0;
}

bool pdf_winansi(const char *utf8, uint8_t *out, size_t cap, size_t *len)
{
    struct slice rest = slice_str(utf8);
    size_t used = 0;

    if (!text_plain(rest)) {
        return false;
    }
    while (rest.len > 0) {
        uint8_t byte = byte_of(pdf_utf8_next(&rest));
        if (byte == 0 || used == cap) {
            return false;
        }
        out[used++] = byte;
    }
    *len = used;
    return true;
}

unsigned pdf_winansi_width(struct slice text)
{
    unsigned sum = 0;

    for (size_t i = 0; i < text.len; i++) {
        sum += text.data[i] < 0x20 ? 0U : widths[text.data[i] - 0x20];
    }
    return sum;
}

/* How the bytes of a cross-reference stream are packed. */
#define ZLIB_CONST
#include "client/pdf/section_unpack.h"

#include <zlib.h>

#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

enum { COLUMNS_MAX = 1 << 10 };

static bool inflate_to(struct slice packed, struct pdf_buffer *out)
{
    z_stream stream = {.next_in = packed.data,
                       .avail_in = (uInt)packed.len,
                       .next_out = out->data,
                       .avail_out = (uInt)out->len};

    if (inflateInit(&stream) != Z_OK) {
        return false;
    }
    int end = inflate(&stream, Z_FINISH);
    out->len -= stream.avail_out;
    (void)inflateEnd(&stream);
    return end == Z_STREAM_END || end == Z_BUF_ERROR;
}

static uint8_t paeth(uint8_t left, uint8_t up, uint8_t corner)
{
    int to_left = left + up - corner - left;
    int to_up = left + up - corner - up;
    int to_corner = left + up - corner - corner;

    to_left = to_left < 0 ? -to_left : to_left;
    to_up = to_up < 0 ? -to_up : to_up;
    to_corner = to_corner < 0 ? -to_corner : to_corner;
    if (to_left <= to_up && to_left <= to_corner) {
        return left;
    }
    return to_up <= to_corner ? up : corner;
}

/* One line of PNG (RFC 2083, section 6), one byte a pixel. before: the line above as it
 * came out; NULL = there is none. */
static bool undo_line(uint8_t method, uint8_t *line, const uint8_t *before, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t left = i > 0 ? line[i - 1] : 0;
        uint8_t up = before != NULL ? before[i] : 0;
        uint8_t corner = i > 0 && before != NULL ? before[i - 1] : 0;
        const uint8_t guesses[] = {0, left, up, (uint8_t)((left + up) / 2),
                                   paeth(left, up, corner)};
        if (method >= SG_COUNT(guesses)) {
            return false;
        }
        line[i] = (uint8_t)(line[i] + guesses[method]);
    }
    return true;
}

/* The lines without their first byte, which names the method, moved together. */
static bool undo_lines(struct pdf_buffer *bytes, size_t columns)
{
    size_t len = 0;

    for (size_t at = 0; at + 1 < bytes->len; at += columns + 1) {
        size_t left = bytes->len - at - 1;
        size_t part = left < columns ? left : columns;
        uint8_t method = bytes->data[at];
        uint8_t *line = bytes->data + len;
        memmove(line, bytes->data + at + 1, part);
        if (!undo_line(method, line, len > 0 ? line - columns : NULL, part)) {
            return false;
        }
        len += part;
    }
    bytes->len = len;
    return true;
}

static bool read_parameters(struct slice text, size_t *columns)
{
    struct section_value keys[] = {{.key = "Predictor"},
                                   {.key = "Columns"},
                                   {.key = "Colors"},
                                   {.key = "BitsPerComponent"}};
    size_t numbers[SG_COUNT(keys)] = {0};
    size_t at = 0;

    *columns = 0;
    if (text.len == 0 || slice_equal(text, slice_str("null"))) {
        return true;
    }
    bool good = section_dict(text, &at, keys, SG_COUNT(keys));
    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        good = good && section_value_number(&keys[i], i == 3 ? 8 : 1, &numbers[i]);
    }
    bool png = numbers[0] >= 10 && numbers[0] <= 15;
    *columns = png ? numbers[1] : 0;
    return good && (numbers[0] == 1 || png) && numbers[1] > 0 &&
           numbers[1] <= COLUMNS_MAX && numbers[2] == 1 && numbers[3] == 8;
}

static bool unpack_flate(struct pdf_buffer *out, struct slice stream, size_t need,
                         struct slice parameters)
{
    size_t columns = 0;

    if (!read_parameters(parameters, &columns)) {
        return false;
    }
    size_t room = columns == 0 ? need : need + (need + columns - 1) / columns;
    return room <= PDF_BUFFER_MAX && pdf_buffer_room(out, room) != NULL &&
           inflate_to(stream, out) && (columns == 0 || undo_lines(out, columns));
}

static bool unpack_plain(struct pdf_buffer *out, struct slice stream, size_t need,
                         struct slice parameters)
{
    (void)parameters;
    pdf_buffer_put(out, stream.data, need < stream.len ? need : stream.len);
    return !out->failed;
}

static bool unpack_hex(struct pdf_buffer *out, struct slice stream, size_t need,
                       struct slice parameters)
{
    unsigned byte = 0;
    size_t half = 0;

    (void)parameters;
    for (size_t i = 0; i < stream.len && half < 2 * need; i++) {
        int value = syntax_hex(stream.data[i]);
        if (value < 0 && !syntax_is_blank(stream.data[i])) {
            return false;
        }
        if (value < 0) {
            continue;
        }
        byte = byte << 4 | (unsigned)value;
        if (++half % 2 == 0) {
            pdf_buffer_put(out, &(uint8_t){(uint8_t)byte}, 1);
        }
    }
    return !out->failed;
}

/* As qpdf calls them, too. What else there is packs no numbers. */
static const struct {
    const char *name;
    bool (*unpack)(struct pdf_buffer *out, struct slice stream, size_t need,
                   struct slice parameters);
} filters[] = {
    {"/FlateDecode", unpack_flate},  {"/Fl", unpack_flate}, {"", unpack_plain},
    {"/ASCIIHexDecode", unpack_hex}, {"/AHx", unpack_hex},
};

bool section_unpack(struct slice stream, const struct section_packing *how, size_t need,
                    struct pdf_buffer *out)
{
    for (size_t i = 0; i < SG_COUNT(filters); i++) {
        if (need > 0 && slice_equal(how->filter, slice_str(filters[i].name))) {
            return filters[i].unpack(out, stream, need, how->parameters) &&
                   out->len >= need;
        }
    }
    return need == 0;
}

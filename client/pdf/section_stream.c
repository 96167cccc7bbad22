/* A cross-reference stream: numbers in columns, packed. */
#define ZLIB_CONST
#include <zlib.h>

#include "client/pdf/buffer.h"
#include "client/pdf/section.h"
#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

enum { ROWS_MAX = 1 << 23, INDEX_MAX = 1 << 16, COLUMNS_MAX = 1 << 10, BYTES_MAX = 8 };

enum { TYPE, SIZE, WIDTHS, INDEX, FILTER, PARAMETERS, PREV, OWN_KEYS };
enum { BESIDE = OWN_KEYS, ROOT, ENCRYPT, KEYS };

struct rows {
    struct section *section;
    size_t widths[3];
    size_t width;
    struct slice index; /* empty = all from 0 */
    size_t size;
    size_t count;
    struct pdf_buffer bytes; /* owned */
};

static void rows_fini(struct rows *rows)
{
    pdf_buffer_fini(&rows->bytes);
}

/* An array that may hold one value only stands for it: "[/FlateDecode]". */
static struct slice unwrapped(struct slice text)
{
    if (text.len < 2 || text.data[0] != '[' || text.data[text.len - 1] != ']') {
        return text;
    }
    size_t first = section_skip(text, 1);
    size_t end = text.len - 1;
    while (end > first && syntax_is_blank(text.data[end - 1])) {
        end--;
    }
    return first < end ? slice_of(text.data + first, end - first) : slice_of(NULL, 0);
}

static bool read_widths(struct slice text, struct rows *rows)
{
    struct slice inner = unwrapped(text);
    size_t at = 0;

    for (size_t i = 0; i < SG_COUNT(rows->widths); i++) {
        if (!section_number(inner, &at, &rows->widths[i]) ||
            rows->widths[i] > BYTES_MAX) {
            return false;
        }
        rows->width += rows->widths[i];
    }
    return inner.len < text.len && section_skip(inner, at) == inner.len &&
           rows->width > 0;
}

/* The next first number and how many follow; false: none is left. */
static bool next_range(const struct rows *rows, size_t *at, size_t *first, size_t *count)
{
    if (rows->index.len == 0) {
        bool begin = *at == 0;
        *at = 1;
        *first = 0;
        *count = rows->size;
        return begin;
    }
    return section_skip(rows->index, *at) < rows->index.len &&
           section_number(rows->index, at, first) &&
           section_number(rows->index, at, count);
}

static bool count_rows(struct rows *rows)
{
    size_t at = 0;
    size_t first = 0;
    size_t count = 0;

    for (size_t i = 0; next_range(rows, &at, &first, &count); i++) {
        if (i >= INDEX_MAX || count > ROWS_MAX || rows->count + count > ROWS_MAX) {
            return false;
        }
        rows->count += count;
    }
    return rows->index.len == 0 || section_skip(rows->index, at) == rows->index.len;
}

/* --- Unpacking --------------------------------------------------------------------- */

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

/* As many bytes as the rows take, from where the stream begins. */
static bool unpack(struct rows *rows, struct slice stream,
                   const struct section_value *keys)
{
    struct slice filter = unwrapped(keys[FILTER].text);
    size_t need = rows->count * rows->width;

    for (size_t i = 0; i < SG_COUNT(filters); i++) {
        if (need > 0 && slice_equal(filter, slice_str(filters[i].name))) {
            return filters[i].unpack(&rows->bytes, stream, need,
                                     unwrapped(keys[PARAMETERS].text)) &&
                   rows->bytes.len >= need;
        }
    }
    return need == 0;
}

/* --- Rows -------------------------------------------------------------------------- */

static uint64_t column(const uint8_t **at, size_t width)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++) {
        value = value << 8 | **at;
        *at += 1;
    }
    return value;
}

static bool take_row(const struct rows *rows, size_t row, size_t number)
{
    const uint8_t *at = rows->bytes.data + row * rows->width;
    uint64_t type = rows->widths[0] == 0 ? 1 : column(&at, rows->widths[0]);
    uint64_t second = column(&at, rows->widths[1]);
    uint64_t third = column(&at, rows->widths[2]);

    if (type > 2 || second > UINT32_MAX || third > UINT32_MAX) {
        return false;
    }
    /* Its place in an object stream is told from any offset by the upper half. */
    const struct section_entry entry = {
        .number = number,
        .generation = type == 2 ? 0 : (uint32_t)third,
        .place = type == 2 ? second << 32 | third : second,
        .is_free = type == 0,
        .is_packed = type == 2,
    };
    return rows->section->take(rows->section->context, &entry);
}

static bool take_rows(const struct rows *rows)
{
    size_t at = 0;
    size_t row = 0;
    size_t first = 0;
    size_t count = 0;

    while (next_range(rows, &at, &first, &count)) {
        for (size_t i = 0; i < count; i++, row++) {
            if (!take_row(rows, row, first + i)) {
                return false;
            }
        }
    }
    return true;
}

static void name_keys(struct section_value keys[KEYS])
{
    static const char *const names[KEYS] = {
        [TYPE] = "Type",      [SIZE] = "Size",      [WIDTHS] = "W",
        [INDEX] = "Index",    [FILTER] = "Filter",  [PARAMETERS] = "DecodeParms",
        [PREV] = "Prev",      [BESIDE] = "XRefStm", [ROOT] = "Root",
        [ENCRYPT] = "Encrypt"};

    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = (struct section_value){.key = names[i]};
    }
}

/* "N G obj", the dictionary, "stream" and the end of its line. */
static bool read_head(struct section *section, struct section_value *keys,
                      struct slice *stream)
{
    struct slice pdf = section->pdf;
    size_t at = section->offset;
    size_t number = 0;
    size_t generation = 0;

    if (section->exact && syntax_hex(pdf.data[at]) < 0) {
        return false; /* a blank, or a comment */
    }
    if (!section_number(pdf, &at, &number) || !section_number(pdf, &at, &generation)) {
        return false;
    }
    at = section_skip(pdf, at);
    if (pdf.len - at < 3 || memcmp(pdf.data + at, "obj", 3) != 0) {
        return false;
    }
    at += 3;
    size_t from = at;
    if (!section_dict(pdf, &at, keys, KEYS)) {
        return false;
    }
    section->dict = slice_of(pdf.data + from, at - from);
    section->root = keys[ROOT].text;
    section->encrypt = keys[ENCRYPT].text;
    at = section_skip(pdf, at);
    if (pdf.len - at < 8 || memcmp(pdf.data + at, "stream", 6) != 0) {
        return false;
    }
    at += 6;
    at += pdf.data[at] == '\r' ? 1 : 0;
    *stream = slice_of(pdf.data + at + 1, pdf.len - at - 1);
    return pdf.data[at] == '\n';
}

/* What else some viewers take for damage: a table's key, parameters of nothing, columns
 * wider than anybody needs. */
static bool is_exact(const struct section_value *keys, const struct rows *rows)
{
    struct slice parameters = unwrapped(keys[PARAMETERS].text);

    return keys[BESIDE].text.len == 0 && rows->widths[0] <= 1 && rows->widths[2] <= 2 &&
           (keys[PARAMETERS].text.len == 0 ||
            (keys[FILTER].text.len > 0 && parameters.len > 0 &&
             parameters.data[0] == '<'));
}

bool section_read_stream(struct section *section)
{
    AUTO(rows_fini) struct rows rows = {.section = section};
    struct section_value keys[KEYS];
    struct slice stream;

    name_keys(keys);
    if (!read_head(section, keys, &stream) ||
        !slice_equal(keys[TYPE].text, slice_str("/XRef")) ||
        !section_value_number(&keys[SIZE], 0, &section->size) ||
        !section_value_number(&keys[PREV], 0, &section->prev) ||
        !read_widths(keys[WIDTHS].text, &rows) ||
        (section->exact && !is_exact(keys, &rows))) {
        return false;
    }
    rows.size = section->size;
    rows.index = unwrapped(keys[INDEX].text);
    return count_rows(&rows) && unpack(&rows, stream, keys) && take_rows(&rows);
}

bool section_read_head(struct section *section)
{
    struct section_value keys[KEYS];
    struct slice stream;

    name_keys(keys);
    return read_head(section, keys, &stream);
}

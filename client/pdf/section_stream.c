/* A cross-reference stream: numbers in columns, packed. */
#include "client/pdf/buffer.h"
#include "client/pdf/section.h"
#include "client/pdf/section_dict.h"
#include "client/pdf/section_unpack.h"
#include "client/pdf/syntax.h"

enum { ROWS_MAX = 1 << 23, INDEX_MAX = 1 << 16, BYTES_MAX = 8 };

enum { TYPE, SIZE, WIDTHS, INDEX, FILTER, PARAMETERS, PREV, OWN_KEYS };
enum { ROOT = OWN_KEYS, ENCRYPT, LENGTH, OTHERS };
/* Of tables, and of pictures within a page: some viewers look at these first. */
enum { BESIDE = OTHERS, SHORT_FILTER, SHORT_PARAMETERS, KEYS };

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
        [TYPE] = "Type",           [SIZE] = "Size",      [WIDTHS] = "W",
        [INDEX] = "Index",         [FILTER] = "Filter",  [PARAMETERS] = "DecodeParms",
        [PREV] = "Prev",           [BESIDE] = "XRefStm", [SHORT_FILTER] = "F",
        [SHORT_PARAMETERS] = "DP", [ROOT] = "Root",      [ENCRYPT] = "Encrypt",
        [LENGTH] = "Length"};

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

    for (size_t i = OTHERS; i < KEYS; i++) {
        if (keys[i].text.len > 0) {
            return false;
        }
    }
    return rows->widths[0] <= 1 && rows->widths[2] <= 2 &&
           (keys[PARAMETERS].text.len == 0 ||
            (keys[FILTER].text.len > 0 && parameters.len > 0 &&
             parameters.data[0] == '<'));
}

/* It is as long as it says, and what names it follows. */
static bool ends_whole(const struct section *section, struct slice stream,
                       const struct section_value *keys)
{
    struct slice pdf = section->pdf;
    size_t at = (size_t)(stream.data - pdf.data);
    size_t len = 0;

    if (!section_value_number(&keys[LENGTH], SIZE_MAX, &len) || len > stream.len) {
        return false;
    }
    at = syntax_behind(pdf, at + len, "endstream");
    return section_ends(section, syntax_behind(pdf, at, "endobj"));
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
        (section->exact &&
         (!is_exact(keys, &rows) || !ends_whole(section, stream, keys)))) {
        return false;
    }
    rows.size = section->size;
    rows.index = unwrapped(keys[INDEX].text);
    const struct section_packing how = {unwrapped(keys[FILTER].text),
                                        unwrapped(keys[PARAMETERS].text)};
    return count_rows(&rows) &&
           section_unpack(stream, &how, rows.count * rows.width, &rows.bytes) &&
           take_rows(&rows);
}

bool section_read_head(struct section *section)
{
    struct section_value keys[KEYS];
    struct slice stream;

    name_keys(keys);
    return read_head(section, keys, &stream);
}

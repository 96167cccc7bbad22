#include "client/pdf/packed.h"

#include <stdlib.h>

#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* As many objects as viewers take in one stream. */
enum { OBJECTS_MAX = 1000000 };

struct packed_entry {
    uint32_t number;
    uint32_t stream;
    uint32_t index;
};

void packed_fini(struct packed *packed)
{
    pdf_buffer_fini(&packed->entries);
}

bool packed_note(struct packed *packed, size_t number, size_t stream, size_t index)
{
    const struct packed_entry entry = {(uint32_t)number, (uint32_t)stream,
                                       (uint32_t)index};

    pdf_buffer_put(&packed->entries, &entry, sizeof(entry));
    return !packed->entries.failed;
}

/* --- One stream -------------------------------------------------------------------- */

void packed_stream_close(struct packed_stream *stream)
{
    free((void *)(uintptr_t)stream->text.data);
    *stream = (struct packed_stream){.count = 0};
}

bool packed_stream_open(const struct pdf_reader *reader, uint32_t number,
                        struct packed_stream *stream)
{
    *stream = (struct packed_stream){.count = 0};
    if (number > PDF_OBJECT_MAX) {
        return false;
    }
    qpdf_oh object = qpdf_get_object_by_id(reader->qpdf, (int)number, 0);
    if (!qpdf_oh_is_stream(reader->qpdf, object)) {
        qpdf_oh_release(reader->qpdf, object);
        return false;
    }
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, object);
    long long count = pdf_int(reader, pdf_get(reader, dict, "/N"), -1);
    long long first = pdf_int(reader, pdf_get(reader, dict, "/First"), -1);
    unsigned char *data = NULL;
    size_t len = 0;
    QPDF_ERROR_CODE code = qpdf_oh_get_stream_data(
        reader->qpdf, object, qpdf_dl_generalized, NULL, &data, &len);

    qpdf_oh_release(reader->qpdf, dict);
    qpdf_oh_release(reader->qpdf, object);
    stream->text = slice_of(data, len);
    if ((code & QPDF_ERRORS) != 0 || data == NULL || count < 0 || count > OBJECTS_MAX ||
        first < 0 || (size_t)first > len) {
        return false;
    }
    stream->first = (size_t)first;
    stream->count = (size_t)count;
    return true;
}

bool packed_stream_pair(const struct packed_stream *stream, size_t *at, uint32_t *number,
                        size_t *offset)
{
    const struct slice pairs = slice_of(stream->text.data, stream->first);
    size_t found = 0;

    if (!section_number(pairs, at, &found) || found > PDF_OBJECT_MAX ||
        !section_number(pairs, at, offset)) {
        return false;
    }
    *number = (uint32_t)found;
    return true;
}

/* The numbers of its objects, by place. */
static uint32_t *numbers_of(const struct pdf_buffer *heads)
{
    return (uint32_t *)(void *)heads->data;
}

static size_t count_of(const struct pdf_buffer *heads)
{
    return heads->len / sizeof(uint32_t);
}

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* The offsets rise, and nothing else stands before the objects. */
static bool read_pairs(const struct packed_stream *stream, struct pdf_buffer *heads)
{
    const struct slice pairs = slice_of(stream->text.data, stream->first);
    size_t last = 0;
    size_t at = 0;

    for (size_t i = 0; i < stream->count; i++) {
        uint32_t number = 0;
        size_t offset = 0;
        if (!packed_stream_pair(stream, &at, &number, &offset) || offset < last) {
            return false;
        }
        pdf_buffer_put(heads, &number, sizeof(number));
        last = offset;
    }
    return section_skip(pairs, at) == pairs.len && !heads->failed;
}

/* Sorts them. */
static bool has_twins(struct pdf_buffer *heads)
{
    uint32_t *numbers = numbers_of(heads);
    size_t count = count_of(heads);

    if (count > 0) {
        qsort(numbers, count, sizeof(*numbers), by_value);
    }
    for (size_t i = 1; i < count; i++) {
        if (numbers[i] == numbers[i - 1]) {
            return true;
        }
    }
    return false;
}

static bool lie_there(const struct pdf_buffer *heads, const struct packed_entry *entries,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t index = entries[i].index;
        if (index >= count_of(heads) || numbers_of(heads)[index] != entries[i].number) {
            return false;
        }
    }
    return true;
}

/* Number 0 is no object's. */
static bool has_nobody(const struct pdf_buffer *heads)
{
    for (size_t i = 0; i < count_of(heads); i++) {
        if (numbers_of(heads)[i] == 0) {
            return true;
        }
    }
    return false;
}

static bool is_flate(const struct pdf_reader *reader, qpdf_oh filter)
{
    bool flate = pdf_is_name(reader, filter, "/FlateDecode");

    if (pdf_count(reader, filter) == 1) {
        qpdf_oh only = qpdf_oh_get_array_item(reader->qpdf, filter, 0);
        flate = pdf_is_name(reader, only, "/FlateDecode");
        qpdf_oh_release(reader->qpdf, only);
    }
    return flate || qpdf_oh_is_null(reader->qpdf, filter);
}

/* Its numbers stand in it, its bytes in no other file, and packed as every viewer can
 * unpack them before it has the rest. */
static bool is_usual(const struct pdf_reader *reader, const struct packed_entry *entries)
{
    static const char *const direct[] = {"/Type", "/N", "/First", "/Filter"};
    qpdf_oh stream = qpdf_get_object_by_id(reader->qpdf, (int)entries->stream, 0);
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, stream);
    qpdf_oh filter = pdf_get(reader, dict, "/Filter");
    bool usual = is_flate(reader, filter) && !qpdf_oh_has_key(reader->qpdf, dict, "/F") &&
                 pdf_is_name(reader, pdf_get(reader, dict, "/Type"), "/ObjStm");

    for (size_t i = 0; i < SG_COUNT(direct); i++) {
        qpdf_oh value = pdf_get(reader, dict, direct[i]);
        usual = usual && !qpdf_oh_is_indirect(reader->qpdf, value);
        qpdf_oh_release(reader->qpdf, value);
    }
    qpdf_oh_release(reader->qpdf, filter);
    qpdf_oh_release(reader->qpdf, dict);
    qpdf_oh_release(reader->qpdf, stream);
    return usual;
}

static bool judge(const struct pdf_reader *reader, const struct packed_entry *entries,
                  size_t count, bool exact)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer heads = {0};
    AUTO(packed_stream_close) struct packed_stream stream = {.count = 0};

    return packed_stream_open(reader, entries->stream, &stream) &&
           read_pairs(&stream, &heads) && syntax_reads_alike(stream.text, stream.first) &&
           (!exact ||
            (lie_there(&heads, entries, count) && is_usual(reader, entries) &&
             !has_nobody(&heads) && syntax_is_plain(stream.text, stream.first))) &&
           !has_twins(&heads);
}

/* --- All of them ------------------------------------------------------------------- */

static int by_stream(const void *a, const void *b)
{
    uint32_t left = ((const struct packed_entry *)a)->stream;
    uint32_t right = ((const struct packed_entry *)b)->stream;

    return (left > right) - (left < right);
}

bool packed_are_plain(const struct pdf_reader *reader, struct packed *packed, bool exact)
{
    struct packed_entry *entries = (struct packed_entry *)(void *)packed->entries.data;
    size_t count = packed->entries.len / sizeof(*entries);
    size_t next = 0;

    if (count > 0) {
        qsort(entries, count, sizeof(*entries), by_stream);
    }
    for (size_t from = 0; from < count; from = next) {
        next = from + 1;
        while (next < count && entries[next].stream == entries[from].stream) {
            next++;
        }
        if (entries[from].stream > PDF_OBJECT_MAX ||
            !judge(reader, &entries[from], next - from, exact)) {
            return false;
        }
    }
    return true;
}

#include "client/pdf/packed.h"

#include <stdlib.h>

#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* As many objects as viewers take in one stream. */
enum { OBJECTS_MAX = 1000000 };

struct entry {
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
    const struct entry entry = {(uint32_t)number, (uint32_t)stream, (uint32_t)index};

    pdf_buffer_put(&packed->entries, &entry, sizeof(entry));
    return !packed->entries.failed;
}

/* --- One stream -------------------------------------------------------------------- */

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

/* Pairs of number and offset, the latter in rising order, and nothing else. */
static bool read_pairs(struct slice text, size_t count, struct pdf_buffer *heads)
{
    size_t last = 0;
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        size_t number = 0;
        size_t offset = 0;
        if (!section_number(text, &at, &number) || number > PDF_OBJECT_MAX ||
            !section_number(text, &at, &offset) || offset < last) {
            return false;
        }
        pdf_buffer_put(heads, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
        last = offset;
    }
    return section_skip(text, at) == text.len && !heads->failed;
}

static bool read_heads(const struct pdf_reader *reader, qpdf_oh stream,
                       struct pdf_buffer *heads)
{
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, stream);
    long long count = pdf_int(reader, pdf_get(reader, dict, "/N"), -1);
    long long first = pdf_int(reader, pdf_get(reader, dict, "/First"), -1);
    unsigned char *data = NULL;
    size_t len = 0;

    qpdf_oh_release(reader->qpdf, dict);
    if (count < 0 || count > OBJECTS_MAX || first < 0) {
        return false;
    }
    QPDF_ERROR_CODE code = qpdf_oh_get_stream_data(
        reader->qpdf, stream, qpdf_dl_generalized, NULL, &data, &len);
    bool good = (code & QPDF_ERRORS) == 0 && data != NULL && (size_t)first <= len &&
                read_pairs(slice_of(data, (size_t)first), (size_t)count, heads);
    good = good && syntax_reads_alike(slice_of(data, len), (size_t)first);
    free(data);
    return good;
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

static bool lie_there(const struct pdf_buffer *heads, const struct entry *entries,
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

static bool judge(const struct pdf_reader *reader, const struct entry *entries,
                  size_t count, bool exact)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer heads = {0};
    qpdf_oh stream = qpdf_get_object_by_id(reader->qpdf, (int)entries->stream, 0);
    bool good = qpdf_oh_is_stream(reader->qpdf, stream) != 0 &&
                read_heads(reader, stream, &heads) &&
                (!exact || lie_there(&heads, entries, count)) && !has_twins(&heads);

    qpdf_oh_release(reader->qpdf, stream);
    return good;
}

/* --- All of them ------------------------------------------------------------------- */

static int by_stream(const void *a, const void *b)
{
    uint32_t left = ((const struct entry *)a)->stream;
    uint32_t right = ((const struct entry *)b)->stream;

    return (left > right) - (left < right);
}

bool packed_are_plain(const struct pdf_reader *reader, struct packed *packed, bool exact)
{
    struct entry *entries = (struct entry *)(void *)packed->entries.data;
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

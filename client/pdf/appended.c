#define _GNU_SOURCE /* memmem */
#include "client/pdf/appended.h"

#include <stdlib.h>

#include "client/pdf/section.h"
#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* All that look for the end of something give the end of the file for none: what ends the
 * last section stands there at least. */

/* "N G obj" */
static size_t behind_head(struct slice pdf, size_t at)
{
    size_t number = 0;
    size_t generation = 0;

    return section_number(pdf, &at, &number) && section_number(pdf, &at, &generation)
               ? syntax_behind(pdf, at, "obj")
               : pdf.len;
}

/* --- Streams ----------------------------------------------------------------------- */

static size_t behind_data(struct slice pdf, size_t at)
{
    return syntax_behind(pdf, syntax_behind(pdf, at, "endstream"), "endobj");
}

/* "N G R": the number in that object, as the file has it now. */
static bool find_length(const struct appended *a, struct slice value, size_t *len)
{
    size_t at = 0;
    size_t number = 0;

    if (!section_number(value, &at, &number)) {
        return false;
    }
    if (at == value.len) {
        *len = number;
        return true;
    }
    const struct entry *entry = entries_find(a->newest, number);
    if (entry == NULL || entry->is_free || entry->is_packed ||
        entry->place >= a->pdf.len) {
        return false;
    }
    at = behind_head(a->pdf, (size_t)entry->place);
    return section_number(a->pdf, &at, len);
}

/* A revision further on may have another length, or none, under that number: then the
 * first end that stands there is it. */
static size_t search_end(struct slice pdf, size_t at)
{
    static const char word[] = "endstream";
    const size_t len = sizeof(word) - 1;

    while (at < pdf.len) {
        const uint8_t *found =
            (const uint8_t *)memmem(pdf.data + at, pdf.len - at, word, len);
        if (found == NULL) {
            break;
        }
        at = (size_t)(found - pdf.data);
        size_t end = behind_data(pdf, at);
        if (end < pdf.len) {
            return end;
        }
        at += len;
    }
    return pdf.len;
}

/* dict: where its dictionary begins; data: behind "stream". */
static size_t behind_stream(const struct appended *a, size_t dict, size_t data)
{
    struct section_value length = {.key = "Length"};
    struct slice pdf = a->pdf;
    size_t len = 0;

    data += data < pdf.len && pdf.data[data] == '\r' ? 1 : 0;
    data += data < pdf.len && pdf.data[data] == '\n' ? 1 : 0;
    if (section_dict(pdf, &dict, &length, 1) && find_length(a, length.text, &len) &&
        len <= pdf.len - data) {
        size_t end = behind_data(pdf, data + len);
        if (end < pdf.len) {
            return end;
        }
    }
    return search_end(pdf, data);
}

/* --- Everything -------------------------------------------------------------------- */

static size_t behind_object(const struct appended *a, size_t at)
{
    struct slice pdf = a->pdf;
    bool is_stream = false;

    at = behind_head(pdf, at);
    size_t end = syntax_find_end(slice_of(pdf.data + at, pdf.len - at), &is_stream);
    if (end == 0) {
        return pdf.len;
    }
    return is_stream ? behind_stream(a, at, at + end) : at + end;
}

static size_t behind_table(struct slice pdf, size_t at)
{
    struct section table = {.pdf = pdf, .offset = at};

    return section_read_links(&table)
               ? (size_t)(table.dict.data - pdf.data) + table.dict.len
               : pdf.len;
}

static size_t behind_end(struct slice pdf, size_t at)
{
    size_t number = 0;

    at = syntax_behind(pdf, at, "startxref");
    return at < pdf.len && section_number(pdf, &at, &number) ? at : pdf.len;
}

static size_t behind_next(const struct appended *a, size_t at, bool named)
{
    const struct section section = {.pdf = a->pdf, .offset = at};

    if (!named) {
        return behind_end(a->pdf, at);
    }
    return section_is_table(&section) ? behind_table(a->pdf, at) : behind_object(a, at);
}

static int by_place(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

bool appended_is_named(const struct appended *a)
{
    const size_t *places = (const size_t *)(const void *)a->places->data;
    size_t count = a->places->len / sizeof(size_t);
    size_t next = 0;

    if (a->places->failed || count == 0) {
        return false;
    }
    qsort(a->places->data, count, sizeof(size_t), by_place);
    while (next < count && places[next] < a->from) {
        next++; /* some writers name once more all that was there */
    }
    for (size_t from = a->from; from < a->pdf.len;) {
        size_t at = section_skip(a->pdf, from);
        bool named = false;
        for (; next < count && places[next] <= at; next++) {
            if (places[next] < from) {
                return false; /* it lies within another one */
            }
            named = true;
        }
        if (at >= a->pdf.len) {
            return true;
        }
        from = behind_next(a, at, named);
        if (from >= a->pdf.len) {
            return false;
        }
    }
    return true;
}

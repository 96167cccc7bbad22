#include "client/pdf/object_text.h"

#include "client/pdf/section_dict.h"

void object_text_fini(struct object_text *texts)
{
    packed_stream_close(&texts->stream);
    texts->number = 0;
}

static bool find_plain(struct slice pdf, size_t number, const struct entry *entry,
                       struct slice *text)
{
    size_t at = (size_t)entry->place;
    size_t found = 0;
    size_t generation = 0;

    if (at >= pdf.len || !section_number(pdf, &at, &found) ||
        !section_number(pdf, &at, &generation)) {
        return false;
    }
    at = section_skip(pdf, at);
    if (found != number || generation != entry->generation || pdf.len - at <= 3 ||
        memcmp(pdf.data + at, "obj", 3) != 0) {
        return false;
    }
    *text = slice_of(pdf.data + at + 3, pdf.len - at - 3);
    return true;
}

static bool open_stream(struct object_text *texts, uint32_t number)
{
    if (texts->number == number) {
        return true;
    }
    object_text_fini(texts);
    if (!packed_stream_open(texts->reader, number, &texts->stream)) {
        return false;
    }
    texts->number = number;
    return true;
}

static bool find_packed(struct object_text *texts, size_t number,
                        const struct entry *entry, struct slice *text)
{
    const struct packed_stream *stream = &texts->stream;
    size_t index = section_place_index(entry->place);
    uint32_t found = 0;
    size_t from = 0;
    size_t at = 0;

    if (!open_stream(texts, (uint32_t)section_place_stream(entry->place)) ||
        index >= stream->count) {
        return false;
    }
    for (size_t i = 0; i <= index; i++) {
        if (!packed_stream_pair(stream, &at, &found, &from)) {
            return false;
        }
    }
    size_t rest = stream->text.len - stream->first;
    size_t to = rest;
    bool last = index + 1 == stream->count;
    if ((!last && !packed_stream_pair(stream, &at, &(uint32_t){0}, &to)) ||
        found != number || from > to || to > rest) {
        return false;
    }
    *text = slice_of(stream->text.data + stream->first + from, to - from);
    return true;
}

bool object_text_find(struct object_text *texts, size_t number, const struct entry *entry,
                      struct slice *text)
{
    return entry->is_packed ? find_packed(texts, number, entry, text)
                            : find_plain(texts->reader->pdf, number, entry, text);
}

#include "client/pdf/section.h"

#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* As many numbers as viewers agree on, and the first, which is no object's. */
enum { ENTRIES_MAX = 1 << 23 };

static bool begins(struct slice pdf, size_t at, const char *word)
{
    size_t len = strlen(word);

    return at < pdf.len && pdf.len - at > len && memcmp(pdf.data + at, word, len) == 0;
}

bool section_is_table(const struct section *section)
{
    return begins(section->pdf, section_skip(section->pdf, section->offset), "xref");
}

static bool read_entry(const struct section *section, size_t *at, size_t number)
{
    struct slice pdf = section->pdf;
    size_t place = 0;
    size_t generation = 0;

    if (!section_number(pdf, at, &place) || !section_number(pdf, at, &generation) ||
        generation > UINT32_MAX) {
        return false;
    }
    *at = section_skip(pdf, *at);
    bool is_free = begins(pdf, *at, "f");
    bool ends =
        begins(pdf, *at, is_free ? "f" : "n") && syntax_is_blank(pdf.data[*at + 1]);
    *at += 1;
    const struct section_entry entry = {.number = number,
                                        .generation = (uint32_t)generation,
                                        .place = place,
                                        .is_free = is_free};
    return ends && (section->take == NULL || section->take(section->context, &entry));
}

static bool read_subsection(const struct section *section, size_t *at)
{
    size_t first = 0;
    size_t count = 0;

    if (!section_number(section->pdf, at, &first) ||
        !section_number(section->pdf, at, &count) || count > ENTRIES_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_entry(section, at, first + i)) {
            return false;
        }
    }
    return true;
}

bool section_read_table(struct section *section)
{
    struct slice pdf = section->pdf;
    size_t at = section_skip(pdf, section->offset) + strlen("xref");
    struct section_value links[] = {{.key = "Prev"}, {.key = "XRefStm"}};

    if (!section_is_table(section)) {
        return false;
    }
    for (at = section_skip(pdf, at); !begins(pdf, at, "trailer");
         at = section_skip(pdf, at)) {
        if (!read_subsection(section, &at)) {
            return false;
        }
    }
    at += strlen("trailer");
    size_t from = at;
    bool whole = section_dict(pdf, &at, links, SG_COUNT(links));
    section->dict = slice_of(pdf.data + from, whole ? at - from : 0);
    return whole && section_value_number(&links[0], 0, &section->prev) &&
           section_value_number(&links[1], 0, &section->hybrid);
}

bool section_read_links(struct section *section)
{
    struct section links = *section;

    links.take = NULL;
    bool read = section_read_table(&links);
    section->prev = links.prev;
    section->hybrid = links.hybrid;
    section->dict = links.dict;
    return read;
}

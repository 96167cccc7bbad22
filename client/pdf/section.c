#include "client/pdf/section.h"

#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

/* As many numbers as viewers agree on, and the first, which is no object's. */
enum { ENTRIES_MAX = 1 << 23, ENTRY_LEN = 20 };

static bool begins(struct slice pdf, size_t at, const char *word)
{
    size_t len = strlen(word);

    return at < pdf.len && pdf.len - at > len && memcmp(pdf.data + at, word, len) == 0;
}

bool section_is_table(const struct section *section)
{
    return begins(section->pdf, section_skip(section->pdf, section->offset), "xref");
}

/* --- As ISO 32000 has them, to the byte ----------------------------------------------
 */

static bool ends_line(struct slice pdf, size_t at)
{
    return at < pdf.len && (pdf.data[at] == '\n' || pdf.data[at] == '\r');
}

static size_t skip_line_end(struct slice pdf, size_t at)
{
    bool both = pdf.data[at] == '\r' && at + 1 < pdf.len && pdf.data[at + 1] == '\n';

    return at + (both ? 2 : 1);
}

static size_t count_digits(struct slice pdf, size_t at)
{
    size_t from = at;

    while (at < pdf.len && pdf.data[at] >= '0' && pdf.data[at] <= '9') {
        at++;
    }
    return at - from;
}

/* One blank may stand before the line's end. */
static size_t skip_blank(struct slice pdf, size_t at)
{
    return at + (at < pdf.len && pdf.data[at] == ' ' ? 1 : 0);
}

/* "N M" on a line of its own. */
static bool is_header(struct slice pdf, size_t at)
{
    size_t first = count_digits(pdf, at);
    size_t second = at + first + 1;

    return first > 0 && second < pdf.len && pdf.data[second - 1] == ' ' &&
           count_digits(pdf, second) > 0 &&
           ends_line(pdf, skip_blank(pdf, second + count_digits(pdf, second)));
}

/* Twenty bytes. */
static bool is_entry(struct slice pdf, size_t at)
{
    static const char *const ends[] = {" \n", " \r", "\r\n"};
    bool ended = false;

    for (size_t i = 0; pdf.len - at >= ENTRY_LEN && i < SG_COUNT(ends); i++) {
        ended = ended || memcmp(pdf.data + at + ENTRY_LEN - 2, ends[i], 2) == 0;
    }
    return ended && count_digits(pdf, at) == 10 && pdf.data[at + 10] == ' ' &&
           count_digits(pdf, at + 11) == 5 && pdf.data[at + 16] == ' ';
}

/* --- Tables ------------------------------------------------------------------------ */

static bool read_entry(const struct section *section, size_t *at, size_t number)
{
    struct slice pdf = section->pdf;
    size_t place = 0;
    size_t generation = 0;

    if ((section->exact && !is_entry(pdf, *at)) || !section_number(pdf, at, &place) ||
        !section_number(pdf, at, &generation) || generation > UINT32_MAX) {
        return false;
    }
    *at = section_skip(pdf, *at);
    bool is_free = begins(pdf, *at, "f");
    bool ends =
        begins(pdf, *at, is_free ? "f" : "n") && syntax_is_blank(pdf.data[*at + 1]);
    *at += section->exact ? 3 : 1;
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

    if ((section->exact && !is_header(section->pdf, *at)) ||
        !section_number(section->pdf, at, &first) ||
        !section_number(section->pdf, at, &count) || count > ENTRIES_MAX) {
        return false;
    }
    if (section->exact) {
        *at = skip_line_end(section->pdf, skip_blank(section->pdf, *at));
    }
    if (section->exact && first + count > ENTRIES_MAX) {
        return false;
    }
    /* Some viewers take a subsection that begins with 1, free, for one that was to begin
     * with 0. */
    size_t letter = *at + ENTRY_LEN - 3;
    if (section->exact && first == 1 && count > 0 && begins(section->pdf, letter, "f")) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_entry(section, at, first + i)) {
            return false;
        }
    }
    return true;
}

/* Where the next subsection, or the trailer, begins. */
static size_t next_line(const struct section *section, size_t at)
{
    size_t next = section_skip(section->pdf, at);

    return section->exact && !begins(section->pdf, next, "trailer") ? at : next;
}

/* false: what names the section is not on a line of its own. */
static bool find_entries(const struct section *section, size_t *at)
{
    struct slice pdf = section->pdf;

    *at = section_skip(pdf, section->offset);
    bool alone = *at == section->offset && ends_line(pdf, *at + strlen("xref"));
    *at += strlen("xref");
    if (section->exact && alone) {
        *at = skip_line_end(pdf, *at);
    }
    return alone || !section->exact;
}

bool section_ends(const struct section *section, size_t at)
{
    struct slice pdf = section->pdf;
    size_t offset = 0;

    at = section_skip(pdf, at); /* some writers sign themselves in a comment */
    if (!begins(pdf, at, "startxref")) {
        return false;
    }
    at += strlen("startxref");
    size_t number = syntax_skip_blanks(pdf, at);
    if (number == at || count_digits(pdf, number) == 0 ||
        !section_number(pdf, &number, &offset) || offset != section->offset) {
        return false;
    }
    at = syntax_skip_blanks(pdf, number);
    bool marked = pdf.len - at >= 5 && memcmp(pdf.data + at, "%%EOF", 5) == 0;
    return marked && (!section->newest || syntax_skip_blanks(pdf, at + 5) == pdf.len);
}

static bool read_trailer(struct section *section, size_t at)
{
    struct section_value links[] = {{.key = "Prev"},
                                    {.key = "XRefStm"},
                                    {.key = "Size"},
                                    {.key = "Root"},
                                    {.key = "Encrypt"}};
    size_t end = at;

    bool whole = section_dict(section->pdf, &end, links, SG_COUNT(links));
    section->dict = slice_of(section->pdf.data + at, whole ? end - at : 0);
    section->root = links[3].text;
    section->encrypt = links[4].text;
    if (!section_value_number(&links[2], 0, &section->size)) {
        section->size = 0;
    }
    return whole && (!section->exact || section_ends(section, end)) &&
           section_value_number(&links[0], 0, &section->prev) &&
           section_value_number(&links[1], 0, &section->hybrid);
}

bool section_read_table(struct section *section)
{
    size_t at = 0;

    if (!section_is_table(section) || !find_entries(section, &at)) {
        return false;
    }
    for (at = next_line(section, at); !begins(section->pdf, at, "trailer");
         at = next_line(section, at)) {
        if (!read_subsection(section, &at)) {
            return false;
        }
    }
    return read_trailer(section, at + strlen("trailer"));
}

bool section_read_links(struct section *section)
{
    struct section links = *section;

    links.take = NULL;
    bool read = section_read_table(&links);
    section->prev = links.prev;
    section->hybrid = links.hybrid;
    section->dict = links.dict;
    section->size = links.size;
    section->root = links.root;
    section->encrypt = links.encrypt;
    return read;
}

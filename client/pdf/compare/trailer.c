/* The trailer of what was added, in the bytes of the file: the parser leaves out what
 * refers to nothing, and viewers that look for it there make a table of their own, from
 * all that looks like an object. */
#include "client/pdf/compare/compare.h"
#include "client/pdf/section_dict.h"
#include "client/pdf/sections.h"
#include "client/pdf/syntax.h"

struct reference {
    size_t number;
    size_t generation;
};

/* The next "N G R" of the dictionary; false: there is none. What looks like one in a
 * string counts, too. */
static bool next_reference(struct slice dict, size_t *at, struct reference *out)
{
    for (; *at < dict.len; (*at)++) {
        bool begins = *at == 0 || !syntax_is_regular(dict.data[*at - 1]);
        size_t end = *at;
        if (!begins || !section_number(dict, &end, &out->number) ||
            !section_number(dict, &end, &out->generation)) {
            continue;
        }
        end = section_skip(dict, end);
        if (end < dict.len && dict.data[end] == 'R') {
            *at = end + 1;
            return true;
        }
    }
    return false;
}

static bool has(struct slice dict, struct reference wanted)
{
    struct reference found;

    for (size_t at = 0; next_reference(dict, &at, &found);) {
        if (found.number == wanted.number && found.generation == wanted.generation) {
            return true;
        }
    }
    return false;
}

static bool is_there(const struct pdf_reader *reader, struct reference to)
{
    if (to.number == 0 || to.number > PDF_OBJECT_MAX || to.generation > UINT16_MAX) {
        return false;
    }
    qpdf_oh object =
        qpdf_get_object_by_id(reader->qpdf, (int)to.number, (int)to.generation);
    bool found = !qpdf_oh_is_null(reader->qpdf, object);
    qpdf_oh_release(reader->qpdf, object);
    return found;
}

/* Some viewers know a catalog by its number alone. */
static bool has_root(const struct pdf_reader *reader)
{
    qpdf_oh root = qpdf_oh_get_key(reader->qpdf, reader->trailer, "/Root");
    bool found = qpdf_oh_is_indirect(reader->qpdf, root) != 0;

    qpdf_oh_release(reader->qpdf, root);
    return found;
}

bool compare_trailer_is_plain(const struct compare *c)
{
    struct slice before = sections_dict(c->old.pdf, c->old.last.offset);
    struct slice after = sections_dict(c->new.pdf, c->new.last.offset);
    struct reference to;

    if (after.len == 0 || !has_root(&c->new)) {
        return false;
    }
    for (size_t at = 0; next_reference(after, &at, &to);) {
        if (!is_there(&c->new, to) && !has(before, to)) {
            return false;
        }
    }
    return true;
}

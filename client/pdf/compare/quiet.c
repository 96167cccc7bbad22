/* The widget of a document time-stamp. Anybody can have one made, and readers ask less
 * who did: so it shows nothing and does nothing, in any viewer. */
#include <stdlib.h>

#include "client/pdf/compare/compare.h"
#include "client/pdf/syntax.h"

/* Four numbers; false = something else. */
static bool read_rect(const struct pdf_reader *reader, qpdf_oh rect, double at[4])
{
    bool whole = pdf_count(reader, rect) == 4;

    for (int i = 0; i < 4 && whole; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, rect, i);
        whole = qpdf_oh_get_value_as_number(reader->qpdf, item, &at[i]) != 0;
        qpdf_oh_release(reader->qpdf, item);
    }
    return whole;
}

/* Some draw what has one side only, and what has no rectangle all over the page. */
static bool is_without_size(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh rect = pdf_get(reader, node, "/Rect");
    double at[4] = {0};

    /* A field without a widget has none. */
    bool none = qpdf_oh_is_null(reader->qpdf, rect) &&
                !qpdf_oh_has_key(reader->qpdf, node, "/Subtype") &&
                !qpdf_oh_has_key(reader->qpdf, node, "/AP");
    bool point = read_rect(reader, rect, at) && !(at[2] > at[0] || at[2] < at[0]) &&
                 !(at[3] > at[1] || at[3] < at[1]);
    qpdf_oh_release(reader->qpdf, rect);
    return none || point;
}

/* What is no widget some viewer draws whatever its rectangle is: a line, a note's icon.
 */
static bool is_other_kind(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh subtype = pdf_get(reader, node, "/Subtype");
    bool other = !qpdf_oh_is_null(reader->qpdf, subtype) &&
                 !pdf_is_name(reader, subtype, "/Widget");

    qpdf_oh_release(reader->qpdf, subtype);
    return other;
}

/* Of the size of its picture and not of its rectangle. */
static bool has_own_size(const struct pdf_reader *reader, qpdf_oh node)
{
    enum { NO_ZOOM = 1 << 3, NO_ROTATE = 1 << 4 };
    qpdf_oh flags = pdf_get(reader, node, "/F");
    bool none = qpdf_oh_is_null(reader->qpdf, flags) != 0;
    long long value = none ? 0 : pdf_int(reader, flags, NO_ZOOM);

    qpdf_oh_release(reader->qpdf, flags);
    return (value & (NO_ZOOM | NO_ROTATE)) != 0;
}

/* Blanks and comments draw nothing. */
static bool is_blank(const struct pdf_reader *reader, qpdf_oh stream)
{
    unsigned char *data = NULL;
    size_t len = 0;
    bool comment = false;
    QPDF_ERROR_CODE code = qpdf_oh_get_stream_data(
        reader->qpdf, stream, qpdf_dl_generalized, NULL, &data, &len);
    bool blank = (code & QPDF_ERRORS) == 0;

    for (size_t i = 0; i < len && blank; i++) {
        comment = comment ? data[i] != '\r' && data[i] != '\n' : data[i] == '%';
        blank = comment || syntax_is_blank(data[i]);
    }
    free(data);
    return blank;
}

static bool is_form(const struct pdf_reader *reader, qpdf_oh stream)
{
    qpdf_oh dict = qpdf_oh_get_dict(reader->qpdf, stream);
    qpdf_oh subtype = pdf_get(reader, dict, "/Subtype");
    bool form = pdf_is_name(reader, subtype, "/Form");

    qpdf_oh_release(reader->qpdf, subtype);
    qpdf_oh_release(reader->qpdf, dict);
    return form;
}

static bool has_ink(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh looks = pdf_get(reader, node, "/AP");
    bool none = qpdf_oh_is_null(reader->qpdf, looks) != 0;
    qpdf_oh normal = pdf_is_dict(reader, looks) ? pdf_get(reader, looks, "/N")
                                                : qpdf_oh_new_null(reader->qpdf);
    bool blank = none || (qpdf_oh_is_stream(reader->qpdf, normal) != 0 &&
                          is_form(reader, normal) && is_blank(reader, normal));

    qpdf_oh_release(reader->qpdf, looks);
    qpdf_oh_release(reader->qpdf, normal);
    return !blank;
}

/* An empty dictionary says nothing. */
static bool has_colours(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh given = pdf_get(reader, node, "/MK");
    bool none = qpdf_oh_is_null(reader->qpdf, given) != 0;

    if (pdf_is_dict(reader, given)) {
        qpdf_oh_begin_dict_key_iter(reader->qpdf, given);
        none = qpdf_oh_dict_more_keys(reader->qpdf) == 0;
    }
    qpdf_oh_release(reader->qpdf, given);
    return !none;
}

bool compare_is_quiet(const struct pdf_reader *reader, qpdf_oh node)
{
    /* A script, or another action, when the page is opened; a border; more widgets. */
    static const char *const keys[] = {"/A", "/AA", "/BS", "/Border", "/Kids"};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        if (qpdf_oh_has_key(reader->qpdf, node, keys[i])) {
            return false;
        }
    }
    return is_without_size(reader, node) && !is_other_kind(reader, node) &&
           !has_own_size(reader, node) && !has_ink(reader, node) &&
           !has_colours(reader, node);
}

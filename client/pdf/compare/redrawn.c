#include "client/pdf/compare/compare.h"

/* What viewers draw themselves in the old revision, from a field's value and what the
 * form says for all its fields: then a setting of the form shows on the page. */

static bool is_empty(const struct pdf_reader *reader, qpdf_oh value)
{
    const char *text = NULL;
    size_t len = 0;

    return qpdf_oh_is_null(reader->qpdf, value) ||
           (qpdf_oh_get_value_as_string(reader->qpdf, value, &text, &len) && len == 0);
}

/* Without anything to write there is nothing to draw; buttons and lists have words of
 * their own. */
static bool has_words(const struct pdf_reader *reader, qpdf_oh field)
{
    qpdf_oh type = pdf_inherited(reader, field, "/FT");
    qpdf_oh value = pdf_inherited(reader, field, "/V");
    bool found = !pdf_is_name(reader, type, "/Tx") || !is_empty(reader, value);

    qpdf_oh_release(reader->qpdf, type);
    qpdf_oh_release(reader->qpdf, value);
    return found;
}

/* A picture, or one for each state of a button. */
static bool has_looks(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh looks = pdf_get(reader, node, "/AP");
    qpdf_oh normal = pdf_is_dict(reader, looks) ? pdf_get(reader, looks, "/N")
                                                : qpdf_oh_new_null(reader->qpdf);
    qpdf_oh type = pdf_inherited(reader, node, "/FT");
    bool found = qpdf_oh_is_stream(reader->qpdf, normal) ||
                 (pdf_is_name(reader, type, "/Btn") && pdf_is_dict(reader, normal));

    qpdf_oh_release(reader->qpdf, looks);
    qpdf_oh_release(reader->qpdf, normal);
    qpdf_oh_release(reader->qpdf, type);
    return found;
}

static bool has_subtype(const struct pdf_reader *reader, qpdf_oh node, const char *name)
{
    qpdf_oh subtype = pdf_get(reader, node, "/Subtype");
    bool found = pdf_is_name(reader, subtype, name);

    qpdf_oh_release(reader->qpdf, subtype);
    return found;
}

/* Does it say itself how to write? Some viewers write the value anew, whatever its looks
 * are. */
static bool has_writing(const struct pdf_reader *reader, qpdf_oh node)
{
    qpdf_oh type = pdf_inherited(reader, node, "/FT");
    qpdf_oh writing = pdf_inherited(reader, node, "/DA");
    bool found =
        pdf_is_name(reader, type, "/Btn") || !qpdf_oh_is_null(reader->qpdf, writing);

    qpdf_oh_release(reader->qpdf, type);
    qpdf_oh_release(reader->qpdf, writing);
    return found;
}

static void see(enum compare_seen *all, enum compare_seen one)
{
    *all = one > *all ? one : *all;
}

static void see_field(struct compare *c, qpdf_oh node)
{
    const struct pdf_reader *reader = &c->old;
    enum compare_seen seen =
        compare_is_fillable(reader, node) ? COMPARE_FILLABLE : COMPARE_FIXED;

    if (compare_is_signature(reader, node)) {
        return;
    }
    see(&c->fields, seen);
    if (has_words(reader, node) && !has_writing(reader, node)) {
        see(&c->unsaid, seen);
    }
    if (has_words(reader, node) && (c->redraws || !has_looks(reader, node))) {
        see(&c->drawn, seen);
    }
}

void compare_see_annotation(struct compare *c, qpdf_oh node)
{
    if (!pdf_is_dict(&c->old, node)) {
        return;
    }
    if (has_subtype(&c->old, node, "/Widget")) {
        see_field(c, node);
    } else if (has_subtype(&c->old, node, "/FreeText") && !has_looks(&c->old, node)) {
        /* Some viewers take its font from the form's. */
        see(&c->drawn, COMPARE_FIXED);
    }
}

void compare_see_field(struct compare *c, qpdf_oh node)
{
    if (!pdf_is_dict(&c->old, node)) {
        return;
    }
    qpdf_oh kids = pdf_get(&c->old, node, "/Kids");
    if (pdf_count(&c->old, kids) == 0 || has_subtype(&c->old, node, "/Widget")) {
        see_field(c, node);
    }
    qpdf_oh_release(c->old.qpdf, kids);
}

void compare_see_form(struct compare *c)
{
    const struct pdf_reader *reader = &c->old;
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");
    qpdf_oh node = pdf_is_dict(reader, form) ? pdf_get(reader, form, "/NeedAppearances")
                                             : qpdf_oh_new_null(reader->qpdf);
    QPDF_BOOL value = QPDF_TRUE;
    bool stated = !qpdf_oh_is_null(reader->qpdf, node);

    /* What is neither true nor false some viewer takes for true. */
    (void)qpdf_oh_get_value_as_bool(reader->qpdf, node, &value);
    c->redraws = stated && value;
    qpdf_oh_release(reader->qpdf, form);
    qpdf_oh_release(reader->qpdf, node);
}

#include "client/pdf/compare/compare.h"

/* What the form says for all its fields. */

/* A setting came, or went, that shows where viewers draw fields themselves. Whoever may
 * fill them in may set how they are drawn. */
static void note_setting(struct compare *c, enum compare_seen shown, const char *key)
{
    bool permitted = shown == COMPARE_FILLABLE && compare_permits_filling(c);

    if (shown != COMPARE_NOTHING) {
        compare_note(c, permitted ? PDF_CHANGE_FORM_SET : PDF_CHANGE_FORM, 0, key);
    }
}

/* Resources for fields: none may be changed; more may come where no field is drawn with
 * them. */
/* NOLINTNEXTLINE(misc-no-recursion): not deeper than two */
static void compare_resources(struct compare *c, qpdf_oh old, qpdf_oh new, int depth)
{
    const struct compare_area area = {PDF_CHANGE_FORM, 0, "/DR"};
    AUTO(pdf_buffer_fini) struct pdf_buffer keys = {0};

    if (depth == 2 || !pdf_is_dict(&c->old, old) || !pdf_is_dict(&c->new, new)) {
        compare_value(c, old, new, &area);
        return;
    }
    compare_keys(c, old, new, &keys);
    for (size_t at = 0; at < keys.len; at += strlen((char *)keys.data + at) + 1) {
        const char *key = (char *)keys.data + at;
        qpdf_oh before = pdf_get(&c->old, old, key);
        qpdf_oh after = pdf_get(&c->new, new, key);
        if (!qpdf_oh_is_null(c->old.qpdf, before)) {
            compare_resources(c, before, after, depth + 1);
        } else if (!qpdf_oh_is_null(c->new.qpdf, after)) {
            note_setting(c, c->drawn, area.name);
        }
        qpdf_oh_release(c->old.qpdf, before);
        qpdf_oh_release(c->new.qpdf, after);
    }
}

static void compare_shared(struct compare *c, qpdf_oh old, qpdf_oh new)
{
    qpdf_oh before = pdf_get(&c->old, old, "/DR");
    qpdf_oh after = pdf_get(&c->new, new, "/DR");

    compare_resources(c, before, after, 0);
    qpdf_oh_release(c->old.qpdf, before);
    qpdf_oh_release(c->new.qpdf, after);
}

/* What may be set when the first signature comes, and not be bent later; and only where
 * it does not show: some viewers drew the fields by it for whoever signed before. */
static void compare_setting(struct compare *c, qpdf_oh old, qpdf_oh new, const char *key)
{
    const struct compare_area area = {PDF_CHANGE_FORM, 0, key};

    if (strcmp(key, "/Fields") == 0 || strcmp(key, "/SigFlags") == 0) {
        return;
    }
    bool had = pdf_is_dict(&c->old, old) && qpdf_oh_has_key(c->old.qpdf, old, key);
    bool has = qpdf_oh_has_key(c->new.qpdf, new, key) != 0;
    bool drawing = strcmp(key, "/NeedAppearances") == 0;
    bool given = strcmp(key, "/DR") == 0 || strcmp(key, "/DA") == 0;
    bool writes = strcmp(key, "/DA") == 0;
    if (given && !had) {
        note_setting(c, writes && c->unsaid > c->drawn ? c->unsaid : c->drawn, key);
    } else if (drawing && !has) {
        note_setting(c, c->redraws ? c->fields : COMPARE_NOTHING, key);
    } else if (strcmp(key, "/DR") == 0) {
        compare_shared(c, old, new);
    } else {
        compare_key(c, old, new, key, &area);
    }
}

void compare_form_settings(struct compare *c)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer keys = {0};
    qpdf_oh old = pdf_get(&c->old, c->old.root, "/AcroForm");
    qpdf_oh new = pdf_get(&c->new, c->new.root, "/AcroForm");

    if (pdf_is_dict(&c->old, old) && !pdf_is_dict(&c->new, new)) {
        compare_note(c, PDF_CHANGE_FORM, 0, "/AcroForm");
    } else if (pdf_is_dict(&c->new, new)) {
        compare_keys(c, old, new, &keys);
    }
    for (size_t at = 0; at < keys.len; at += strlen((char *)keys.data + at) + 1) {
        compare_setting(c, old, new, (char *)keys.data + at);
    }
    compare_drain(c);
    qpdf_oh_release(c->old.qpdf, old);
    qpdf_oh_release(c->new.qpdf, new);
}

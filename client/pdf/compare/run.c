/* Two revisions from the catalog down. */
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/appended.h"
#include "client/pdf/compare/compare.h"
#include "client/pdf/sections.h"
#include "client/pdf/syntax.h"

static void fini(struct compare *c)
{
    pdf_reader_close(&c->old);
    pdf_reader_close(&c->new);
    entries_fini(&c->before);
    entries_fini(&c->now);
    pdf_buffer_fini(&c->trailers);
    pdf_buffer_fini(&c->places);
    free(c->seen);
    free(c->open);
    free(c->others);
    pdf_buffer_fini(&c->listed);
    free(c->queue);
}

/* Nothing stands behind the last "%%EOF" that a forgiving viewer might read. */
static bool ends_whole(struct slice pdf)
{
    static const char marker[] = "%%EOF";
    const size_t len = sizeof(marker) - 1;
    size_t end = pdf.len;

    while (end > 0 && syntax_is_blank(pdf.data[end - 1])) {
        end--;
    }
    return end >= len && memcmp(pdf.data + end - len, marker, len) == 0;
}

/* --- The catalog ------------------------------------------------------------------- */

/* Nothing of these is shown on a page. */
static enum pdf_change_kind kind_of_key(const char *key)
{
    static const struct {
        const char *key;
        enum pdf_change_kind kind;
    } free_keys[] = {{"/DSS", PDF_CHANGE_VALIDATION_DATA},
                     {"/Extensions", PDF_CHANGE_METADATA},
                     {"/Version", PDF_CHANGE_METADATA},
                     {"/Metadata", PDF_CHANGE_METADATA}};

    for (size_t i = 0; i < SG_COUNT(free_keys); i++) {
        if (strcmp(key, free_keys[i].key) == 0) {
            return free_keys[i].kind;
        }
    }
    return PDF_CHANGE_DOCUMENT;
}

/* The free keys come last: an object that they share with others has been compared by
 * the rule of the others. AcroForm has rules of its own. */
static void compare_root(struct compare *c, bool free_keys)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer keys = {0};

    compare_keys(c, c->old.root, c->new.root, &keys);
    for (size_t at = 0; at < keys.len; at += strlen((char *)keys.data + at) + 1) {
        const char *key = (char *)keys.data + at;
        const struct compare_area area = {kind_of_key(key), 0, key};
        bool is_free = pdf_change_allowed(area.kind);
        if (strcmp(key, "/AcroForm") != 0 && is_free == free_keys) {
            compare_key(c, c->old.root, c->new.root, key, &area);
        }
    }
    compare_drain(c);
}

/* qpdf reads lazily: only now is known whether it had to guess anywhere. */
static bool read_well(const struct pdf_reader *reader)
{
    struct pdf_verdict verdict = {.why = NULL};

    return pdf_reader_settle(reader, &verdict) == SG_OK;
}

static bool open_both(struct compare *c, struct slice old, struct slice new)
{
    struct pdf_verdict verdict = {.why = NULL};

    c->seen = (uint8_t *)calloc(PDF_OBJECT_MAX / 8 + 1, 1);
    c->open = (uint8_t *)calloc(PDF_OBJECT_MAX / 8 + 1, 1);
    c->others = (struct compare_other *)calloc(COMPARE_OTHERS_MAX, sizeof(*c->others));
    return c->seen != NULL && c->open != NULL && c->others != NULL &&
           pdf_reader_open(&c->old, old, true, &verdict) == SG_OK &&
           pdf_reader_open(&c->new, new, true, &verdict) == SG_OK &&
           pdf_is_dict(&c->old, c->old.root) && pdf_is_dict(&c->new, c->new.root);
}

static void compare_all(struct compare *c)
{
    compare_mark(c, qpdf_oh_get_key(c->old.qpdf, c->old.trailer, "/Root"), true);
    compare_read_permission(c);
    compare_see_form(c);
    compare_list_signatures(c);
    compare_pages_mark(c);
    compare_form_mark(c);
    compare_pages(c);
    compare_form(c);
    compare_root(c, false);
    compare_form_filling(c);
    compare_root(c, true);
    if (!compare_leads_somewhere(c)) {
        compare_note(c, PDF_CHANGE_NO_REVISION, 0, NULL);
    }
    if (c->broken || !read_well(&c->old) || !read_well(&c->new)) {
        compare_note(c, PDF_CHANGE_UNREADABLE, 0, NULL);
    }
}

/* What was added names objects so that every viewer takes those that are compared. */
static bool is_plain(struct compare *c)
{
    AUTO(packed_fini) struct packed packed = {.entries = {0}};
    const struct sections_rule rule = {.known = c->old.last.offset,
                                       .packed = &packed,
                                       .now = &c->now,
                                       .before = &c->before,
                                       .trailers = &c->trailers,
                                       .places = &c->places};
    const struct appended appended = {.pdf = c->new.pdf,
                                      .from = c->old.pdf.len,
                                      .places = &c->places,
                                      .newest = &c->now};

    return sections_are_plain(c->new.pdf, c->new.last.offset, &rule) &&
           appended_is_named(&appended) && packed_are_plain(&c->new, &packed, true);
}

void compare_revisions(struct slice old, struct slice new, struct pdf_changes *changes)
{
    AUTO(fini) struct compare c = {.changes = changes};

    if (!open_both(&c, old, new)) {
        compare_note(&c, PDF_CHANGE_UNREADABLE, 0, NULL);
        return;
    }
    if (c.new.last.offset < old.len || !ends_whole(new) || !is_plain(&c)) {
        compare_note(&c, PDF_CHANGE_NO_REVISION, 0, NULL);
        return;
    }
    compare_all(&c);
}

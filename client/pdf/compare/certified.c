#include "client/pdf/compare/compare.h"
#include "client/pdf/form.h"
#include "client/pdf/listing.h"
#include "client/pdf/locks.h"

/* What those who signed the old revision permit (ISO 32000-2 12.8.2.2). What forbids
 * counts wherever it stands, as for whoever signs; what permits only in a signature of
 * the form, because nobody judges any other: an author could write it after he was signed
 * for. */

struct search {
    struct compare *c;
    qpdf_oh certified; /* what the catalog calls the author's certification (12.8.6) */
    struct pdf_locks locks;
};

/* Made in the old revision, so that it was there to permit something. */
static bool is_of_old(const struct compare *c, qpdf_oh value, uint64_t range[4])
{
    const struct pdf_reader *reader = &c->old;
    qpdf_oh array = pdf_get(reader, value, "/ByteRange");
    bool whole = pdf_list_range(reader, array, range);
    uint64_t len = reader->pdf.len;

    qpdf_oh_release(reader->qpdf, array);
    return whole && range[2] <= len && range[3] <= len - range[2];
}

static void look(void *user, const struct pdf_field *field)
{
    struct search *search = user;
    struct compare *c = search->c;
    struct pdf_locks own = {0};
    uint64_t range[4];

    if (!field->is_signature || !pdf_is_dict(&c->old, field->value)) {
        return;
    }
    pdf_locks_take(&c->old, field->value, field->name, &search->locks);
    pdf_locks_take(&c->old, field->value, field->name, &own);
    if (own.level != 0 && pdf_same(&c->old, field->value, search->certified) &&
        is_of_old(c, field->value, range)) {
        c->certified = true;
        memcpy(c->changes->certified, range, sizeof(range));
    }
}

void compare_read_permission(struct compare *c)
{
    struct pdf_verdict verdict = {.why = NULL};
    qpdf_oh perms = pdf_get(&c->old, c->old.root, "/Perms");
    struct search search = {.c = c, .certified = pdf_get(&c->old, perms, "/DocMDP")};

    if (pdf_is_dict(&c->old, search.certified)) {
        pdf_locks_take(&c->old, search.certified, "", &search.locks);
    }
    if (pdf_form_walk(&c->old, look, &search, &verdict) != SG_OK) {
        c->broken = true;
    }
    c->permission = search.locks.level;
    qpdf_oh_release(c->old.qpdf, perms);
    qpdf_oh_release(c->old.qpdf, search.certified);
}

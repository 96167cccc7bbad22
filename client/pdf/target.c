#include <stdio.h>

#include "client/pdf/form.h"

/* Finding the field that a letter template left empty for the signature, and whether it
 * may be signed as this program signs. */

struct search {
    const struct pdf_reader *reader;
    const char *name;
    qpdf_oh node; /* owned when found */
    int found;
    bool taken;
    long long flags; /* /Ff, its own or inherited */
};

static void look(void *user, const struct pdf_field *field)
{
    struct search *search = user;
    const struct pdf_reader *reader = search->reader;
    bool empty = qpdf_oh_is_null(reader->qpdf, field->value) != 0;

    if (strcmp(field->name, search->name) != 0) {
        return;
    }
    search->found++;
    search->node = qpdf_oh_new_object(reader->qpdf, field->node);
    search->taken = !field->is_signature || !empty;
    search->flags = field->flags;
}

/* Bits of /Ff in a seed value dictionary: the entry is then a demand, else a hint. */
enum {
    DEMAND_FILTER = 1 << 0,
    DEMAND_SUBFILTER = 1 << 1,
    DEMAND_DIGEST = 1 << 6,
    DEMANDS_MET = DEMAND_FILTER | DEMAND_SUBFILTER | DEMAND_DIGEST,
};

static bool offers(const struct pdf_reader *reader, qpdf_oh list, const char *wanted)
{
    int count = pdf_count(reader, list);

    for (int i = 0; i < count; i++) {
        char text[32];
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, list, i);
        pdf_text(reader, item, text, sizeof(text));
        if (pdf_is_name(reader, item, wanted) || strcmp(text, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static const char *digest_name(enum sg_hash hash)
{
    if (hash == SG_HASH_SHA384) {
        return "SHA384";
    }
    return hash == SG_HASH_SHA512 ? "SHA512" : "SHA256";
}

/* ISO 32000-2 table 237. /MDP other than 0 asks for a certification; /Cert and
 * /TimeStamp carry their own flags. */
static bool seed_value_met(const struct pdf_reader *reader, qpdf_oh seed,
                           enum sg_hash hash)
{
    long long demands = pdf_int(reader, pdf_get(reader, seed, "/Ff"), 0);
    qpdf_oh mdp = pdf_get(reader, seed, "/MDP");
    qpdf_oh cert = pdf_get(reader, seed, "/Cert");
    qpdf_oh stamp = pdf_get(reader, seed, "/TimeStamp");

    if ((demands & ~(long long)DEMANDS_MET) != 0 ||
        pdf_int(reader, pdf_get(reader, mdp, "/P"), 0) != 0 ||
        pdf_int(reader, pdf_get(reader, cert, "/Ff"), 0) != 0 ||
        pdf_int(reader, pdf_get(reader, stamp, "/Ff"), 0) != 0) {
        return false;
    }
    if ((demands & DEMAND_FILTER) != 0 &&
        !pdf_is_name(reader, pdf_get(reader, seed, "/Filter"), "/Adobe.PPKLite")) {
        return false;
    }
    if ((demands & DEMAND_SUBFILTER) != 0 &&
        !offers(reader, pdf_get(reader, seed, "/SubFilter"), "/ETSI.CAdES.detached")) {
        return false;
    }
    return (demands & DEMAND_DIGEST) == 0 ||
           offers(reader, pdf_get(reader, seed, "/DigestMethod"), digest_name(hash));
}

/* A field's own lock would have to be repeated in the signature; bit 1 of /Ff says that
 * the field must not be changed. */
static bool is_locked(const struct search *search)
{
    const struct pdf_reader *reader = search->reader;

    return !qpdf_oh_is_null(reader->qpdf, pdf_get(reader, search->node, "/Lock")) ||
           (search->flags & 1) != 0;
}

enum sg_status pdf_form_target(const struct pdf_reader *reader,
                               const struct pdf_wish *wish, qpdf_oh *field,
                               struct pdf_verdict *verdict)
{
    struct search search = {.reader = reader, .name = wish->field};

    TRY(pdf_form_walk(reader, look, &search, verdict));
    if (search.found == 0) {
        return pdf_refuse(verdict, PDF_FIELD_UNKNOWN, wish->field);
    }
    if (search.found > 1 || !qpdf_oh_is_indirect(reader->qpdf, search.node)) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, "the field is not unique");
    }
    if (search.taken) {
        return pdf_refuse(verdict, PDF_FIELD_TAKEN, wish->field);
    }
    if (is_locked(&search)) {
        return pdf_refuse(verdict, PDF_FIELD_LOCKED, wish->field);
    }
    qpdf_oh seed = pdf_get(reader, search.node, "/SV");
    if (!qpdf_oh_is_null(reader->qpdf, seed) &&
        !seed_value_met(reader, seed, wish->hash)) {
        return pdf_refuse(verdict, PDF_SEED_VALUE, wish->field);
    }
    *field = search.node;
    return SG_OK;
}

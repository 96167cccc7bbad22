#include "client/verify/later.h"

#include <inttypes.h>

static bool is_blank(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] != ' ' && bytes.data[i] != '\r' && bytes.data[i] != '\n') {
            return false;
        }
    }
    return true;
}

/* The ends of the signed revisions and of the file; false = more than are compared. */
static bool find_ends(struct verify_revisions *revisions, struct slice pdf,
                      const struct pdf_document *document)
{
    size_t count = 0;

    for (size_t i = 0; i < pdf_signature_count(document); i++) {
        const struct pdf_signature *signature = pdf_signature(document, i);
        bool is_new = count == 0 || signature->covered > revisions->ends[count - 1];
        if (!signature->ranges_sound || !is_new) {
            continue;
        }
        if (count == PDF_STEPS_MAX) {
            return false;
        }
        revisions->ends[count++] = signature->covered;
    }
    uint64_t last = count == 0 ? pdf.len : revisions->ends[count - 1];
    if (!is_blank(slice_of(pdf.data + last, pdf.len - (size_t)last))) {
        revisions->ends[count++] = pdf.len;
    }
    revisions->end_count = count;
    return true;
}

/* The signature with this /ByteRange; NULL = none, or two, of which one is a copy. */
static const struct pdf_signature *find_author(const struct pdf_document *document,
                                               const uint64_t range[4])
{
    const struct pdf_signature *found = NULL;

    for (size_t i = 0; i < pdf_signature_count(document); i++) {
        const struct pdf_signature *signature = pdf_signature(document, i);
        if (memcmp(signature->range, range, sizeof(signature->range)) != 0) {
            continue;
        }
        if (found != NULL) {
            return NULL;
        }
        found = signature;
    }
    return found;
}

void verify_revisions_compare(struct verify_revisions *revisions, struct slice pdf,
                              const struct pdf_document *document)
{
    struct sg_error why;

    revisions->len = pdf.len;
    revisions->compared = find_ends(revisions, pdf, document) &&
                          pdf_compare(pdf, revisions->ends, revisions->end_count,
                                      revisions->steps, &why) == SG_OK;
    for (size_t i = 0; revisions->compared && i + 1 < revisions->end_count; i++) {
        revisions->author[i] = find_author(document, revisions->steps[i].certified);
        revisions->leave[i] = revisions->author[i] == NULL ? VERIFY_FAIL : VERIFY_PASS;
    }
}

/* --- Who answers for it --------------------------------------------------------------
 */

static void raise_to(uint64_t *end, uint64_t covered)
{
    *end = covered > *end ? covered : *end;
}

/* A time-stamp gives no leave: anybody can have one made. */
void verify_revisions_hear(struct verify_revisions *revisions,
                           const struct pdf_signature *signature, enum verify_mark mark,
                           bool is_time_stamp)
{
    if (mark == VERIFY_PASS) {
        raise_to(&revisions->sound_end, signature->covered);
        raise_to(&revisions->signed_end, is_time_stamp ? 0 : signature->covered);
    }
    for (size_t i = 0; i + 1 < revisions->end_count; i++) {
        if (revisions->author[i] == signature) {
            revisions->leave[i] = is_time_stamp ? VERIFY_FAIL : mark;
        }
    }
}

/* Was the author's letter another one, before this step already? */
static bool is_altered(const struct verify_revisions *revisions, size_t step)
{
    for (size_t i = 0; i < step; i++) {
        if (revisions->steps[i].forbidden &&
            revisions->ends[i] >= revisions->author[step]->covered) {
            return true;
        }
    }
    return false;
}

bool verify_revisions_settle(struct verify_revisions *revisions)
{
    bool settled = true;

    for (size_t i = 0; revisions->compared && i + 1 < revisions->end_count; i++) {
        struct pdf_changes *step = &revisions->steps[i];
        if (!step->filled) {
            continue;
        }
        if (revisions->leave[i] == VERIFY_FAIL || is_altered(revisions, i)) {
            pdf_changes_take_back(step);
        }
        settled = settled && step->filled && revisions->leave[i] == VERIFY_PASS;
    }
    return settled;
}

static bool adds(const struct pdf_changes *step, enum pdf_change_kind kind)
{
    for (size_t i = 0; i < step->count; i++) {
        if (step->at[i].kind == kind) {
            return true;
        }
    }
    /* Some may not be listed. */
    return step->count == PDF_CHANGES_MAX;
}

/* Does somebody answer for what this step put on the letter? A signature may show what it
 * likes; a time-stamp shows nothing, and anybody can make one. */
static bool is_vouched(const struct verify_revisions *revisions, size_t i)
{
    const struct pdf_changes *step = &revisions->steps[i];
    uint64_t end = revisions->ends[i];

    if (adds(step, PDF_CHANGE_SIGNATURE)) {
        return end < revisions->signed_end;
    }
    return end < revisions->sound_end || !adds(step, PDF_CHANGE_TIME_STAMP);
}

/* --- What came after one signature ---------------------------------------------------
 */

static void add_step(struct verify_later *later, const struct verify_revisions *revisions,
                     size_t at)
{
    const struct pdf_changes *step = &revisions->steps[at];
    struct pdf_changes *all = &later->changes;

    all->forbidden = all->forbidden || step->forbidden;
    for (size_t i = 0; i < step->count && all->count < PDF_CHANGES_MAX; i++) {
        all->at[all->count++] = step->at[i];
    }
    later->vouched = later->vouched && is_vouched(revisions, at);
    later->permitted =
        later->permitted && (!step->filled || revisions->leave[at] == VERIFY_PASS);
}

struct verify_later verify_revisions_after(const struct verify_revisions *revisions,
                                           const struct pdf_signature *signature)
{
    size_t count = revisions->end_count;
    struct verify_later later = {.compared = revisions->compared,
                                 .vouched = true,
                                 .permitted = true,
                                 .nothing = signature->covered >=
                                            (count == 0 ? 0 : revisions->ends[count - 1]),
                                 .bytes = revisions->len - signature->covered};

    for (size_t i = 0; revisions->compared && i + 1 < count; i++) {
        if (revisions->ends[i] >= signature->covered) {
            add_step(&later, revisions, i);
        }
    }
    return later;
}

static void list_changes(const struct pdf_changes *changes, bool allowed, char *out,
                         size_t cap)
{
    static const char more[] = "; and more, which is listed beside this";
    char text[160];
    size_t len = 0;
    bool whole = true;

    out[0] = '\0';
    for (size_t i = 0; i < changes->count && whole; i++) {
        if (pdf_change_allowed(changes->at[i].kind) != allowed) {
            continue;
        }
        pdf_change_say(&changes->at[i], false, text, sizeof(text));
        whole = len + strlen(text) + 3 + sizeof(more) < cap;
        len += (size_t)BIO_snprintf(out + len, cap - len, "%s%s",
                                    len == 0 || !whole ? "" : "; ", whole ? text : more);
    }
}

/* What lies between the byte ranges or after them is not signed. Somebody who can hide
 * bytes there, or append a revision, changes what the reader sees. */
enum verify_mark verify_coverage(const struct verify_case *c, struct verify_check *out)
{
    const struct verify_later *later = c->later;
    char list[400];

    if (!c->pdf->ranges_sound) {
        return verify_say(out, VERIFY_FAIL,
                          "The byte ranges do not enclose exactly the signature, so part "
                          "of the file may be unsigned.");
    }
    if (later->nothing) {
        return verify_say(out, VERIFY_PASS, "The signature covers the whole file.");
    }
    if (!later->compared) {
        return verify_say(out, VERIFY_UNKNOWN,
                          "%" PRIu64 " bytes were added after this signature, and what "
                          "they change could not be found out.",
                          later->bytes);
    }
    list_changes(&later->changes, !later->changes.forbidden, list, sizeof(list));
    if (later->changes.forbidden) {
        return verify_say(out, VERIFY_FAIL, "After this signature: %s.", list);
    }
    if (!later->vouched) {
        return verify_say(out, VERIFY_UNKNOWN,
                          "After this signature another was added that is not sound, and "
                          "nobody vouches for what came with it.");
    }
    if (!later->permitted) {
        return verify_say(out, VERIFY_UNKNOWN,
                          "After this signature: %s; but the certification that permits "
                          "it could not be confirmed.",
                          list);
    }
    return verify_say(out, VERIFY_PASS, "After this signature only this came: %s.",
                      list[0] == '\0' ? "what says nothing anew" : list);
}

#ifndef SEGEL_CLIENT_PDF_COMPARE_CHANGES_H
#define SEGEL_CLIENT_PDF_COMPARE_CHANGES_H

#include "proto/base.h"
#include "proto/slice.h"

/* What later revisions of a PDF did to an earlier one: the two are read like two files
 * and compared object by object, from the catalog down, so that it does not matter how a
 * change was brought in (a new object, an old one shown again, another table). */

enum pdf_change_kind {
#define PDF_CHANGE(name, code, allowed, en, id) PDF_CHANGE_##name,
#include "client/pdf/compare/changes.def"
#undef PDF_CHANGE
    PDF_CHANGE_COUNT
};
const char *pdf_change_code(enum pdf_change_kind kind); /* "page-changed" */
bool pdf_change_allowed(enum pdf_change_kind kind);
/* Allowed only because the author permits to fill the form in. */
bool pdf_change_fills(enum pdf_change_kind kind);

struct pdf_change {
    enum pdf_change_kind kind;
    int page;      /* 1…n; 0 = it has none */
    char name[64]; /* of a field or key, UTF-8; "" = it has none */
};
/* The first of each; forbidden: there is one that is not allowed, listed or not. filled:
 * the form was filled in, listed or not, as the signature with this /ByteRange permits.
 * That it is sound is not asked here: the caller takes it back where it is not. */
enum { PDF_CHANGES_MAX = 12, PDF_STEPS_MAX = 64 };
struct pdf_changes {
    struct pdf_change at[PDF_CHANGES_MAX];
    size_t count;
    bool forbidden;
    bool filled;
    uint64_t certified[4]; /* zeros: no certification permits anything */
};
/* Then what fills it in is a change of field and form. */
void pdf_changes_take_back(struct pdf_changes *changes);

/* A sentence without its full stop, cut to cap. */
void pdf_change_say(const struct pdf_change *change, bool indonesian, char *out,
                    size_t cap);

/* What each step changed: steps[i] tells of the file's first ends[i+1] bytes beside its
 * first ends[i]; ends rise, and count (at most PDF_STEPS_MAX + 1) counts them. Takes at
 * most 30 s and 1 GiB, as all reading. SG_INVALID: the file cannot be read. */
SG_MUST_USE enum sg_status pdf_compare(struct slice pdf, const uint64_t *ends,
                                       size_t count, struct pdf_changes *steps,
                                       struct sg_error *why);

#endif

#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_REVISIONS_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_REVISIONS_H

#include "client/pdf/compare/changes.h"
#include "tests/unit/verify/support/update.h"

/* A letter of two pages with fields and a signature's value, and what somebody made of
 * it: the objects of the first revision by their numbers. */
enum {
    CATALOG = 1,
    PAGES,
    PAGE_1,
    CONTENT,
    PAGE_2,
    FONT,
    FORM,
    TEXT_FIELD,
    EMPTY_FIELD,
    SIGNED_FIELD,
    VALUE,
    CERTIFIED,
    ANNOTATION,
    METADATA,
    LAST
};

#define CONTENT_TEXT "<< /Length 12 >>\nstream\n(Rp 100) Tj \nendstream"

extern const char *const revisions_lawful[LAST - 1];

struct revisions {
    struct slice first;
    struct slice second;
    struct pdf_changes changes; /* from the first to the second */
};
extern struct revisions revisions;

void revisions_begin(void);
void revisions_end(void);
/* The first gets these objects. */
void revisions_begin_with(const struct update *objects, size_t count);
/* The first becomes certified by its author, in the field that is signed: "/P 2". */
void revisions_certify(const char *permission);
/* The value of that field, by another method; lives until the next call. */
const char *revisions_certifying(const char *method, const char *permission);
/* The lawful text of an object with one part replaced; four of them live at a time. */
const char *revisions_altered(int number, const char *from, const char *to);
/* A second revision with these objects, or with one altered; compared. */
void revisions_update(const struct update *objects, size_t count);
void revisions_alter(int number, const char *from, const char *to);
/* A second revision with a new field of this value; compared. */
void revisions_sign(const char *value);
/* A value that covers a little of the revision to come. */
const char *revisions_covering(const char *more);
void revisions_compare(void);
/* One change was found, of this kind, and its sentence has the word. */
void revisions_expect(enum pdf_change_kind kind, const char *word);

#endif

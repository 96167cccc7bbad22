#ifndef SEGEL_CLIENT_VERIFY_LATER_H
#define SEGEL_CLIENT_VERIFY_LATER_H

#include "client/verify/case.h"

/* The revisions of a PDF that signatures end, each compared with the one before it, and
 * who answers for what they changed: whoever signed them, and the author of a form for
 * its filling in. For the files of this folder; one thread. */
struct verify_revisions {
    struct pdf_changes steps[PDF_STEPS_MAX]; /* between ends */
    uint64_t ends[PDF_STEPS_MAX + 1];        /* rising */
    size_t end_count;
    uint64_t len; /* of the file */
    bool compared;
    uint64_t sound_end;  /* of the last revision that anything sound covers, */
    uint64_t signed_end; /* and of the last that a sound signature does */
    /* Who permits what a step filled in; borrowed from the document, NULL = nobody. */
    const struct pdf_signature *author[PDF_STEPS_MAX];
    enum verify_mark leave[PDF_STEPS_MAX]; /* as sound as the author's signature is */
};

/* From the zero state. The document has to live as long. */
void verify_revisions_compare(struct verify_revisions *revisions, struct slice pdf,
                              const struct pdf_document *document);

/* What came after one signature, as far as the later ones have been heard. */
struct verify_later verify_revisions_after(const struct verify_revisions *revisions,
                                           const struct pdf_signature *signature);

/* A signature was judged: PASS = it is sound, FAIL or UNKNOWN. The last one is heard
 * first. */
void verify_revisions_hear(struct verify_revisions *revisions,
                           const struct pdf_signature *signature, enum verify_mark mark,
                           bool is_time_stamp);

/* All were heard: takes back the leave that no sound signature gives. False: some was, or
 * is in doubt, so all of them have to be judged once more. */
SG_MUST_USE bool verify_revisions_settle(struct verify_revisions *revisions);

#endif

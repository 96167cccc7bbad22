#ifndef SEGEL_CLIENT_PDF_FORM_H
#define SEGEL_CLIENT_PDF_FORM_H

#include "client/pdf/reader.h"

/* The PDF's interactive form: its fields, and what it allows. */

/* One field that holds a value of its own (widgets without /T are parts of it). Handles
 * and name are borrowed for the length of the call. */
struct pdf_field {
    qpdf_oh node;
    qpdf_oh value;    /* /V, its own or inherited; null object = empty */
    const char *name; /* full name in UTF-8, "letter.head" */
    bool is_signature;
    long long flags; /* /Ff, its own or inherited */
};
typedef void (*pdf_field_fn)(void *user, const struct pdf_field *field);

/* Shows every field once, in the order of the file. Refuses with PDF_FORM_DAMAGED when
 * the tree is too deep, has too many nodes, or holds what is no field. */
SG_MUST_USE enum sg_status pdf_form_walk(const struct pdf_reader *reader,
                                         pdf_field_fn seen, void *user,
                                         struct pdf_verdict *verdict);

/* Can a field be added? Refuses XFA and what is no form. */
SG_MUST_USE enum sg_status pdf_form_takes(const struct pdf_reader *reader,
                                          struct pdf_verdict *verdict);

/* May a field of this name be signed, and where it is new, added? Refuses besides what
 * earlier signatures do not allow. */
SG_MUST_USE enum sg_status pdf_form_allows(const struct pdf_reader *reader,
                                           const char *field, bool new_field,
                                           struct pdf_verdict *verdict);

/* Has it fields of another kind than signatures, or a page where viewers draw them anew
 * (/NeedAppearances)? What they draw in them is a part of what is signed. */
SG_MUST_USE enum sg_status pdf_form_has_others(const struct pdf_reader *reader,
                                               bool *others, struct pdf_verdict *verdict);

/* n of "Signature<n>", the name of a new field: larger than that of every field on the
 * top level. */
SG_MUST_USE enum sg_status pdf_form_free_name(const struct pdf_reader *reader, int *n,
                                              struct pdf_verdict *verdict);

/* The empty signature field of this name; the caller owns the handle. Refuses unknown,
 * taken and locked fields and demands (/SV) that are not met. */
SG_MUST_USE enum sg_status pdf_form_target(const struct pdf_reader *reader,
                                           const struct pdf_wish *wish, qpdf_oh *field,
                                           struct pdf_verdict *verdict);

#endif

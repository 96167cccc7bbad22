#ifndef SEGEL_CLIENT_PDF_PAGE_H
#define SEGEL_CLIENT_PDF_PAGE_H

#include "client/pdf/view.h"

struct pdf_page {
    qpdf_oh node;
    bool shares_annots; /* its list of annotations is another page's, too */
    bool fields_shown;  /* the form's list of fields is another page's annotations */
};

/* wanted: 1…n, -1 = last. Walks the page tree itself: bounded in depth, and it changes
 * nothing in the file, where qpdf's own walk mends. Refuses with PDF_NO_PAGES, also a
 * tree that other readers may read otherwise, or PDF_PAGE_RANGE. */
SG_MUST_USE enum sg_status pdf_page_find(const struct pdf_reader *reader, int wanted,
                                         struct pdf_page *page,
                                         struct pdf_verdict *verdict);

/* The first page, for what shows nothing: to a tree that others may read otherwise, too.
 * Refuses with PDF_NO_PAGES. */
SG_MUST_USE enum sg_status pdf_page_first(const struct pdf_reader *reader,
                                          struct pdf_page *page,
                                          struct pdf_verdict *verdict);

/* The page among whose annotations a widget stands; what it says itself (/P) is optional
 * and may be wrong. Refuses with PDF_FORM_DAMAGED or PDF_NO_PAGES. */
SG_MUST_USE enum sg_status pdf_page_showing(const struct pdf_reader *reader,
                                            qpdf_oh widget, qpdf_oh *page,
                                            struct pdf_verdict *verdict);

/* Does any page show a field of another kind than signatures, be it in the form or not?
 * Also true where that cannot be said. */
bool pdf_page_shows_fields(const struct pdf_reader *reader);

#endif

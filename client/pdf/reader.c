#include "client/pdf/reader.h"

#include <stdio.h>

#include "client/pdf/linearized.h"
#include "client/pdf/sections.h"

/* The one warning that says nothing about what a viewer shows: many writers count their
 * objects wrongly in the trailer. */
static bool is_harmless(const char *detail)
{
    return strncmp(detail, "reported number of objects", 26) == 0 &&
           strstr(detail, "is not one plus the highest object number") != NULL;
}

/* The parser takes an object that finds no memory for a damaged one. */
static bool ran_out(const char *detail)
{
    return strstr(detail, "std::bad_alloc") != NULL;
}

static enum pdf_refusal refusal_of(const struct pdf_reader *reader, qpdf_error error)
{
    enum qpdf_error_code_e code = qpdf_get_error_code(reader->qpdf, error);

    if (ran_out(qpdf_get_error_message_detail(reader->qpdf, error))) {
        return PDF_TOO_COMPLEX;
    }
    /* Unsupported is said of ciphers only. */
    if (code == qpdf_e_password || code == qpdf_e_unsupported) {
        return PDF_ENCRYPTED;
    }
    return code == qpdf_e_pages ? PDF_NO_PAGES : PDF_DAMAGED;
}

static enum sg_status settle_error(const struct pdf_reader *reader,
                                   struct pdf_verdict *verdict)
{
    if (!qpdf_has_error(reader->qpdf)) {
        return SG_OK;
    }
    qpdf_error error = qpdf_get_error(reader->qpdf);
    return pdf_refuse(verdict, refusal_of(reader, error),
                      qpdf_get_error_message_detail(reader->qpdf, error));
}

enum sg_status pdf_reader_settle(const struct pdf_reader *reader,
                                 struct pdf_verdict *verdict)
{
    TRY(settle_error(reader, verdict));
    while (qpdf_more_warnings(reader->qpdf)) {
        qpdf_error warning = qpdf_next_warning(reader->qpdf);
        const char *detail = qpdf_get_error_message_detail(reader->qpdf, warning);
        if (!is_harmless(detail)) {
            return ran_out(detail) ? pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL)
                                   : pdf_refuse(verdict, PDF_REPAIRED, detail);
        }
    }
    return SG_OK;
}

enum sg_status pdf_reader_refused(const struct pdf_reader *reader,
                                  struct pdf_verdict *verdict)
{
    while (reader->qpdf != NULL && qpdf_more_warnings(reader->qpdf)) {
        qpdf_error warning = qpdf_next_warning(reader->qpdf);
        const char *detail = qpdf_get_error_message_detail(reader->qpdf, warning);
        if (ran_out(detail)) {
            return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
        }
    }
    return SG_INVALID;
}

/* The trailer names a cipher even where qpdf found no use for it. */
static bool is_encrypted(const struct pdf_reader *reader)
{
    qpdf_oh encrypt = pdf_get(reader, reader->trailer, "/Encrypt");

    return qpdf_is_encrypted(reader->qpdf) || !qpdf_oh_is_null(reader->qpdf, encrypt);
}

static enum sg_status open_parser(struct pdf_reader *reader, struct pdf_verdict *verdict)
{
    reader->qpdf = qpdf_init();
    if (reader->qpdf == NULL) {
        return SG_NO_MEMORY;
    }
    qpdf_silence_errors(reader->qpdf);
    qpdf_set_suppress_warnings(reader->qpdf, QPDF_TRUE);
    qpdf_set_attempt_recovery(reader->qpdf, QPDF_FALSE);
    /* Its return value says no more than the errors and warnings it left. */
    (void)qpdf_read_memory(reader->qpdf, "letter", (const char *)reader->pdf.data,
                           reader->pdf.len, NULL);
    TRY(settle_error(reader, verdict));
    reader->trailer = qpdf_get_trailer(reader->qpdf);
    reader->root = qpdf_get_root(reader->qpdf);
    return settle_error(reader, verdict);
}

/* qpdf says nothing of an object that two entries place differently. */
static enum sg_status check_sections(const struct pdf_reader *reader,
                                     struct pdf_verdict *verdict)
{
    AUTO(generations_fini) struct generations reused = {.newest = NULL};
    AUTO(packed_fini) struct packed packed = {.entries = {0}};
    const struct sections_rule rule = {.reused = &reused, .packed = &packed};

    return sections_are_plain(reader->pdf, reader->last.offset, &rule) &&
                   generations_are_one(reader, &reused) &&
                   packed_are_plain(reader, &packed, false)
               ? SG_OK
               : pdf_refuse(verdict, PDF_REPAIRED,
                            "its cross-references can be read in more than one way");
}

enum sg_status pdf_reader_open(struct pdf_reader *reader, struct slice pdf, bool lenient,
                               struct pdf_verdict *verdict)
{
    *reader = (struct pdf_reader){.pdf = pdf};
    if (pdf.len > PDF_INPUT_MAX) {
        return pdf_refuse(verdict, PDF_TOO_LARGE, NULL);
    }
    if (pdf.len < 5 || memcmp(pdf.data, "%PDF-", 5) != 0) {
        return pdf_refuse(verdict, PDF_NO_HEADER, NULL);
    }
    TRY(pdf_xref_find(pdf, !lenient, &reader->last, verdict));
    /* What is only looked at has to be what viewers show: whoever signs a letter appends
     * to it, and it is linearized no longer. */
    if (!linearized_is_plain(pdf, reader->last.offset, !lenient)) {
        return pdf_refuse(verdict, PDF_REPAIRED,
                          "its beginning and its end name different cross-references");
    }
    TRY(open_parser(reader, verdict));
    if (lenient) {
        return SG_OK;
    }
    if (is_encrypted(reader)) {
        return pdf_refuse(verdict, PDF_ENCRYPTED, NULL);
    }
    TRY(pdf_reader_settle(reader, verdict));
    TRY(check_sections(reader, verdict));
    if (!pdf_is_dict(reader, reader->root) ||
        !qpdf_oh_is_indirect(reader->qpdf,
                             qpdf_oh_get_key(reader->qpdf, reader->trailer, "/Root"))) {
        return pdf_refuse(verdict, PDF_NO_PAGES, "no catalog");
    }
    return SG_OK;
}

enum sg_status pdf_reader_free_number(const struct pdf_reader *reader, int *number,
                                      struct pdf_verdict *verdict)
{
    /* Makes qpdf read every object, so that references to objects that do not exist
     * count too: a number given anew must not make one of them point to something. */
    qpdf_oh probe =
        qpdf_make_indirect_object(reader->qpdf, qpdf_oh_new_null(reader->qpdf));
    TRY(pdf_reader_settle(reader, verdict));

    int past_highest = qpdf_oh_get_object_id(reader->qpdf, probe);
    long long size = pdf_int(reader, pdf_get(reader, reader->trailer, "/Size"), 0);
    if (past_highest <= 0 || past_highest > PDF_OBJECT_MAX - 64 ||
        size > PDF_OBJECT_MAX - 64) {
        return pdf_refuse(verdict, PDF_OBJECT_NUMBERS, NULL);
    }
    *number = size > past_highest ? (int)size : past_highest;
    return SG_OK;
}

void pdf_reader_close(struct pdf_reader *reader)
{
    if (reader->qpdf != NULL) {
        qpdf_cleanup(&reader->qpdf);
    }
}

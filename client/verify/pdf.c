#include <inttypes.h>

#include "client/verify/case.h"
#include "proto/text.h"

/* What lies between the byte ranges or after them is not signed. Somebody who can hide
 * bytes there, or append a revision, changes what the reader sees. */
enum verify_mark verify_coverage(const struct verify_case *c, struct verify_check *out)
{
    if (!c->pdf->ranges_sound) {
        return verify_say(out, VERIFY_FAIL,
                          "The byte ranges do not enclose exactly the signature, so part "
                          "of the file may be unsigned.");
    }
    if (c->pdf->covers_file) {
        return verify_say(out, VERIFY_PASS, "The signature covers the whole file.");
    }
    if (c->covered_later) {
        return verify_say(out, VERIFY_PASS,
                          "Covers the revision of %" PRIu64 " of %" PRIu64
                          " bytes; a later signature covers the whole file.",
                          c->pdf->covered, c->file_len);
    }
    return verify_say(out, VERIFY_UNKNOWN,
                      "%" PRIu64 " bytes were added after this signature and no sound "
                      "signature covers them: the pages may have changed.",
                      c->file_len - c->pdf->covered);
}

/* "D:YYYYMMDDHHmmSSOHH'mm'" (ISO 32000-2 section 7.9.4), everything after the year may be
 * missing. Put into RFC 3339, which is then parsed strictly. */
static int64_t parse_pdf_time(const char *text)
{
    char digits[] = "00000101000000";
    char zone[8] = "Z";
    char rfc3339[40];
    int64_t unix_us = 0;
    size_t i = 0;

    text += strncmp(text, "D:", 2) == 0 ? 2 : 0;
    while (i < sizeof(digits) - 1 && text[i] >= '0' && text[i] <= '9') {
        digits[i] = text[i];
        i++;
    }
    const char *offset = text + i;
    if (*offset == '+' || *offset == '-') {
        bool minutes = strlen(offset) >= 6 && offset[3] == '\'';
        (void)BIO_snprintf(zone, sizeof(zone), "%.3s:%.2s", offset,
                           minutes ? offset + 4 : "00");
    }
    (void)BIO_snprintf(rfc3339, sizeof(rfc3339), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%s",
                       digits, digits + 4, digits + 6, digits + 8, digits + 10,
                       digits + 12, zone);
    return text_time_parse(slice_str(rfc3339), &unix_us) == SG_OK ? unix_us : 0;
}

/* The two ranges as bytes; empty when they point outside, which the digest then shows. */
static struct verify_input input_of(struct slice pdf,
                                    const struct pdf_signature *signature)
{
    const uint64_t *range = signature->range;
    struct verify_input input = {.cms = signature->cms, .pades = true};

    for (size_t i = 0; i < SG_COUNT(input.content); i++) {
        uint64_t from = range[2 * i];
        uint64_t len = range[2 * i + 1];
        if (from <= pdf.len && len <= pdf.len - from) {
            input.content[i] = slice_of(pdf.data + from, len);
        }
    }
    return input;
}

/* Whether what a signature says about the rest of the file can be relied on. Not knowing
 * its issuer, or another profile than PAdES B-B, is no reason to doubt its bytes. */
static bool covers_file(const struct pdf_signature *signature,
                        const struct verify_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct verify_check *check = &report->checks[i];
        bool chain = strcmp(check->name, "chain") == 0;
        bool profile = strcmp(check->name, "profile") == 0;
        if (check->mark == VERIFY_FAIL && !profile) {
            return false;
        }
        if (check->mark == VERIFY_UNKNOWN && !profile && !chain) {
            return false;
        }
    }
    return signature->covers_file;
}

static void judge(struct verify_case *c, struct slice pdf,
                  const struct verify_input *terms, struct verify_report *report)
{
    struct verify_input input = input_of(pdf, c->pdf);

    input.anchors = terms->anchors;
    input.at_us = terms->at_us;
    c->input = &input;
    verify_case_run(c, report);
    c->input = NULL;
    report->signing_time_us = parse_pdf_time(c->pdf->time);
    report->added = !c->pdf->covers_file && c->covered_later;
}

/* The last signature first: those before it may lean on its cover. */
static void judge_all(const struct pdf_document *document, struct slice pdf,
                      const struct verify_input *terms, struct verify_report *reports,
                      size_t cap)
{
    struct verify_case c = {.file_len = pdf.len};
    struct verify_report beyond;

    for (size_t i = pdf_signature_count(document); i > 0; i--) {
        struct verify_report *report = i <= cap ? &reports[i - 1] : &beyond;
        c.pdf = pdf_signature(document, i - 1);
        judge(&c, pdf, terms, report);
        c.covered_later = c.covered_later || covers_file(c.pdf, report);
    }
}

/* The parameters are the header's. NOLINTNEXTLINE(readability-function-size) */
enum sg_status verify_pdf(struct slice pdf, X509_STORE *anchors, int64_t at_us,
                          struct verify_report *reports, size_t cap, size_t *count,
                          struct sg_error *why)
{
    const struct verify_input terms = {.anchors = anchors, .at_us = at_us};
    struct pdf_document *document = NULL;

    TRY(pdf_open(pdf, &document, why));
    *count = pdf_signature_count(document);
    judge_all(document, pdf, &terms, reports, cap);
    pdf_close(document);
    if (*count == 0) {
        return sg_fail(why, SG_NOT_FOUND, "the PDF holds no signature");
    }
    return SG_OK;
}

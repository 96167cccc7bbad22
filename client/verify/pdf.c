/* The signatures of a PDF: what each covers, and what was done to the file afterwards. */
#include <openssl/err.h>

#include "client/pdf/evidence.h"
#include "client/verify/later.h"
#include "proto/text.h"

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

/* --- The file as a whole -------------------------------------------------------------
 */

/* What is found once and used for each signature. */
struct work {
    struct slice pdf;
    const struct verify_input *terms;
    struct pdf_document *document;   /* owned */
    struct verify_material file;     /* owned */
    struct verify_material archived; /* owned; what the last time-stamp covers */
    bool has_archive;
    struct verify_revisions revisions;
    int64_t proven_us; /* while going back: what a later time-stamp proves; 0 = nothing */
    char prover[128];
    bool disowned;       /* a statement that was given about him */
    int64_t filed_us;    /* likewise, where the file tells of the prover's chain, */
    int64_t archived_us; /* and what the last time-stamp covers */
};

static void fini(struct work *work)
{
    pdf_close(work->document);
    verify_material_fini(&work->file);
    verify_material_fini(&work->archived);
}

static void read_material(struct slice pdf, struct verify_material *material)
{
    struct pdf_evidence evidence;
    enum pdf_evidence_kind kind = PDF_EVIDENCE_CERT;
    struct slice der;
    struct sg_error why;
    static void (*const add[])(struct verify_material *, struct slice) = {
        [PDF_EVIDENCE_CERT] = verify_material_certificate,
        [PDF_EVIDENCE_CRL] = verify_material_crl,
        [PDF_EVIDENCE_OCSP] = verify_material_ocsp};

    /* Without it less is known; the file itself has been read well. */
    if (pdf_evidence_read(pdf, &evidence, &why) == SG_OK) {
        while (pdf_evidence_next(&evidence, &kind, &der)) {
            add[kind](material, der);
        }
    }
    pdf_evidence_fini(&evidence);
    ERR_clear_error();
}

/* --- One signature -------------------------------------------------------------------
 */

/* The two ranges as bytes; empty when they point outside, which the digest then shows. */
static struct verify_input input_of(const struct work *work,
                                    const struct pdf_signature *signature)
{
    const uint64_t *range = signature->range;
    struct verify_input input = *work->terms;

    input.cms = signature->cms;
    input.pades = true;
    input.file = &work->file;
    input.archived = work->has_archive ? &work->archived : NULL;
    input.proven_us = work->proven_us;
    input.prover = work->prover;
    input.proof_disowned = work->disowned;
    input.filed_us = work->filed_us;
    input.archived_us = work->archived_us;
    for (size_t i = 0; i < SG_COUNT(input.content); i++) {
        uint64_t from = range[2 * i];
        uint64_t len = range[2 * i + 1];
        bool inside = from <= work->pdf.len && len <= work->pdf.len - from;
        input.content[i] =
            inside ? slice_of(work->pdf.data + from, len) : slice_of(NULL, 0);
    }
    return input;
}

/* Whether what a signature says about the rest of the file can be relied on: PASS, FAIL
 * or UNKNOWN. Another profile than PAdES B-B is no reason to doubt its bytes; nor is its
 * issuer, where none can be known; a time-stamp shows nothing on the pages, whoever made
 * it. */
static enum verify_mark soundness(const struct work *work,
                                  const struct pdf_signature *signature,
                                  const struct verify_report *report)
{
    enum verify_mark worst = signature->ranges_sound ? VERIFY_PASS : VERIFY_FAIL;

    for (size_t i = 0; i < report->count; i++) {
        const struct verify_check *check = &report->checks[i];
        bool open = work->terms->anchors == NULL ||
                    (report->is_time_stamp && check->mark == VERIFY_UNKNOWN);
        bool of_issuer =
            strcmp(check->name, "chain") == 0 || strcmp(check->name, "revocation") == 0;
        bool excused = strcmp(check->name, "coverage") == 0 || (of_issuer && open);
        bool doubtful = check->mark == VERIFY_FAIL || check->mark == VERIFY_UNKNOWN;
        if (doubtful && !excused && worst != VERIFY_FAIL) {
            worst = check->mark;
        }
    }
    return worst;
}

static void add_check(struct verify_report *report, const char *name,
                      const struct verify_check *check, enum verify_mark mark)
{
    struct verify_check *to = &report->checks[report->count++];

    *to = *check;
    to->name = name;
    to->mark = mark;
    report->valid = report->valid && mark != VERIFY_FAIL && mark != VERIFY_UNKNOWN;
}

static bool is_earlier(int64_t time_us, int64_t than_us)
{
    return than_us == 0 || time_us < than_us;
}

/* It proves the time of all that it covers. */
static void take_proof(struct work *work, const struct pdf_signature *signature,
                       struct verify_token *token)
{
    if (!token->trusted || !signature->ranges_sound) {
        return;
    }
    /* The last one: what it covers tells of its own chain, too, or does not. */
    if (!work->has_archive) {
        work->has_archive = true;
        read_material(slice_of(work->pdf.data, (size_t)signature->covered),
                      &work->archived);
        const struct verify_input input = input_of(work, signature);
        verify_token_judge(input.cms, input.content, &input, token, NULL);
    }
    if (token->in_file && is_earlier(token->time_us, work->filed_us)) {
        work->filed_us = token->time_us;
    }
    if (token->in_file && token->in_archive &&
        is_earlier(token->time_us, work->archived_us)) {
        work->archived_us = token->time_us;
    }
    if (is_earlier(token->time_us, work->proven_us)) {
        work->proven_us = token->time_us;
        work->disowned = token->status.disowned;
        (void)BIO_snprintf(work->prover, sizeof(work->prover), "%s", token->authority);
    }
}

static void judge_stamp(struct work *work, struct verify_case *c,
                        struct verify_report *report)
{
    const struct verify_input input = input_of(work, c->pdf);
    struct verify_check check = {.name = "coverage"};
    struct verify_token token;

    *report = (struct verify_report){.valid = true, .is_time_stamp = true};
    verify_token_judge(input.cms, input.content, &input, &token, report);
    for (size_t i = 0; i < token.count; i++) {
        add_check(report, token.steps[i].name, &token.steps[i], token.steps[i].mark);
    }
    if (token.status.state == VERIFY_STATE_REVOKED && token.sound) {
        enum verify_mark mark = verify_say(&check, VERIFY_UNKNOWN,
                                           "A certificate of the authority was revoked, "
                                           "so the time-stamp proves nothing.");
        add_check(report, "revocation", &check, mark);
    }
    add_check(report, "coverage", &check, verify_coverage(c, &check));
    report->signing_time_us = token.time_us;
    report->proven_us = token.trusted ? token.time_us : 0;
    report->level[0] = '\0';
    take_proof(work, c->pdf, &token);
}

static void judge(struct work *work, const struct pdf_signature *signature,
                  struct verify_report *report)
{
    const struct verify_input input = input_of(work, signature);
    const struct verify_later later = verify_revisions_after(&work->revisions, signature);
    struct verify_case c = {.input = &input, .pdf = signature, .later = &later};

    if (strcmp(signature->subfilter, "ETSI.RFC3161") == 0) {
        judge_stamp(work, &c, report);
    } else {
        verify_case_run(&c, report);
        report->signing_time_us = parse_pdf_time(signature->time);
    }
    report->changes = later.changes;
    memcpy(report->range, signature->range, sizeof(report->range));
    report->added = !later.nothing && later.compared && !later.changes.forbidden;
    (void)BIO_snprintf(report->field, sizeof(report->field), "%s", signature->field);
    (void)BIO_snprintf(report->reason, sizeof(report->reason), "%s", signature->reason);
    (void)BIO_snprintf(report->location, sizeof(report->location), "%s",
                       signature->location);
    (void)BIO_snprintf(report->subfilter, sizeof(report->subfilter), "%s",
                       signature->subfilter);
    verify_revisions_hear(&work->revisions, signature, soundness(work, signature, report),
                          report->is_time_stamp);
}

/* The last signature first: those before it may lean on what it vouches for or proves. */
static void judge_all(struct work *work, struct verify_report *reports, size_t cap)
{
    struct verify_report beyond;

    work->proven_us = 0;
    work->disowned = false;
    work->filed_us = 0;
    work->archived_us = 0;
    work->has_archive = false;
    verify_material_fini(&work->archived);
    for (size_t i = pdf_signature_count(work->document); i > 0; i--) {
        judge(work, pdf_signature(work->document, i - 1),
              i <= cap ? &reports[i - 1] : &beyond);
    }
}

/* The parameters are the header's. NOLINTNEXTLINE(readability-function-size) */
enum sg_status verify_pdf(struct slice pdf, const struct verify_input *terms,
                          struct verify_report *reports, size_t cap, size_t *count,
                          struct sg_error *why)
{
    AUTO(fini) struct work work = {.pdf = pdf, .terms = terms};

    *count = 0;
    TRY(pdf_open(pdf, &work.document, why));
    *count = pdf_signature_count(work.document);
    if (*count == 0) {
        return sg_fail(why, SG_NOT_FOUND, "the PDF holds no signature");
    }
    read_material(pdf, &work.file);
    verify_revisions_compare(&work.revisions, pdf, work.document);
    judge_all(&work, reports, cap);
    /* What the first signature permits is known last. */
    if (!verify_revisions_settle(&work.revisions)) {
        judge_all(&work, reports, cap);
    }
    return SG_OK;
}

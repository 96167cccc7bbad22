/* What `segel verify --json` writes (docs/VERIFY.md): its own members, and those that
 * users of BSrE's verification calls, version 1 and 2, know. */
#include <stdio.h>
#include <stdlib.h>

#include "client/commands/verify/notice.h"
#include "client/commands/verify/words.h"
#include "client/console/file.h"
#include "client/console/screen.h"
#include "proto/json.h"
#include "proto/text.h"

static const struct {
    const char *code;
    const char *summary;
    const char *conclusion;
} outcomes[] = {
#define OUTCOME(name, code, exit, summary, conclusion, en, id)                           \
    [VERIFY_##name] = {code, summary, conclusion},
#include "client/commands/verify/outcomes.def"
#undef OUTCOME
};

static const struct verify_check *check_of(const struct verify_report *report,
                                           const char *name)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->checks[i].name, name) == 0) {
            return &report->checks[i];
        }
    }
    return NULL;
}

static bool passes(const struct verify_report *report, const char *name)
{
    const struct verify_check *check = check_of(report, name);

    return check != NULL && check->mark == VERIFY_PASS;
}

static int64_t time_of(const struct verify_report *report)
{
    return report->proven_us > 0 ? report->proven_us : report->signing_time_us;
}

static void put_time(struct json_out *out, const char *name, int64_t us)
{
    if (us > 0) {
        json_time(out, name, us);
    }
}

/* --- Own --------------------------------------------------------------------------- */

static void put_checks(struct json_out *out, const struct verify_report *report)
{
    static const char *const names[] = {[VERIFY_PASS] = "pass",
                                        [VERIFY_FAIL] = "fail",
                                        [VERIFY_UNKNOWN] = "unknown",
                                        [VERIFY_NOTE] = "note"};

    json_open_array(out, "checks");
    for (size_t i = 0; i < report->count; i++) {
        json_open_object(out, NULL);
        json_str(out, "name", report->checks[i].name);
        json_str(out, "result", names[report->checks[i].mark]);
        json_str(out, "text", report->checks[i].text);
        json_end(out);
    }
    json_end(out);
}

static void put_changes(struct json_out *out, const struct pdf_changes *changes,
                        enum verify_lang lang)
{
    char text[256];

    json_open_array(out, "changes");
    for (size_t i = 0; i < changes->count; i++) {
        const struct pdf_change *change = &changes->at[i];
        pdf_change_say(change, lang == VERIFY_LANG_ID, text, sizeof(text));
        json_open_object(out, NULL);
        json_str(out, "code", pdf_change_code(change->kind));
        json_bool(out, "allowed", pdf_change_allowed(change->kind));
        if (change->page > 0) {
            json_int(out, "page", change->page);
        }
        if (change->name[0] != '\0') {
            json_str(out, "name", change->name);
        }
        json_str(out, "text", text);
        json_end(out);
    }
    json_end(out);
}

static void put_signer(struct json_out *out, const struct verify_report *report)
{
    json_str(out, "signer", report->signer);
    json_str(out, "office", report->office);
    json_str(out, "signer_dn", report->signer_dn);
    json_str(out, "issuer_dn", report->issuer_dn);
    json_str(out, "serial", report->serial);
    json_str(out, "algorithm", report->algorithm);
    json_str(out, "policy_oids", report->policy_oids);
    json_time(out, "not_before", report->not_before_us);
    json_time(out, "not_after", report->not_after_us);
}

static void put_report(struct json_out *out, const struct verify_finding *finding,
                       const struct verify_report *report, enum verify_lang lang)
{
    json_open_object(out, NULL);
    json_str(out, "kind", report->is_time_stamp ? "time-stamp" : "signature");
    json_bool(out, "valid", report->valid);
    json_str(out, "outcome", outcomes[verify_report_outcome(report)].code);
    json_bool(out, "added", report->added);
    json_str(out, "field", report->field);
    put_signer(out, report);
    json_str(out, "level", report->level);
    json_str(out, "missing", verify_missing_text(report->missing, false));
    json_bool(out, "ltv", report->rank >= VERIFY_B_LT);
    json_bool(out, "status_known", report->status_known);
    put_time(out, "signing_time", report->signing_time_us);
    put_time(out, "proven_time", report->proven_us);
    if (report->authority[0] != '\0') {
        json_str(out, "time_stamp_authority", report->authority);
    }
    put_checks(out, report);
    put_changes(out, &report->changes, lang);
    verify_notice_json(out, finding, report);
    json_end(out);
}

/* --- Version 1 --------------------------------------------------------------------- */

static void put_validity(struct json_out *out, const struct verify_report *report)
{
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];
    char text[2 * TEXT_TIME_SIZE + 8];

    text_time(report->not_before_us, from);
    text_time(report->not_after_us, until);
    (void)snprintf(text, sizeof(text), "%.19s to %.19s", from, until);
    json_str(out, "signer_cert_validity", text);
}

static void put_detail(struct json_out *out, const struct verify_report *report)
{
    json_open_object(out, NULL);
    json_str(out, "signature_field", report->field);
    json_open_object(out, "info_tsa");
    json_str(out, "name", report->authority);
    json_end(out);
    json_open_object(out, "info_signer");
    json_str(out, "signer_name", report->signer);
    json_str(out, "signer_dn", report->signer_dn);
    json_str(out, "issuer_dn", report->issuer_dn);
    put_validity(out, report);
    json_bool(out, "cert_user_certified", passes(report, "chain"));
    json_end(out);
    json_open_object(out, "signature_document");
    json_bool(out, "signed_using_tsa", report->proven_us > 0);
    json_bool(out, "document_integrity",
              passes(report, "digest") && passes(report, "signature"));
    put_time(out, "signed_in", time_of(report));
    json_str(out, "reason", report->reason);
    json_str(out, "location", report->location);
    json_end(out);
    json_end(out);
}

/* --- Version 2 --------------------------------------------------------------------- */

static void put_information(struct json_out *out, const struct verify_report *report)
{
    json_open_object(out, NULL);
    json_str(out, "signerName", report->signer);
    json_str(out, "fieldName", report->field);
    json_str(out, "signatureFormat", report->level);
    put_time(out, "signatureDate", time_of(report));
    json_bool(out, "integrityValid",
              passes(report, "digest") && passes(report, "signature"));
    json_bool(out, "modified", report->changes.forbidden || !passes(report, "digest"));
    json_bool(out, "certificateTrusted", passes(report, "chain"));
    if (report->proven_us > 0) {
        json_open_object(out, "timestampInfomation"); /* the spelling is theirs */
        json_str(out, "signerName", report->authority);
        json_time(out, "timestampDate", report->proven_us);
        json_end(out);
    }
    json_end(out);
}

/* --- A file ------------------------------------------------------------------------ */

typedef void (*put_fn)(struct json_out *out, const struct verify_report *report);

static void put_signatures(struct json_out *out, const char *name,
                           const struct verify_finding *finding, put_fn put)
{
    json_open_array(out, name);
    for (size_t i = 0; i < finding->count; i++) {
        if (!finding->reports[i].is_time_stamp) {
            put(out, &finding->reports[i]);
        }
    }
    json_end(out);
}

static void put_known(struct json_out *out, const struct verify_finding *finding,
                      enum verify_lang lang)
{
    const char *why = verify_why(finding, lang);

    json_str(out, "nama_dokumen", file_name(finding->path));
    json_uint(out, "jumlah_signature", finding->signatures);
    if (outcomes[finding->outcome].summary[0] != '\0') {
        json_str(out, "summary", outcomes[finding->outcome].summary);
    }
    json_str(out, "notes", why);
    put_signatures(out, "details", finding, put_detail);
    json_str(out, "documentName", file_name(finding->path));
    json_uint(out, "signatureCount", finding->signatures);
    json_str(out, "conclusion", outcomes[finding->outcome].conclusion);
    json_str(out, "description",
             why[0] == '\0' ? verify_outcome_text(finding->outcome, lang) : why);
    put_signatures(out, "signatureInformations", finding, put_information);
}

void verify_print_json(const struct verify_finding *finding, enum verify_lang lang)
{
    size_t cap = 65536 + finding->count * 32768;
    char *buffer = (char *)malloc(cap);
    struct json_out out;
    struct slice text;

    if (buffer == NULL) {
        screen_complain(sg_status_text(SG_NO_MEMORY));
        return;
    }
    json_start(&out, buffer, cap);
    json_open_object(&out, NULL);
    json_str(&out, "file", finding->path);
    json_str(&out, "outcome", outcomes[finding->outcome].code);
    /* What a letter shows is not what makes it valid. */
    json_bool(&out, "valid",
              finding->outcome == VERIFY_VALID || finding->outcome == VERIFY_UNSTATED);
    if (finding->problem[0] != '\0') {
        json_str(&out, "problem", finding->problem);
    }
    put_known(&out, finding, lang);
    json_open_array(&out, "signatures");
    for (size_t i = 0; i < finding->count; i++) {
        put_report(&out, finding, &finding->reports[i], lang);
    }
    json_end(&out);
    verify_notice_json_file(&out, finding);
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands/verify/notice.h"
#include "client/commands/verify/words.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/screen.h"
#include "proto/text.h"

/* `segel verify` */
enum { SIGNATURES_MAX = 64, PDF_MAX = 1 << 30, PATH_SIZE = 4096 };

struct verify_options {
    const char *anchors;
    const char *crl;
    const char *ocsp;
    const char *content;
    const char *at;
    const char *require;
    const char *lang;
    const char *statement;
    const char *logo;
    bool need_status;
    bool need_statement;
    bool details;
    bool json;
};

#define AT(member) offsetof(struct verify_options, member)
static const struct option rows[] = {
    {"anchors", 0, "FILE",
     "root certificates to trust, PEM (default: anchors.pem of the home folder)",
     AT(anchors)},
    {"ca", 0, "FILE", "the same", AT(anchors)},
    {"crl", 0, "FILE", "lists of revoked certificates, PEM or DER", AT(crl)},
    {"ocsp", 0, "FILE", "an OCSP answer, DER", AT(ocsp)},
    {"content", 0, "FILE",
     "what a detached signature signs (default: its name less .p7s)", AT(content)},
    {"at", 0, "TIME", "judge as of this time, 2026-05-02T01:02:03Z (default: now)",
     AT(at)},
    {"require", 0, "LEVEL", "b-b, b-t, b-lt or b-lta: less is not enough", AT(require)},
    {"need-status", 0, NULL, "not enough (5) unless it is known that nothing was revoked",
     AT(need_status)},
    {"need-statement", 0, NULL,
     "not enough unless the letter shows that it was signed with an electronic "
     "certificate",
     AT(need_statement)},
    {"statement", 0, "TEXT", "not enough unless it shows these words; @FILE: those of it",
     AT(statement)},
    {"logo", 0, "FILE", "not enough unless a stamp has this picture, PNG", AT(logo)},
    {"details", 0, NULL, "all about each file, also of many", AT(details)},
    {"lang", 0, "id|en", "language of the report (default: en)", AT(lang)},
    {"json", 0, NULL, "one JSON object a file", AT(json)},
};

/* What all files have in common. */
struct check {
    struct verify_input terms; /* anchors owned */
    struct verify_material given;
    struct verify_report *reports; /* owned */
    const char *content;
    enum verify_level level;
    bool need_status;
    struct verify_notice notice; /* owned */
    enum verify_lang lang;
};

static void fini(struct check *check)
{
    X509_STORE_free(check->terms.anchors);
    verify_material_fini(&check->given);
    verify_notice_fini(&check->notice);
    free(check->reports);
}

/* --- One file ------------------------------------------------------------------------
 */

static enum verify_outcome outcome_of(const struct check *check,
                                      const struct verify_report *report)
{
    enum verify_outcome outcome = verify_report_outcome(report);

    /* One by an authority that nobody knows proves nothing, and harms nothing. */
    if (report->is_time_stamp) {
        return outcome == VERIFY_UNSURE ? VERIFY_VALID : outcome;
    }
    if (outcome != VERIFY_VALID) {
        return outcome;
    }
    if (report->rank < check->level) {
        return VERIFY_SHORT;
    }
    return check->need_status && !report->status_known ? VERIFY_UNSURE : VERIFY_VALID;
}

/* The worst of its signatures. */
static void conclude(const struct check *check, struct verify_finding *finding)
{
    finding->outcome = VERIFY_VALID;
    for (size_t i = 0; i < finding->count; i++) {
        enum verify_outcome one = outcome_of(check, &finding->reports[i]);
        finding->outcome = one > finding->outcome ? one : finding->outcome;
        finding->signatures += finding->reports[i].is_time_stamp ? 0 : 1;
    }
    if (finding->signatures == 0) {
        finding->outcome = VERIFY_UNSIGNED;
        finding->problem =
            finding->problem[0] != '\0' ? finding->problem : "it holds time-stamps only";
    }
}

static void take_pdf(const struct check *check, struct slice bytes,
                     struct verify_finding *finding, struct sg_error *why)
{
    size_t count = 0;
    enum sg_status status =
        verify_pdf(bytes, &check->terms, check->reports, SIGNATURES_MAX, &count, why);

    if (status == SG_OK && count > SIGNATURES_MAX) {
        /* More than are judged: none is called valid on the word of some. */
        status = sg_fail(why, SG_TOO_LARGE, "the file has too many signatures");
    }
    if (status == SG_OK) {
        finding->count = count;
        conclude(check, finding);
        verify_notice_judge(&check->notice, &bytes, finding);
        return;
    }
    finding->problem = why->text[0] != '\0' ? why->text : sg_status_text(status);
    finding->outcome = status == SG_NOT_FOUND ? VERIFY_UNSIGNED : VERIFY_UNREADABLE;
}

static bool is_detached(const struct check *check, const char *path, struct slice bytes)
{
    return (bytes.len < 5 || memcmp(bytes.data, "%PDF-", 5) != 0) &&
           (check->content != NULL || text_ends_in(path, ".p7s"));
}

/* Signing puts the signature where the results go, not where the file is. */
static void name_content(const struct check *check, struct sg_error *why)
{
    size_t len = strlen(why->text);

    if (check->content == NULL && text_ends_in(why->text, "there is no such file")) {
        (void)snprintf(why->text + len, sizeof(why->text) - len,
                       ": name what was signed with --content");
    }
}

static void take_detached(const struct check *check, struct slice cms,
                          struct verify_finding *finding, struct sg_error *why)
{
    char path[PATH_SIZE];
    struct file_bytes content = {0};

    (void)snprintf(path, sizeof(path), "%.*s", (int)strlen(finding->path) - 4,
                   finding->path);
    const char *name = check->content != NULL ? check->content : path;
    if (file_read(name, PDF_MAX, &content, why) != SG_OK) {
        name_content(check, why);
        finding->problem = why->text;
        finding->outcome = VERIFY_UNREADABLE;
        return;
    }
    verify_detached(cms, slice_of(content.data, content.len), &check->terms,
                    check->reports);
    finding->count = 1;
    conclude(check, finding);
    verify_notice_judge(&check->notice, NULL, finding);
    file_free(&content);
}

/* why keeps the sentence that the finding refers to. */
static struct verify_finding check_file(const struct check *check, const char *path,
                                        struct sg_error *why)
{
    struct verify_finding finding = {
        .path = path, .reports = check->reports, .problem = ""};
    struct file_bytes bytes = {0};

    *why = (struct sg_error){.text = ""};
    if (file_read(path, PDF_MAX, &bytes, why) != SG_OK) {
        finding.problem = why->text;
        finding.outcome = VERIFY_UNREADABLE;
        verify_put_reason(&finding, check->lang);
        screen_complain(finding.reason);
        return finding;
    }
    struct slice all = slice_of(bytes.data, bytes.len);
    if (is_detached(check, path, all)) {
        take_detached(check, all, &finding, why);
    } else {
        take_pdf(check, all, &finding, why);
    }
    verify_put_reason(&finding, check->lang);
    file_free(&bytes);
    return finding;
}

/* --- All files -----------------------------------------------------------------------
 */

static bool is_table(const struct verify_options *options, const struct words *words)
{
    return words->count > 1 && !options->details && !options->json;
}

static enum exit_code check_files(const struct check *check,
                                  const struct verify_options *options,
                                  const struct words *words)
{
    size_t counts[VERIFY_OUTCOMES] = {0};
    enum verify_outcome worst = VERIFY_VALID;
    bool table = is_table(options, words);
    struct sg_error why;

    if (table) {
        verify_print_head(check->lang);
    }
    for (size_t i = 0; i < words->count; i++) {
        struct verify_finding finding = check_file(check, words->at[i], &why);
        worst = finding.outcome > worst ? finding.outcome : worst;
        counts[finding.outcome]++;
        if (options->json) {
            verify_print_json(&finding, check->lang);
        } else if (table) {
            verify_print_line(&finding, check->lang);
        } else {
            verify_print_people(&finding, check->lang);
        }
        if (ferror(stdout) != 0) {
            break; /* for a reader that has gone nothing is checked */
        }
    }
    if (!options->json && words->count > 1) {
        verify_print_totals(counts, check->lang);
    }
    return verify_outcome_exit(worst);
}

/* --- What was asked for --------------------------------------------------------------
 */

/* Without anchors the chain stays unknown, and nothing is called valid. */
static enum sg_status load_anchors(const struct home *home,
                                   const struct verify_options *options, X509_STORE **out,
                                   struct sg_error *why)
{
    char path[HOME_PATH_SIZE];

    if (options->anchors != NULL) {
        return verify_anchors(options->anchors, out, why);
    }
    if (home_need(home, HOME_ANCHORS, path, why) != SG_OK) {
        screen_complain("no trusted roots are known, so no signature can be called "
                        "valid: give --anchors FILE or put anchors.pem into the home "
                        "folder");
        return SG_OK;
    }
    return verify_anchors(path, out, why);
}

static enum sg_status load_statement(const char *path, bool ocsp,
                                     struct verify_material *given, struct sg_error *why)
{
    struct file_bytes bytes = {0};

    if (path == NULL) {
        return SG_OK;
    }
    TRY(file_read(path, PDF_MAX, &bytes, why));
    enum sg_status status =
        verify_material_file(given, slice_of(bytes.data, bytes.len), ocsp);
    file_free(&bytes);
    if (status == SG_TOO_LARGE) {
        return sg_fail(why, status,
                       "'%s' holds more than %d CRLs; give those of the signers' "
                       "authorities alone",
                       path, VERIFY_MATERIAL_MAX);
    }
    return status == SG_OK ? SG_OK
                           : sg_fail(why, SG_INVALID,
                                     "'%s' cannot be read, to its end, as %s; fetch it "
                                     "anew",
                                     path,
                                     ocsp ? "an OCSP answer (DER)"
                                          : "CRLs (PEM) or as one CRL (DER)");
}

static enum sg_status read_level(const char *text, enum verify_level *out,
                                 struct sg_error *why)
{
    static const char *const names[] = {NULL, "b-b", "b-t", "b-lt", "b-lta"};

    for (size_t i = 1; text != NULL && i < SG_COUNT(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum verify_level)i;
            return SG_OK;
        }
    }
    return text == NULL
               ? SG_OK
               : sg_fail(why, SG_INVALID, "--require is b-b, b-t, b-lt or b-lta");
}

static enum sg_status prepare(const struct home *home,
                              const struct verify_options *options, struct check *check,
                              struct sg_error *why)
{
    check->lang = strcmp(options->lang, "id") == 0 ? VERIFY_LANG_ID : VERIFY_LANG_EN;
    check->content = options->content;
    check->need_status = options->need_status;
    check->terms.given = &check->given;
    TRY(read_level(options->require, &check->level, why));
    if (options->at != NULL &&
        text_time_parse(slice_str(options->at), &check->terms.at_us) != SG_OK) {
        return sg_fail(why, SG_INVALID, "--at is a time such as 2026-05-02T01:02:03Z");
    }
    TRY(load_anchors(home, options, &check->terms.anchors, why));
    TRY(load_statement(options->crl, false, &check->given, why));
    TRY(load_statement(options->ocsp, true, &check->given, why));
    check->notice.needed = options->need_statement;
    TRY(verify_notice_read(options->statement, options->logo, &check->notice, why));
    check->reports =
        (struct verify_report *)calloc(SIGNATURES_MAX, sizeof(struct verify_report));
    return check->reports == NULL ? SG_NO_MEMORY : SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct verify_options options = {.lang = "en"};
    AUTO(fini) struct check check = {.level = VERIFY_LEVEL_NONE};
    struct sg_error why = {0};

    if (command_parse(&command_verify, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    bool known = strcmp(options.lang, "id") == 0 || strcmp(options.lang, "en") == 0;
    if (words->count == 0 || !known) {
        screen_complain(words->count == 0 ? "name the files: segel verify FILE.pdf…"
                                          : "--lang is id or en");
        return EXIT_USAGE;
    }
    if (options.content != NULL && words->count > 1) {
        screen_complain("--content goes with one signature: name one file");
        return EXIT_USAGE;
    }
    check.notice.looked = options.need_statement || !is_table(&options, words);
    enum sg_status status = prepare(home, &options, &check, &why);
    if (status != SG_OK) {
        /* Nothing has been said of a letter: 1 and 3 would be taken for that. */
        (void)command_failed(status, &why);
        return EXIT_USAGE;
    }
    return check_files(&check, &options, words);
}

const struct command command_verify = {
    .name = "verify",
    .operands = "FILE…",
    .summary = "check the signatures of PDFs and of .p7s, without any network",
    .examples =
        "Exit code 0: every signature of every file is valid. 1: one is not, or "
        "has not the\nlevel of --require, or does not show what was asked for. "
        "2: the command line, or a\nfile that it names beside the letters, is "
        "wrong. 3: a file cannot be read. 4: a file\nhas no signature. 5: not all "
        "could be checked. Of many the worst.\n\n"
        "Examples:\n"
        "  segel verify signed/*.pdf\n"
        "  segel verify --lang id surat.pdf\n"
        "  segel verify --require b-t --ca root.pem --json surat.pdf\n"
        "  segel verify --need-statement --logo bsre.png signed/*.pdf\n"
        "  segel verify --content data.xml signed/data.xml.p7s\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

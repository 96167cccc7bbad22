#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/file.h"
#include "client/screen.h"
#include "client/verify_print.h"

/* `segel verify` */
enum { SIGNATURES_MAX = 64, PDF_MAX = 1 << 30 };

struct verify_options {
    const char *anchors;
    const char *lang;
    bool json;
};

#define AT(member) offsetof(struct verify_options, member)
static const struct option rows[] = {
    {"anchors", 0, "FILE",
     "root certificates to trust, PEM (default: anchors.pem of the home folder)",
     AT(anchors)},
    {"lang", 0, "id|en", "language of the report (default: en)", AT(lang)},
    {"json", 0, NULL, "one JSON object a file", AT(json)},
};

static void free_anchors(X509_STORE **anchors)
{
    X509_STORE_free(*anchors);
}

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

/* What all files have in common. */
struct check {
    X509_STORE *anchors;
    struct verify_report *reports;
    enum verify_lang lang;
    bool json;
};

static enum exit_code check_file(const struct check *check, const char *path)
{
    struct file_bytes bytes = {0};
    struct sg_error why = {0};
    size_t count = 0;
    const struct verify_input terms = {.anchors = check->anchors};

    if (file_read(path, PDF_MAX, &bytes, &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_BROKEN;
    }
    enum sg_status status = verify_pdf(slice_of(bytes.data, bytes.len), &terms,
                                       check->reports, SIGNATURES_MAX, &count, &why);
    const char *problem = why.text[0] != '\0' ? why.text : sg_status_text(status);
    if (status == SG_OK && count > SIGNATURES_MAX) {
        /* More than are judged: none is called valid on the word of some. */
        status = SG_TOO_LARGE;
        problem = "the file has too many signatures";
    }
    struct verify_finding finding = {path, check->reports, status == SG_OK ? count : 0,
                                     status == SG_OK ? "" : problem};
    if (check->json) {
        verify_print_json(&finding);
    } else {
        verify_print_people(&finding, check->lang);
    }
    file_free(&bytes);
    return verify_finding_valid(&finding) ? EXIT_WELL : EXIT_REFUSED;
}

/* The worst outcome is the program's. */
static enum exit_code check_files(const struct check *check, const struct words *words)
{
    enum exit_code worst = EXIT_WELL;
    size_t valid = 0;

    for (size_t i = 0; i < words->count; i++) {
        enum exit_code one = check_file(check, words->at[i]);
        worst = one > worst ? one : worst;
        valid += one == EXIT_WELL ? 1 : 0;
    }
    if (!check->json && words->count > 1) {
        (void)printf(check->lang == VERIFY_LANG_ID ? "%zu dari %zu berkas sah\n"
                                                   : "%zu of %zu files valid\n",
                     valid, words->count);
    }
    return worst;
}

static enum exit_code judge(const struct home *home, const struct verify_options *options,
                            const struct words *words)
{
    AUTO(free_anchors) X509_STORE *anchors = NULL;
    struct sg_error why = {0};
    enum sg_status status = load_anchors(home, options, &anchors, &why);

    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    struct verify_report *reports =
        (struct verify_report *)calloc(SIGNATURES_MAX, sizeof(*reports));
    if (reports == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    bool indonesian = strcmp(options->lang, "id") == 0;
    struct check check = {anchors, reports, indonesian ? VERIFY_LANG_ID : VERIFY_LANG_EN,
                          options->json};
    enum exit_code worst = check_files(&check, words);
    free(reports);
    return worst;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct verify_options options = {.lang = "en"};

    if (command_parse(&command_verify, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    bool known = strcmp(options.lang, "id") == 0 || strcmp(options.lang, "en") == 0;
    if (words->count == 0 || !known) {
        screen_complain(words->count == 0 ? "name the files: segel verify FILE.pdf…"
                                          : "--lang is id or en");
        return EXIT_USAGE;
    }
    return judge(home, &options, words);
}

const struct command command_verify = {
    .name = "verify",
    .operands = "FILE.pdf…",
    .summary = "check the signatures of PDFs, without any network",
    .examples = "Exit code 1 when any file is not valid in all its signatures.\n\n"
                "Examples:\n"
                "  segel verify signed/*.pdf\n"
                "  segel verify --lang id surat.pdf\n"
                "  segel verify --anchors root.pem --json surat.pdf\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

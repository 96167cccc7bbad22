#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* A collection of real and of broken PDFs, each with the verdict that a careful signer
 * reaches: a folder with expected.tsv (file, verdict, note). It is not part of the
 * repository: it stands beside the checkout, or $SEGEL_PDF_CORPUS names it. Verdicts:
 * sign, refuse, either, broken-input (sign; qpdf complains about the input already). */

enum { LINE_SIZE = 1024 };

/* The collection's "either": harmless faults in a count. We sign all of them; a change
 * of that should be seen. */
static const char *const either_signed[] = {
    "pyhanko/base.pdf", "pyhanko/tail-uncovered.pdf",
    "qpdf/bad40.pdf",   "vera/v153.pdf",
    "vera/v155.pdf",    "vera/v156.pdf",
    "vera/v160.pdf",    "vera/v165.pdf",
    "vera/v166.pdf",    "vera/v169.pdf",
    "vera/v41.pdf",     "vera/v42.pdf",
    "vera/v53.pdf",
};

/* Have no place for a visible stamp: a page without size, one of a single point. */
static const char *const placeless[] = {
    "pyhanko/no-mediabox.pdf",
    "qpdf/dr-with-indirect-item-out.pdf",
};

static struct tool_folder folder;
static struct signer signer;
static char root[LINE_SIZE];

struct tally {
    int signed_, refused, broken, differing, invalid;
};

static bool find_corpus(void)
{
    glob_t found;
    const char *named = getenv("SEGEL_PDF_CORPUS"); /* NOLINT: one thread */

    if (named != NULL) {
        (void)snprintf(root, sizeof(root), "%s", named);
        return true;
    }
    /* NOLINTNEXTLINE: one thread */
    if (glob("../*/corpus/pdf/expected.tsv", 0, NULL, &found) != 0) {
        return false;
    }
    const char *path = found.gl_pathv[0];
    (void)snprintf(root, sizeof(root), "%.*s",
                   (int)(strlen(path) - sizeof("/expected.tsv") + 1), path);
    globfree(&found);
    return true;
}

static bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the file should be signed. */
static bool wanted(const char *name, const char *verdict, bool visible)
{
    if (visible && is_among(name, placeless, SG_COUNT(placeless))) {
        return false;
    }
    if (strcmp(verdict, "either") == 0) {
        return is_among(name, either_signed, SG_COUNT(either_signed));
    }
    return strcmp(verdict, "refuse") != 0;
}

static struct pdf_wish wish_of(bool visible)
{
    struct pdf_wish wish = signer_wish();

    wish.reason = "Pemeriksaan";
    if (visible) {
        wish.page = -1;
        wish.rect = (struct pdf_rect){.x = 1, .y = 1, .width = 96, .height = 40};
        wish.statement = "Dokumen ini telah ditandatangani secara elektronik";
        wish.qr_text = "https://segel.example.go.id/v/0123456789";
    }
    return wish;
}

/* The last signature covers all; none of the earlier ones that were good went bad. */
static bool is_valid(struct slice whole, bool broken)
{
    char path[TOOL_PATH];
    char out[16384];

    letter_write(tool_path(&folder, "signed.pdf", path), whole);
    const char *const pdfsig[] = {"pdfsig", "-nocert", path, NULL};
    (void)tool_run(pdfsig, out, sizeof(out));
    if (strstr(out, "Total document signed") == NULL ||
        strstr(out, "Signature is Valid.") == NULL ||
        strstr(out, "Digest Mismatch") != NULL) {
        return false;
    }
    const char *const qpdf[] = {"qpdf", "--check", path, NULL};
    return broken || tool_run(qpdf, out, sizeof(out)) != 2;
}

/* Our own listing must say the same. */
static bool is_listed(struct slice whole)
{
    struct pdf_document *document = NULL;

    if (pdf_open(whole, &document, NULL) != SG_OK) {
        return false;
    }
    size_t count = pdf_signature_count(document);
    const struct pdf_signature *last =
        count == 0 ? NULL : pdf_signature(document, count - 1);
    bool good = last != NULL && last->ranges_sound && last->covers_file;
    pdf_close(document);
    return good;
}

static void judge_one(const char *name, const char *verdict, bool visible,
                      struct tally *tally)
{
    char path[2 * LINE_SIZE];
    struct pdf_wish wish = wish_of(visible);
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {0};
    struct slice whole;

    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    struct slice pdf = letter_read(path);
    bool done = signer_sign(&signer, pdf, &wish, &whole, &refusal, &why) == SG_OK;
    if (done != wanted(name, verdict, visible)) {
        tally->differing++;
        (void)fprintf(stderr, "%s: %s expected; %s\n", name, verdict,
                      done ? "signed" : why.text);
    }
    bool broken = strcmp(verdict, "broken-input") == 0;
    if (done && (!is_valid(whole, broken) || !is_listed(whole))) {
        tally->invalid++;
        (void)fprintf(stderr, "%s: the signature is not valid\n", name);
    }
    tally->signed_ += done;
    tally->refused += !done;
    tally->broken += broken;
    letter_free(whole);
    letter_free(pdf);
}

static struct tally judge_all(bool visible)
{
    char path[2 * LINE_SIZE];
    char line[LINE_SIZE];
    struct tally tally = {0};

    (void)snprintf(path, sizeof(path), "%s/expected.tsv", root);
    FILE *list = fopen(path, "r");
    cr_assert_not_null(list, "%s", path);
    while (fgets(line, sizeof(line), list) != NULL) {
        char *rest = line;
        const char *name = strsep(&rest, "\t\n");
        const char *verdict = strsep(&rest, "\t\n");
        if (name[0] != '#' && verdict != NULL) {
            judge_one(name, verdict, visible, &tally);
        }
    }
    (void)fclose(list);
    return tally;
}

static void run(bool visible)
{
    cr_assert(find_corpus());
    tool_folder_init(&folder);
    signer_init(&signer);
    struct tally tally = judge_all(visible);
    (void)fprintf(stderr,
                  "%s: %d signed (%d of broken content), %d refused; %d differ from the "
                  "list, %d not valid\n",
                  visible ? "visible" : "invisible", tally.signed_, tally.broken,
                  tally.refused, tally.differing, tally.invalid);
    cr_expect_gt(tally.signed_, 0);
    cr_expect_eq(tally.differing, 0);
    cr_expect_eq(tally.invalid, 0);
    signer_fini(&signer);
    tool_folder_fini(&folder);
}

/* Says "skipped" as programs do, before any test: Criterion would count none. */
ReportHook(PRE_ALL)(struct criterion_test_set *set)
{
    (void)set;
    if (!find_corpus()) {
        (void)puts(
            "no collection of PDFs beside the checkout; SEGEL_PDF_CORPUS names one");
        (void)fflush(stdout);
        _exit(77);
    }
}

TestSuite(corpus, .timeout = 600);

Test(corpus, invisible_signatures_agree_with_the_list)
{
    run(false);
}

Test(corpus, visible_signatures_agree_with_the_list)
{
    run(true);
}

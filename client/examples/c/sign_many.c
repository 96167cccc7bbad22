/* Many letters: prepared on all processors, sent as one stream, in bounded memory.
 *
 *   cc sign_many.c $(pkg-config --cflags --libs segel) -o sign_many
 *   ./sign_many gw1.example.go.id:7443 certificates seal-setda \
 *       surat_keterangan ND/123/2026 signed batch-2026-000123 *.pdf
 *
 * The ids of the letters are the batch's name and a number. A second run with the same
 * name and files would be refused, because it states another signing time: a program that
 * goes on after a crash keeps ids, times and the room (segel.h, struct segel_letter). */
#include <segel.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS = 1, FOLDER, KEY, CLASS, APPROVAL, OUT, BATCH, FIRST };

struct run {
    struct segel_bulk *bulk;
    struct segel_plan *plan;
    char **words;
    int count;
    int next; /* word: the next letter */
    int failed;
};

static void take(struct run *run, const struct segel_outcome *outcome)
{
    if (outcome->code == SEGEL_OK) {
        (void)printf("signed  %s, log index %llu\n", outcome->output,
                     (unsigned long long)outcome->log_index);
        return;
    }
    run->failed++;
    (void)printf("%s  %s: %s", segel_code_name(outcome->code), outcome->path,
                 outcome->text);
    if (outcome->failure_count > 0) {
        (void)printf(" (rule %s, CP section %s)", outcome->failures[0].rule,
                     outcome->failures[0].cp_section);
    }
    (void)printf("\n");
}

static int submit(struct run *run, struct segel_error *error)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    const char *path = run->words[run->next];
    const char *slash = strrchr(path, '/');
    char output[4096];
    char id[64];

    (void)snprintf(output, sizeof(output), "%s/%s", run->words[OUT],
                   slash == NULL ? path : slash + 1);
    (void)snprintf(id, sizeof(id), "%.50s-%d", run->words[BATCH], run->next - FIRST + 1);
    letter.request_id = id;
    letter.path = path;
    letter.output = output;
    return segel_bulk_submit(run->bulk, run->plan, &letter, error);
}

/* Letters go in until the window is full; then outcomes come out. */
static int drive(struct run *run, struct segel_error *error)
{
    const struct segel_outcome *outcome = NULL;
    int code = SEGEL_OK;

    for (;;) {
        while (run->next < run->count && code == SEGEL_OK) {
            code = submit(run, error);
            run->next += code == SEGEL_OK ? 1 : 0;
        }
        if (code != SEGEL_OK && code != SEGEL_FULL) {
            return code;
        }
        code = segel_bulk_next(run->bulk, -1, &outcome, error);
        if (code != SEGEL_OK) {
            return code == SEGEL_END ? SEGEL_OK : code;
        }
        take(run, outcome);
        segel_outcome_free(outcome);
    }
}

static int sign_all(struct segel *segel, struct run *run, struct segel_error *error)
{
    struct segel_terms terms = SEGEL_INIT(terms);

    terms.key = run->words[KEY];
    terms.document_class = run->words[CLASS];
    terms.approval = run->words[APPROVAL];
    terms.batch = run->words[BATCH];
    terms.notice_shown = 1;
    int code = segel_plan_make(segel, &terms, &run->plan, error);
    if (code == SEGEL_OK) {
        code = segel_bulk_open(segel, NULL, &run->bulk, error);
    }
    if (code == SEGEL_OK) {
        code = drive(run, error);
    }
    segel_bulk_close(run->bulk);
    segel_plan_free(run->plan);
    return code;
}

int main(int count, char **words)
{
    struct segel_options options = SEGEL_INIT(options);
    struct run run = {.words = words, .count = count, .next = FIRST};
    struct segel_error error;
    struct segel *segel = NULL;
    char paths[3][512];
    static const char *const names[3] = {"ca.pem", "cert.pem", "key.pem"};

    if (count <= FIRST) {
        (void)fprintf(stderr, "see the head of sign_many.c\n");
        return 2;
    }
    for (int i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", words[FOLDER], names[i]);
    }
    options.address = words[ADDRESS];
    options.ca = paths[0];
    options.certificate = paths[1];
    options.private_key = paths[2];
    int code = segel_open(&options, &segel, &error);
    if (code == SEGEL_OK) {
        code = sign_all(segel, &run, &error);
    }
    segel_close(segel);
    if (code != SEGEL_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 3;
    }
    return run.failed == 0 ? 0 : 1;
}

/* One letter in the three steps that any system can take apart: prepare, sign, embed.
 *
 *   cc sign_one.c $(pkg-config --cflags --libs segel) -o sign_one
 *   ./sign_one gw1.example.go.id:7443 certificates seal-setda \
 *       surat_keterangan ND/123/2026 letter.pdf signed.pdf job-2026-000123
 *
 * certificates: a folder with ca.pem, cert.pem and key.pem. */
#include <segel.h>
#include <stdio.h>

enum { ADDRESS = 1, FOLDER, KEY, CLASS, APPROVAL, INPUT, OUTPUT, ID, COUNT };

static int say(const struct segel_error *error)
{
    (void)fprintf(stderr, "%s (%s)", error->text, error->reason);
    if (error->rule[0] != '\0') {
        (void)fprintf(stderr, ", rule %s, CP section %s", error->rule, error->cp_section);
    }
    (void)fprintf(stderr, "\n");
    return error->code;
}

/* The digest may be signed elsewhere and later: here it is done at once. */
static int sign(struct segel *segel, const struct segel_plan *plan,
                struct segel_prepared *prepared, char **words, struct segel_error *error)
{
    struct segel_letter job = SEGEL_INIT(job);
    const struct segel_outcome *outcome = NULL;

    job.request_id = words[ID];
    job.digest = segel_prepared_digest(prepared, &job.digest_len);
    int code = segel_sign(segel, plan, &job, &outcome, error);
    if (code == SEGEL_OK) {
        (void)printf("decision %s, log index %llu\n", outcome->decision_id,
                     (unsigned long long)outcome->log_index);
        code = segel_embed(prepared, outcome->signature, outcome->signature_len,
                           words[OUTPUT], error);
    }
    segel_outcome_free(outcome);
    return code;
}

static int do_letter(struct segel *segel, char **words, struct segel_error *error)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_look look = SEGEL_INIT(look);
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_plan *plan = NULL;
    struct segel_prepared *prepared = NULL;

    terms.key = words[KEY];
    terms.document_class = words[CLASS];
    terms.approval = words[APPROVAL];
    look.page = -1;
    look.x = 40;
    look.y = 40;
    look.width = 260;
    look.height = 60;
    terms.look = &look;
    letter.request_id = words[ID];
    letter.path = words[INPUT];
    int code = segel_plan_make(segel, &terms, &plan, error);
    if (code == SEGEL_OK) {
        code = segel_prepare(plan, &letter, &prepared, error);
    }
    if (code == SEGEL_OK) {
        code = sign(segel, plan, prepared, words, error);
    }
    segel_prepared_free(prepared);
    segel_plan_free(plan);
    return code;
}

int main(int count, char **words)
{
    struct segel_options options = SEGEL_INIT(options);
    struct segel_error error;
    struct segel *segel = NULL;
    char paths[3][512];
    static const char *const names[3] = {"ca.pem", "cert.pem", "key.pem"};

    if (count != COUNT) {
        (void)fprintf(stderr, "see the head of sign_one.c\n");
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
        code = do_letter(segel, words, &error);
    }
    segel_close(segel);
    return code == SEGEL_OK ? 0 : (say(&error), 1);
}

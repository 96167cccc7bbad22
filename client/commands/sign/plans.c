#include "client/commands/sign/plans.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "client/channel/moment.h"
#include "client/commands/sign/terms.h"
#include "client/segel/plan.h"
#include "proto/slice.h"

enum { AGAIN_US = 5000000 /* from one vain question to the next */ };

/* --- Terms ------------------------------------------------------------------------- */

/* NULL and "" differ; no two lists of texts give the same bytes. */
static void hash_texts(const char *const *texts, size_t count,
                       uint8_t out[SIGN_TERMS_SIZE])
{
    uint8_t whole[SHA256_DIGEST_LENGTH];
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    MUST(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = texts[i] == NULL ? "" : texts[i];
        uint8_t there = texts[i] != NULL;
        (void)EVP_DigestUpdate(context, &there, 1);
        (void)EVP_DigestUpdate(context, text, strlen(text) + 1);
    }
    MUST(EVP_DigestFinal_ex(context, whole, NULL) == 1);
    EVP_MD_CTX_free(context);
    memcpy(out, whole, SIGN_TERMS_SIZE);
}

void sign_terms_hash(const struct sign_options *options, uint8_t out[SIGN_TERMS_SIZE])
{
    const char *const texts[] = {
        options->key,      options->profile,  options->document_class,
        options->approval, options->mandate,  options->batch,
        options->page,     options->rect,     options->field,
        options->reason,   options->location, options->name,
        options->hash,     options->scheme,   options->notice ? "notice" : NULL,
        options->stamp,    options->title,    options->rank,
        options->nip,      options->unit};

    hash_texts(texts, SG_COUNT(texts), out);
}

/* --- Keeping ----------------------------------------------------------------------- */

/* Letters of one plan all show the statement, or none does. */
static void hash_terms(const struct segel_terms *terms, bool visible,
                       uint8_t out[SIGN_TERMS_SIZE])
{
    const char *const texts[] = {
        terms->key,     terms->document_class, terms->approval,
        terms->mandate, terms->profile,        terms->notice_shown ? "notice" : NULL,
        terms->hash,    terms->stamp,          visible ? "visible" : NULL};

    hash_texts(texts, SG_COUNT(texts), out);
}

/* The row of these terms, or the one that was left alone for longest. */
static struct sign_plans_row *find(struct sign_plans *plans,
                                   const uint8_t terms[SIGN_TERMS_SIZE])
{
    struct sign_plans_row *oldest = &plans->rows[0];

    for (size_t i = 0; i < SIGN_PLANS_KEPT; i++) {
        struct sign_plans_row *row = &plans->rows[i];
        if (row->plan != NULL && memcmp(row->terms, terms, SIGN_TERMS_SIZE) == 0) {
            return row;
        }
        oldest = row->used < oldest->used ? row : oldest;
    }
    segel_plan_free(oldest->plan);
    *oldest = (struct sign_plans_row){.plan = NULL};
    memcpy(oldest->terms, terms, SIGN_TERMS_SIZE);
    return oldest;
}

/* The gateway is not there, or crowded, for the moment: letters that are under way wait
 * for it, too. */
static bool passes(int code)
{
    return code == SEGEL_UNREACHABLE || code == SEGEL_TIMEOUT || code == SEGEL_BUSY ||
           code == SEGEL_UNAVAILABLE;
}

static int renew(struct sign_plans *plans, struct sign_plans_row *row,
                 const struct segel_terms *terms, struct segel_error *error)
{
    struct segel_plan *made = NULL;
    int code = segel_plan_make(plans->segel, terms, &made, error);

    if (row->plan != NULL && passes(code)) {
        row->again_us = moment_mono_us() + AGAIN_US;
        return SEGEL_OK;
    }
    if (code == SEGEL_OK) {
        segel_plan_free(row->plan);
        row->plan = made;
        row->again_us = 0;
    }
    return code;
}

static bool is_due(const struct sign_plans_row *row)
{
    return row->plan == NULL ||
           (plan_is_old(row->plan) && moment_mono_us() >= row->again_us);
}

int sign_plans_get(struct sign_plans *plans, const struct sign_plan *plan,
                   struct segel_plan **out, struct segel_error *error)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_look look = SEGEL_INIT(look);
    uint8_t hash[SIGN_TERMS_SIZE];
    int code = SEGEL_OK;

    sign_look(plan, &look);
    sign_terms_fill(plan, &terms);
    terms.look = &look;
    hash_terms(&terms, plan->visible, hash);
    struct sign_plans_row *row = find(plans, hash);
    if (is_due(row)) {
        code = renew(plans, row, &terms, error);
    }
    row->used = ++plans->clock;
    *out = row->plan;
    return code;
}

/* --- The gateway ------------------------------------------------------------------- */

enum sg_status sign_plans_open(struct sign_plans *plans, const struct home *home,
                               struct sg_error *why)
{
    *plans = (struct sign_plans){.segel = NULL};
    return sign_open(home, &plans->segel, why);
}

void sign_plans_close(struct sign_plans *plans)
{
    for (size_t i = 0; i < SIGN_PLANS_KEPT; i++) {
        segel_plan_free(plans->rows[i].plan);
    }
    segel_close(plans->segel);
}

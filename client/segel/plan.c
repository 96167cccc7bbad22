#include "client/segel/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/segel/error.h"
#include "client/segel/gateway.h"
#include "client/segel/signer.h"
#include "proto/text.h"

enum { SIGNATURE_MAX = 1 << 20 };

/* --- What was given ---------------------------------------------------------------- */

static void set_defaults(struct segel_terms *terms)
{
    terms->mandate = terms->mandate == NULL ? "" : terms->mandate;
    terms->batch = terms->batch == NULL ? "" : terms->batch;
    terms->profile = terms->profile == NULL ? "pades-b-b" : terms->profile;
    terms->language = terms->language == NULL ? "en" : terms->language;
    terms->content_type =
        terms->content_type == NULL ? "application/pdf" : terms->content_type;
}

/* The gateway refuses the call for terms that it does not take, and cannot say in which
 * row of a table they stand. */
int plan_check_terms(const struct segel_terms *terms, struct segel_error *error)
{
    enum { ID_MAX = 64, APPROVAL_MAX = 128 };
    const struct {
        const char *name;
        const char *text;
        size_t max;
    } rows[] = {{"document class", terms->document_class, ID_MAX},
                {"approval", terms->approval, APPROVAL_MAX},
                {"mandate", terms->mandate, ID_MAX},
                {"batch", terms->batch, ID_MAX},
                {"content type", terms->content_type, ID_MAX},
                {"language", terms->language, ID_MAX}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (!text_taken(rows[i].text, rows[i].max)) {
            return error_set(error, SEGEL_USAGE, "unusable-text",
                             "the %s must have at most %zu bytes, in UTF-8 and without "
                             "control characters",
                             rows[i].name, rows[i].max);
        }
    }
    return SEGEL_OK;
}

static int take_terms(struct segel_plan *plan, const struct segel_terms *given,
                      struct segel_error *error)
{
    struct segel_terms *terms = &plan->given;

    if (!error_take_struct(terms, sizeof(*terms), given)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the terms have no size: start from SEGEL_INIT");
    }
    if (terms->key == NULL || terms->document_class == NULL || terms->approval == NULL) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "key, document_class and approval are needed");
    }
    set_defaults(terms);
    int code = plan_check_terms(terms, error);
    if (code == SEGEL_OK && terms->look != NULL) {
        code = look_take(&plan->look, terms->look, error);
        terms->look = &plan->look;
    }
    return code;
}

static enum sg_status keep_texts(struct segel_plan *plan)
{
    struct texts texts = {.count = 0};
    const char **const at[] = {
        &plan->given.key,          &plan->given.document_class, &plan->given.approval,
        &plan->given.mandate,      &plan->given.batch,          &plan->given.language,
        &plan->given.content_type, &plan->given.profile,        &plan->given.hash,
        &plan->given.scheme,       &plan->given.stamp};

    for (size_t i = 0; i < SG_COUNT(at); i++) {
        texts_add(&texts, at[i]);
    }
    texts_add_look(&texts, &plan->look);
    return texts_keep(&texts, &plan->block);
}

/* --- What the key offers ----------------------------------------------------------- */

static int no_offer(const struct segel_plan *plan, const char *what, const char *word,
                    struct segel_error *error)
{
    return error_set(error, SEGEL_USAGE, "not-offered",
                     "the key %s does not offer the %s '%s': 'segel signer %s' shows "
                     "which it does",
                     plan->given.key, what, word, plan->given.key);
}

static int fit_profile(struct segel_plan *plan, struct segel_error *error)
{
    enum sg_profile profile = sg_profile_parse(plan->given.profile);
    const struct segel_signer *signer = plan->signer;
    char word[32] = "";

    /* The name as the signer's list has it, whichever way it was written. */
    (void)snprintf(word, sizeof(word), "%s", sg_profile_name(profile));
    for (char *at = word; *at != '\0'; at++) {
        *at = (char)(*at == '_' ? '-' : *at);
    }
    if (profile == SG_PROFILE_NONE ||
        !signer_offers(signer->profiles, signer->profile_count, word)) {
        return no_offer(plan, "profile", plan->given.profile, error);
    }
    plan->terms.profile = (Segel__V1__SignatureProfile)profile;
    plan->is_pdf = profile == SG_PROFILE_PADES_B_B || profile == SG_PROFILE_PADES_B_T;
    plan->is_cms = profile != SG_PROFILE_RAW;
    return SEGEL_OK;
}

static int fit_algorithms(struct segel_plan *plan, struct segel_error *error)
{
    const struct segel_signer *signer = plan->signer;
    const char *hash = plan->given.hash;

    /* The first hash of the list is the gateway's choice. */
    if (hash == NULL) {
        hash = signer->hash_count == 0 ? "" : signer->hashes[0];
    }
    if (!signer_offers(signer->hashes, signer->hash_count, hash)) {
        return no_offer(plan, "hash", hash, error);
    }
    plan->hash = sg_hash_parse(hash);
    plan->terms.hash_algorithm = (Segel__V1__HashAlgorithm)plan->hash;
    if (plan->given.scheme == NULL) {
        return SEGEL_OK;
    }
    if (!signer_offers(signer->schemes, signer->scheme_count, plan->given.scheme)) {
        return no_offer(plan, "scheme", plan->given.scheme, error);
    }
    plan->terms.signature_algorithm =
        (Segel__V1__SignatureAlgorithm)sg_scheme_parse(plan->given.scheme);
    return SEGEL_OK;
}

static int fit(struct segel_plan *plan, struct segel *segel, struct segel_error *error)
{
    uint32_t room = plan->signer->signature_max_len;

    if (room == 0 || room > SIGNATURE_MAX || plan->signer->plain_max_len > room) {
        return error_set(error, SEGEL_FAULT, NULL,
                         "the gateway asks for an impossible room of %u bytes for the "
                         "signature",
                         (unsigned)room);
    }
    int code = fit_profile(plan, error);
    if (code == SEGEL_OK) {
        code = fit_algorithms(plan, error);
    }
    return code == SEGEL_OK && plan->is_pdf
               ? offers_stamp(segel, plan->signer, plan->given.stamp, &plan->offered,
                              error)
               : code;
}

/* protobuf-c's structs name no text const, and only read. */
static void fill_terms(struct segel_plan *plan)
{
    const struct segel_terms *given = &plan->given;
    Segel__V1__SignTerms *terms = &plan->terms;

    terms->key = (char *)sg_unconst(given->key);
    terms->document_class = (char *)sg_unconst(given->document_class);
    terms->approval_ref = (char *)sg_unconst(given->approval);
    terms->mandate = (char *)sg_unconst(given->mandate);
    terms->batch = (char *)sg_unconst(given->batch);
    terms->language = (char *)sg_unconst(given->language);
    terms->content_type = (char *)sg_unconst(given->content_type);
    terms->notice_shown =
        given->notice_shown != 0 || plan_shows(plan, given->look) ? 1 : 0;
    terms->job_class = given->interactive != 0
                           ? SEGEL__V1__JOB_CLASS__JOB_CLASS_INTERACTIVE
                           : SEGEL__V1__JOB_CLASS__JOB_CLASS_BULK;
}

/* --- Making ------------------------------------------------------------------------ */

static int fill(struct segel_plan *plan, struct segel *segel,
                const struct segel_terms *terms, struct segel_error *error)
{
    int code = take_terms(plan, terms, error);

    if (code == SEGEL_OK && keep_texts(plan) != SG_OK) {
        code = error_memory(error);
    }
    if (code == SEGEL_OK) {
        code = offers_signer(segel, plan->given.key, &plan->signer, error);
    }
    if (code == SEGEL_OK) {
        plan->told_us = signer_told_us(plan->signer);
        code = fit(plan, segel, error);
    }
    return code;
}

int segel_plan_make(struct segel *segel, const struct segel_terms *terms,
                    struct segel_plan **out, struct segel_error *error)
{
    if (out == NULL) {
        return error_null(error, "out");
    }
    *out = NULL;
    if (segel == NULL) {
        return error_null(error, "segel");
    }
    int code = gateway_way_check(&segel->way, error);
    if (code != SEGEL_OK) {
        return code;
    }
    struct segel_plan *plan = (struct segel_plan *)calloc(1, sizeof(*plan));
    if (plan == NULL) {
        return error_memory(error);
    }
    atomic_init(&plan->users, 1);
    plan->known = verify_known_new();
    segel__v1__sign_terms__init(&plan->terms);
    code = fill(plan, segel, terms, error);
    if (code != SEGEL_OK) {
        segel_plan_free(plan);
        return code;
    }
    fill_terms(plan);
    *out = plan;
    return SEGEL_OK;
}

struct segel_plan *plan_share(struct segel_plan *plan)
{
    (void)atomic_fetch_add(&plan->users, 1);
    return plan;
}

bool plan_is_old(const struct segel_plan *plan)
{
    return moment_mono_us() - plan->told_us > OFFERS_FRESH_US;
}

void segel_plan_free(struct segel_plan *plan)
{
    if (plan != NULL && atomic_fetch_sub(&plan->users, 1) == 1) {
        offered_stamp_free(plan->offered);
        segel_signer_free(plan->signer);
        verify_known_free(plan->known);
        free(plan->block);
        free(plan);
    }
}

const char *segel_plan_hash(const struct segel_plan *plan)
{
    return plan == NULL ? NULL : sg_hash_name(plan->hash);
}

uint32_t segel_plan_room(const struct segel_plan *plan)
{
    if (plan == NULL) {
        return 0;
    }
    return sg_profile_stamped((enum sg_profile)plan->terms.profile)
               ? plan->signer->signature_max_len
               : plan->signer->plain_max_len;
}

bool plan_shows(const struct segel_plan *plan, const struct segel_look *look)
{
    return plan->given.stamp != NULL || look_visible(look);
}

/* --- Letters ----------------------------------------------------------------------- */

const struct segel_look *plan_look(const struct segel_plan *plan,
                                   const struct kept_letter *kept)
{
    return kept->letter.look != NULL ? kept->letter.look : plan->given.look;
}

int plan_fits(const struct segel_plan *plan, const struct kept_letter *kept,
              struct segel_error *error)
{
    const struct segel_letter *letter = &kept->letter;

    if (letter->digest == NULL && !plan->is_pdf) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the profile %s is not for letters: give the digest of a "
                         "document",
                         plan->given.profile);
    }
    if (letter->digest != NULL && letter->digest_len != sg_hash_len(plan->hash)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "a digest of %zu bytes is none of %s, which has %zu",
                         letter->digest_len, sg_hash_name(plan->hash),
                         sg_hash_len(plan->hash));
    }
    /* The gateway was told that the statement is on the page. */
    if (letter->digest == NULL && plan->given.notice_shown == 0 &&
        plan_shows(plan, plan->given.look) && !plan_shows(plan, plan_look(plan, kept))) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the plan's letters show the statement, and this one would not: "
                         "give it a field or a rectangle, or a plan of its own");
    }
    return SEGEL_OK;
}

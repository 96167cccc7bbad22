#include "gateway/core/key/binding.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Facts ----------------------------------------------------------------------- */

/* CKA_* of the token as facts; what the module would not tell stays absent, and an absent
 * fact denies. */
static void attribute_facts(const struct lane_key *info, struct facts *facts)
{
    static const struct {
        uint32_t bit;
        enum fact fact;
    } rows[] = {
        {1, FACT_ID_key_local},
        {2, FACT_ID_key_sensitive},
        {4, FACT_ID_key_always_sensitive},
        {8, FACT_ID_key_extractable},
        {16, FACT_ID_key_never_extractable},
        {32, FACT_ID_key_sign},
        {64, FACT_ID_key_sign_recover},
        {128, FACT_ID_key_decrypt},
        {256, FACT_ID_key_unwrap},
        {512, FACT_ID_key_derive},
        {1024, FACT_ID_key_modifiable},
        {2048, FACT_ID_key_copyable},
        {4096, FACT_ID_key_destroyable},
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if ((info->known & rows[i].bit) != 0) {
            facts_bool(facts, rows[i].fact, (info->attributes & rows[i].bit) != 0);
        }
    }
}

/* A text that is no date, like the 30th of February, names no end that a rule could hold:
 * the period counts as over. */
void binding_dates(const struct policy *policy, const struct lane_key *info,
                   struct facts *facts)
{
    int64_t us = 0;
    bool begins = policy_date(policy, info->start_date, &us);

    if (begins) {
        facts_number(facts, FACT_ID_key_start_date, us);
    }
    bool ends = policy_date(policy, info->end_date, &us);
    if (ends) {
        facts_number(facts, FACT_ID_key_end_date, policy_day_end_us(policy, us) - 1);
    }
    if ((!begins && info->start_date[0] != '\0') ||
        (!ends && info->end_date[0] != '\0')) {
        facts_number(facts, FACT_ID_key_end_date, 0);
    }
}

static void free_context(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

/* Of what the token showed, not of the certificate: a module may check nothing. */
static void point_fact(const struct lane_key *info, struct facts *facts)
{
    const unsigned char *at = info->spki;
    AUTO(free_key) EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)info->spki_len);

    if (strcmp(info->type, "ec") == 0) {
        AUTO(free_context)
        EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
        facts_bool(facts, FACT_ID_key_point_ok,
                   context != NULL && EVP_PKEY_public_check(context) == 1);
    }
    ERR_clear_error();
}

static void token_facts(const struct lane_token *token, struct facts *facts)
{
    facts_text(facts, FACT_ID_token_manufacturer, slice_str(token->manufacturer));
    facts_text(facts, FACT_ID_token_model, slice_str(token->model));
    facts_text(facts, FACT_ID_token_serial, slice_str(token->serial));
    facts_text(facts, FACT_ID_token_firmware, slice_str(token->firmware));
}

static bool known_software(const struct lane_token *token)
{
    static const struct {
        const char *manufacturer;
        const char *model;
    } rows[] = {
#define SOFTWARE(manufacturer, model) {manufacturer, model},
#include "gateway/core/watch/software.def"
#undef SOFTWARE
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (strstr(token->manufacturer, rows[i].manufacturer) != NULL &&
            strstr(token->model, rows[i].model) != NULL) {
            return true;
        }
    }
    return false;
}

/* Hardware is what the configuration calls so, and nothing contradicts. */
bool binding_on_hardware(const struct lane *lane)
{
    return lane_config(lane)->hardware && !known_software(lane_token(lane));
}

static void policy_facts(const struct policy_info *info, struct facts *facts)
{
    facts_number(facts, FACT_ID_policy_review_by, info->review_by_us);
    if (info->agreement_from_us != 0) {
        facts_number(facts, FACT_ID_agreement_from, info->agreement_from_us);
    }
    if (info->agreement_until_us != 0) {
        facts_number(facts, FACT_ID_agreement_until, info->agreement_until_us);
    }
}

static struct slice *slices_of(const struct config_words *words)
{
    struct slice *out =
        (struct slice *)calloc(words->count == 0 ? 1 : words->count, sizeof(*out));

    for (size_t i = 0; out != NULL && i < words->count; i++) {
        out[i] = slice_str(words->items[i]);
    }
    return out;
}

/* A successor that holds the public key of the one that it follows. */
static bool follows_itself(const struct key *key)
{
    const struct key *before = key->holder->predecessor;

    return before != NULL && key_ready(before) &&
           memcmp(before->spki_sha256, key->spki_sha256, sizeof(key->spki_sha256)) == 0;
}

/* Everything that is known of a key before a job comes. */
static void key_facts(const struct key *key, const struct policy *policy,
                      const struct lane *lane, const struct lane_key *info,
                      struct facts *facts)
{
    bool hardware = binding_on_hardware(lane);

    cert_facts(key->cert, facts);
    cert_path_facts(&key->holder->path, facts);
    cert_key_facts(key->cert, facts);
    attribute_facts(info, facts);
    binding_dates(policy, info, facts);
    point_fact(info, facts);
    token_facts(lane_token(lane), facts);
    policy_facts(policy_info(policy), facts);
    facts_text(facts, FACT_ID_key_id, slice_str(key->config->name));
    facts_text(facts, FACT_ID_key_class, slice_str(key->config->class));
    facts_text(facts, FACT_ID_key_assurance,
               slice_str(hardware ? "hardware" : "software"));
    facts_bool(facts, FACT_ID_key_same_as_predecessor, follows_itself(key));
    facts_bool(facts, FACT_ID_key_matches_cert,
               slice_equal(cert_spki(key->cert), slice_of(info->spki, info->spki_len)));
}

/* policy_bind copies the facts: the slices may go away after it. */
static enum sg_status bind_with_rules(const struct key *key, const struct policy *policy,
                                      struct facts *facts, struct policy_key **out)
{
    const struct config_key *config = key_rules(key);
    struct slice *allowed = slices_of(&config->allowed_classes);
    struct slice *prohibited = slices_of(&config->prohibited_classes);
    enum sg_status status = SG_NO_MEMORY;

    if (allowed != NULL && prohibited != NULL) {
        facts_set(facts, FACT_ID_key_allowed_classes, allowed,
                  config->allowed_classes.count);
        facts_set(facts, FACT_ID_key_prohibited_classes, prohibited,
                  config->prohibited_classes.count);
        facts_bool(facts, FACT_ID_key_raw_allowed, config->raw_allowed);
        status = policy_bind(policy, facts, out);
    }
    free(allowed);
    free(prohibited);
    return status;
}

/* --- Making ---------------------------------------------------------------------- */

/* A mechanism that the token lacks, or that CKA_ALLOWED_MECHANISMS forbids, is not tried.
 */
static void judge_use(const struct key *key, const struct lane_key *info,
                      struct binding *out)
{
    enum sg_scheme scheme = key->config->scheme;

    out->usable = info->usable;
    (void)snprintf(out->why, sizeof(out->why), "%s", info->why);
    if (out->usable && (info->mechanisms & (1U << scheme)) == 0) {
        out->usable = false;
        (void)snprintf(
            out->why, sizeof(out->why),
            "key '%s' cannot sign with %s: the token does not offer it, or the "
            "key's CKA_ALLOWED_MECHANISMS forbids it",
            key->config->name, sg_scheme_name(scheme));
    }
}

/* Core thread only. */
static uint64_t serials;

static struct binding *new_binding(struct policy *policy)
{
    struct binding *binding = (struct binding *)calloc(1, sizeof(*binding));

    if (binding != NULL) {
        atomic_init(&binding->holders, 1);
        binding->serial = ++serials;
        binding->policy = policy_take(policy);
    }
    return binding;
}

enum sg_status binding_make(const struct key *key, struct policy *policy,
                            const struct lane *lane, size_t position,
                            struct binding **out)
{
    const struct lane_key *info = lane_key(lane, position);
    struct binding *binding = new_binding(policy);
    struct facts facts = {0};

    if (binding == NULL) {
        return SG_NO_MEMORY;
    }
    judge_use(key, info, binding);
    binding->hardware = binding_on_hardware(lane);
    key_facts(key, policy, lane, info, &facts);
    enum sg_status status = bind_with_rules(key, policy, &facts, &binding->facts);
    if (status != SG_OK) {
        binding_give(binding);
        return status;
    }
    *out = binding;
    return SG_OK;
}

/* What the old policy said of itself must not outlive it. */
static void forget_policy(struct facts *facts)
{
    static const enum fact rows[] = {FACT_ID_agreement_from, FACT_ID_agreement_until,
                                     FACT_ID_policy_effective, FACT_ID_policy_review_by,
                                     FACT_ID_policy_profile};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        facts->value[rows[i]].present = false;
    }
}

enum sg_status binding_remake(const struct key *key, const struct binding *old,
                              struct policy *policy, struct binding **out)
{
    struct binding *binding = new_binding(policy);
    struct facts facts = *policy_key_facts(old->facts);

    if (binding == NULL) {
        return SG_NO_MEMORY;
    }
    binding->usable = old->usable;
    binding->hardware = old->hardware;
    (void)snprintf(binding->why, sizeof(binding->why), "%s", old->why);
    forget_policy(&facts);
    enum sg_status status = bind_with_rules(key, policy, &facts, &binding->facts);
    if (status != SG_OK) {
        binding_give(binding);
        return status;
    }
    *out = binding;
    return SG_OK;
}

void binding_give(struct binding *binding)
{
    if (binding == NULL ||
        atomic_fetch_sub_explicit(&binding->holders, 1, memory_order_acq_rel) > 1) {
        return;
    }
    policy_key_free(binding->facts);
    policy_free(binding->policy);
    free(binding);
}

/* --- Comparing ------------------------------------------------------------------- */

bool binding_better(const struct binding *one, const struct binding *other)
{
    size_t denials = policy_key_denials(one->facts);
    size_t others = policy_key_denials(other->facts);

    if (one->usable != other->usable) {
        return one->usable;
    }
    return denials != others ? denials < others : one->hardware && !other->hardware;
}

bool binding_alike(const struct binding *one, const struct binding *other)
{
    return one->usable == other->usable && one->hardware == other->hardware &&
           policy_key_alike(one->facts, other->facts);
}

bool binding_equal(const struct binding *one, const struct binding *other)
{
    return binding_alike(one, other) && strcmp(one->why, other->why) == 0 &&
           policy_key_equal(one->facts, other->facts);
}

#include "gateway/core/key.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Reading --------------------------------------------------------------------- */

/* As the policy writes it: "rsa-pkcs1-sha256", "ecdsa-p256-sha384". */
static void name_algorithm(enum sg_scheme scheme, enum sg_hash hash, const char *curve,
                           char out[32])
{
    static const struct {
        const char *curve;
        const char *infix;
    } curves[] = {{"P-256", "-p256"}, {"P-384", "-p384"}, {"P-521", "-p521"}};
    const char *infix = "";

    for (size_t i = 0; scheme == SG_SCHEME_ECDSA && i < SG_COUNT(curves); i++) {
        infix = strcmp(curve, curves[i].curve) == 0 ? curves[i].infix : infix;
    }
    (void)snprintf(out, 32, "%s%s-%s", sg_scheme_name(scheme), infix, sg_hash_name(hash));
}

static void name_algorithms(struct key *key, const char *curve)
{
    for (int s = 1; s < SG_SCHEME_COUNT; s++) {
        for (int h = 1; h < SG_HASH_COUNT; h++) {
            name_algorithm((enum sg_scheme)s, (enum sg_hash)h, curve,
                           key->algorithms[s][h]);
        }
    }
}

static enum sg_status make_profile(struct key *key, enum sg_profile profile,
                                   struct sg_error *why)
{
    size_t count = 0;
    X509 *const *chain = cert_chain(key->cert, &count);

    for (int h = 1; h < SG_HASH_COUNT; h++) {
        struct cms_shape shape = {profile, key->config->scheme, (enum sg_hash)h};
        TRY(cms_template_new(chain, count, shape, &key->templates[profile][h], why));
    }
    return SG_OK;
}

static enum sg_status make_templates(struct key *key, struct sg_error *why)
{
    static const enum sg_profile served[] = {SG_PROFILE_PADES_B_B, SG_PROFILE_CADES_B_B,
                                             SG_PROFILE_RAW};

    for (size_t p = 0; p < SG_COUNT(served); p++) {
        TRY(make_profile(key, served[p], why));
    }
    return SG_OK;
}

static enum sg_status load_key(struct key *key, const struct config *config,
                               int64_t now_us, struct sg_error *why)
{
    struct cert_files files = {key->config->certificate, key->config->chain,
                               config->anchors_file};
    struct facts facts = {0};

    TRY(cert_load(&files, now_us, &key->cert, why));
    struct slice spki = cert_spki(key->cert);
    (void)SHA256(spki.data, spki.len, key->spki_sha256);
    cert_key_facts(key->cert, &facts);
    const struct fact_value *curve = &facts.value[FACT_ID_key_curve];
    char name[16] = "";
    if (curve->present && curve->text.len < sizeof(name)) {
        memcpy(name, curve->text.data, curve->text.len);
    }
    name_algorithms(key, name);
    return make_templates(key, why);
}

enum sg_status keyring_load(const struct config *config, int64_t now_us,
                            struct keyring *ring, struct sg_error *why)
{
    *ring = (struct keyring){0};
    ring->keys = (struct key *)calloc(config->key_count, sizeof(*ring->keys));
    if (ring->keys == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for %zu keys", config->key_count);
    }
    for (size_t i = 0; i < config->key_count; i++) {
        ring->keys[i].config = &config->keys[i];
        while (!config_key_on_lane(&config->keys[i],
                                   &config->lanes[ring->keys[i].lane])) {
            ring->keys[i].lane++;
        }
        ring->count++;
        struct sg_error inner = {0};
        enum sg_status status = load_key(&ring->keys[i], config, now_us, &inner);
        if (status != SG_OK) {
            return sg_fail(why, status, "key '%s': %s", config->keys[i].name, inner.text);
        }
    }
    return SG_OK;
}

/* --- Binding --------------------------------------------------------------------- */

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
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if ((info->known & rows[i].bit) != 0) {
            facts_bool(facts, rows[i].fact, (info->attributes & rows[i].bit) != 0);
        }
    }
}

static void token_facts(const struct lane_token *token, struct facts *facts)
{
    facts_text(facts, FACT_ID_token_manufacturer, slice_str(token->manufacturer));
    facts_text(facts, FACT_ID_token_model, slice_str(token->model));
    facts_text(facts, FACT_ID_token_serial, slice_str(token->serial));
    facts_text(facts, FACT_ID_token_firmware, slice_str(token->firmware));
}

/* SoftHSM keeps keys in files: whatever the configuration says, it is software
 * (PP 71/2019 art. 60(3)c asks for a certified device). */
static bool token_is_hardware(const struct lane_token *token)
{
    return strstr(token->manufacturer, "SoftHSM") == NULL &&
           strstr(token->model, "SoftHSM") == NULL;
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

/* Everything that is known of a key before a job comes. */
static void key_facts(const struct key *key, const struct policy *policy,
                      const struct lane *lane, struct facts *facts)
{
    const struct lane_key *info = lane_key(lane, key->position);

    cert_facts(key->cert, facts);
    cert_key_facts(key->cert, facts);
    attribute_facts(info, facts);
    token_facts(lane_token(lane), facts);
    policy_facts(policy_info(policy), facts);
    facts_text(facts, FACT_ID_key_id, slice_str(key->config->name));
    facts_text(facts, FACT_ID_key_class, slice_str(key->config->class));
    facts_text(facts, FACT_ID_key_assurance,
               slice_str(key->hardware ? "hardware" : "software"));
    facts_bool(facts, FACT_ID_key_raw_allowed, key->config->raw_allowed);
    facts_bool(facts, FACT_ID_key_matches_cert,
               slice_equal(cert_spki(key->cert), slice_of(info->spki, info->spki_len)));
}

/* policy_bind copies the facts: the slices may go away after it. */
static enum sg_status bind_with_classes(struct key *key, const struct policy *policy,
                                        struct facts *facts)
{
    const struct config_key *config = key->config;
    struct slice *allowed = slices_of(&config->allowed_classes);
    struct slice *prohibited = slices_of(&config->prohibited_classes);
    enum sg_status status = SG_NO_MEMORY;

    if (allowed != NULL && prohibited != NULL) {
        facts_set(facts, FACT_ID_key_allowed_classes, allowed,
                  config->allowed_classes.count);
        facts_set(facts, FACT_ID_key_prohibited_classes, prohibited,
                  config->prohibited_classes.count);
        status = policy_bind(policy, facts, &key->bound);
    }
    free(allowed);
    free(prohibited);
    return status;
}

static enum sg_status bind_key(struct key *key, const struct policy *policy,
                               const struct lane *lane, struct sg_error *why)
{
    const struct lane_key *info = lane_key(lane, key->position);
    struct facts facts = {0};

    key->usable = info->usable;
    (void)snprintf(key->why, sizeof(key->why), "%s", info->why);
    key->hardware = token_is_hardware(lane_token(lane));
    key_facts(key, policy, lane, &facts);
    enum sg_status status = bind_with_classes(key, policy, &facts);
    return status == SG_OK
               ? SG_OK
               : sg_fail(why, status, "key '%s' cannot be bound to the policy",
                         key->config->name);
}

enum sg_status keyring_bind(struct keyring *ring, const struct policy *policy,
                            struct lane *const *lanes, struct sg_error *why)
{
    for (size_t i = 0; i < ring->count; i++) {
        TRY(bind_key(&ring->keys[i], policy, lanes[ring->keys[i].lane], why));
    }
    return SG_OK;
}

static void free_key(struct key *key)
{
    for (int p = 0; p < SG_PROFILE_COUNT; p++) {
        for (int h = 0; h < SG_HASH_COUNT; h++) {
            cms_template_free(key->templates[p][h]);
        }
    }
    policy_key_free(key->bound);
    cert_free(key->cert);
}

void keyring_fini(struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++) {
        free_key(&ring->keys[i]);
    }
    free(ring->keys);
    *ring = (struct keyring){0};
}

const struct key *keyring_find(const struct keyring *ring, struct slice name)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (slice_equal(name, slice_str(ring->keys[i].config->name))) {
            return &ring->keys[i];
        }
    }
    return NULL;
}

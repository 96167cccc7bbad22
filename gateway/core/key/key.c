#include "gateway/core/key/key.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/key/binding.h"

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
    enum sg_profile made = sg_profile_unstamped(profile); /* the token comes behind it */

    for (int h = 1; h < SG_HASH_COUNT; h++) {
        struct cms_shape shape = {made, key->config->scheme, (enum sg_hash)h};
        TRY(cms_template_new(chain, count, shape, &key->templates[profile][h], why));
    }
    return SG_OK;
}

static enum sg_status make_templates(struct key *key, const struct config *config,
                                     struct sg_error *why)
{
    static const enum sg_profile served[] = {SG_PROFILE_PADES_B_B, SG_PROFILE_CADES_B_B,
                                             SG_PROFILE_RAW, SG_PROFILE_PADES_B_T,
                                             SG_PROFILE_CADES_B_T};
    size_t count = SG_COUNT(served) - (config->tsa_urls[0] == '\0' ? 2 : 0);

    for (size_t p = 0; p < count; p++) {
        TRY(make_profile(key, served[p], why));
    }
    return SG_OK;
}

/* All that follows from its certificate. */
static enum sg_status take_certificate(struct key *key, const struct config *config,
                                       int64_t now_us, struct sg_error *why)
{
    struct facts facts = {0};

    TRY(cert_judge_path(key->cert, now_us, &key->holder->path));
    struct slice spki = cert_spki(key->cert);
    (void)SHA256(spki.data, spki.len, key->spki_sha256);
    cert_key_facts(key->cert, &facts);
    const struct fact_value *curve = &facts.value[FACT_ID_key_curve];
    char name[16] = "";
    if (curve->present && curve->text.len < sizeof(name)) {
        memcpy(name, curve->text.data, curve->text.len);
    }
    name_algorithms(key, name);
    TRY(make_templates(key, config, why));
    atomic_store_explicit(&key->ready, true, memory_order_release);
    return SG_OK;
}

static enum sg_status make_holder(struct key *key)
{
    key->holder = (struct binding_holder *)calloc(1, sizeof(*key->holder));
    if (key->holder == NULL || pthread_mutex_init(&key->holder->lock, NULL) != 0) {
        free(key->holder);
        key->holder = NULL;
        return SG_NO_MEMORY;
    }
    return SG_OK;
}

static enum sg_status load_key(struct key *key, const struct config *config,
                               int64_t now_us, struct sg_error *why)
{
    struct cert_files files = {key->config->certificate, key->config->chain,
                               key->anchors};

    TRY(make_holder(key));
    if (key->config->certificate == NULL) {
        return SG_OK;
    }
    TRY(cert_load(&files, now_us, &key->cert, why));
    return take_certificate(key, config, now_us, why);
}

/* What is stopped by one name must not go on under another. */
enum sg_status keyring_apart(const struct keyring *ring, struct sg_error *why)
{
    for (size_t i = 0; i < ring->count; i++) {
        const struct key *key = &ring->keys[i];
        for (size_t k = 0; key->cert != NULL && k < i; k++) {
            const struct key *other = &ring->keys[k];
            if (other->cert != NULL && memcmp(key->spki_sha256, other->spki_sha256,
                                              sizeof(key->spki_sha256)) == 0) {
                return sg_fail(why, SG_INVALID,
                               "key '%s': its certificate is of the same key as that of "
                               "key '%s', which would sign on when this one is stopped: "
                               "give a key one name, with all its lanes",
                               key->config->name, other->config->name);
            }
        }
    }
    return SG_OK;
}

enum sg_status keyring_load(const struct config *config, int64_t now_us,
                            struct keyring *ring, struct sg_error *why)
{
    *ring = (struct keyring){0};
    ring->keys = (struct key *)calloc(config->key_count, sizeof(*ring->keys));
    if (ring->keys == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for %zu keys", config->key_count);
    }
    TRY(cert_anchors_load(config->anchors_file, &ring->anchors, why));
    for (size_t i = 0; i < config->key_count; i++) {
        ring->keys[i].config = &config->keys[i];
        ring->keys[i].anchors = ring->anchors;
        ring->keys[i].object = config->keys[i].object;
        ring->count++;
        struct sg_error inner = {0};
        enum sg_status status = load_key(&ring->keys[i], config, now_us, &inner);
        if (status != SG_OK) {
            return sg_fail(why, status, "key '%s': %s", config->keys[i].name, inner.text);
        }
    }
    return keyring_apart(ring, why);
}

enum sg_status keyring_trusts(const struct keyring *ring, size_t key,
                              struct sg_error *why)
{
    const struct key *one = &ring->keys[key];

    if (one->cert == NULL || one->holder->path.good) {
        return SG_OK;
    }
    return sg_fail(why, SG_PRECONDITION,
                   "key '%s': its certificate leads to no anchor (%s), and a policy that "
                   "asks for a chain (cert.chain_ok) refuses every letter; put its "
                   "issuers into the key's chain, and their root into policy.anchors",
                   one->config->name, one->holder->path.why);
}

/* --- Making ---------------------------------------------------------------------- */

static void free_certificate(struct key *key)
{
    for (int p = 0; p < SG_PROFILE_COUNT; p++) {
        for (int h = 0; h < SG_HASH_COUNT; h++) {
            cms_template_free(key->templates[p][h]);
            key->templates[p][h] = NULL;
        }
    }
    cert_free(key->cert);
    key->cert = NULL;
}

static void free_key(struct key *key)
{
    free_certificate(key);
    if (key->holder != NULL) {
        binding_give(key->holder->binding);
        (void)pthread_mutex_destroy(&key->holder->lock);
        free(key->holder);
    }
}

enum sg_status key_fill(struct key *key, const struct key_filling *from,
                        const struct config *config, int64_t now_us, struct sg_error *why)
{
    MUST(!key_ready(key) && key->config->certificate == NULL);
    MUST(from->ckaid.len >= 1 && from->ckaid.len <= sizeof(key->object.id));
    memcpy(key->object.id, from->ckaid.data, from->ckaid.len);
    key->object.id_len = from->ckaid.len;
    key->object.label = "";
    enum sg_status status =
        cert_load_der(from->chain, key->anchors, now_us, &key->cert, why);
    if (status == SG_OK) {
        status = take_certificate(key, config, now_us, why);
    }
    if (status != SG_OK) {
        free_certificate(key);
    }
    return status;
}

/* When the path is not valid any more, all that was handed in is its chain: so at time 0.
 */
enum sg_status key_try(const struct key *key, struct slice chain,
                       const struct config *config, struct sg_error *why)
{
    struct key trial = {.config = key->config};
    enum sg_status status = cert_load_der(chain, key->anchors, 0, &trial.cert, why);

    status = status == SG_OK ? make_templates(&trial, config, why) : status;
    free_certificate(&trial);
    return status;
}

bool key_ready(const struct key *key)
{
    return atomic_load_explicit(&key->ready, memory_order_acquire);
}

const struct key *key_current(const struct key *key)
{
    enum { HEIRS_MAX = 64 };
    const struct key *heir = NULL;

    for (int i = 0; i < HEIRS_MAX; i++) {
        heir = atomic_load_explicit(&key->holder->heir, memory_order_acquire);
        if (heir == NULL) {
            break;
        }
        key = heir;
    }
    return key;
}

const struct config_key *key_rules(const struct key *key)
{
    const struct config_key *later =
        atomic_load_explicit(&key->holder->rules, memory_order_acquire);

    return later != NULL ? later : key->config;
}

void key_rule(const struct key *key, const struct config_key *rules)
{
    atomic_store_explicit(&key->holder->rules, rules, memory_order_release);
}

void keyring_fini(struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++) {
        free_key(&ring->keys[i]);
    }
    free(ring->keys);
    cert_anchors_free(ring->anchors);
    *ring = (struct keyring){0};
}

static struct status_key watched_key(const struct key *key)
{
    return (struct status_key){
        .name = key->config->name, .cert = key->cert, .cell = &key->holder->status};
}

void keyring_watch_more(const struct keyring *ring, struct status *status)
{
    for (size_t i = 0; status != NULL && i < ring->count; i++) {
        const struct key *key = &ring->keys[i];
        if (!key->holder->watched && key_ready(key)) {
            const struct status_key more = watched_key(key);
            key->holder->watched = status_add(status, &more) == SG_OK;
        }
    }
}

enum sg_status keyring_watch(const struct keyring *ring, const struct config *config,
                             struct status **out, struct sg_error *why)
{
    *out = NULL;
    if (config->status_dir[0] == '\0') {
        return SG_OK;
    }
    struct status_key *keys = (struct status_key *)calloc(ring->count + 1, sizeof(*keys));
    if (keys == NULL) {
        return SG_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < ring->count; i++) {
        const struct key *key = &ring->keys[i];
        if (key_ready(key)) {
            keys[count++] = watched_key(key);
            key->holder->watched = true;
        }
    }
    enum sg_status status = status_new(config, keys, count, out, why);
    free(keys);
    return status == SG_OK ? status_start(*out, why) : status;
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

/* --- Binding --------------------------------------------------------------------- */

struct binding *key_take_binding(const struct key *key)
{
    MUST(pthread_mutex_lock(&key->holder->lock) == 0);
    struct binding *binding = key->holder->binding;
    if (binding != NULL) {
        (void)atomic_fetch_add_explicit(&binding->holders, 1, memory_order_relaxed);
    }
    MUST(pthread_mutex_unlock(&key->holder->lock) == 0);
    return binding;
}

const struct binding *key_binding(const struct key *key)
{
    return key->holder->binding;
}

void key_bind(const struct key *key, struct binding *binding)
{
    MUST(pthread_mutex_lock(&key->holder->lock) == 0);
    struct binding *old = key->holder->binding;
    key->holder->binding = binding;
    MUST(pthread_mutex_unlock(&key->holder->lock) == 0);
    binding_give(old);
}

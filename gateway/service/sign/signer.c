#include <openssl/x509.h>
#include <string.h>

#include "gateway/core/key/binding.h"
#include "gateway/service/inside.h"
#include "gateway/tsa/tsa.h"
#include "proto/text.h"

enum { CERTIFICATE_MAX = 8192, PROFILES_MAX = SG_PROFILE_COUNT, CLASSES_MAX = 256 };

/* Everything that the answer points into; in the loop's scratch. */
struct answer {
    Segel__V1__GetSignerResponse message;
    ProtobufCBinaryData certificates[CERT_CHAIN_MAX];
    Segel__V1__SignatureProfile profiles[PROFILES_MAX];
    Segel__V1__HashAlgorithm hashes[SG_HASH_COUNT];
    Segel__V1__SignatureAlgorithm schemes[1];
    char *classes[CLASSES_MAX];
    char oid[128];
};

/* How the texts are wanted; logos NULL: without pictures. */
struct manner {
    bool english;
    const struct logos *logos;
};

static bool add_certificates(struct arena *arena, const struct key *key,
                             struct answer *out)
{
    size_t count = 0;
    X509 *const *chain = cert_chain(key->cert, &count);

    for (size_t i = 0; i < count && i < CERT_CHAIN_MAX; i++) {
        int len = i2d_X509(chain[i], NULL);
        uint8_t *bytes = len <= 0 || len > CERTIFICATE_MAX
                             ? NULL
                             : (uint8_t *)arena_alloc(arena, (size_t)len);
        uint8_t *end = bytes;
        if (bytes == NULL || i2d_X509(chain[i], &end) != len) {
            return false;
        }
        out->certificates[out->message.n_certificates++] =
            pb_bytes(slice_of(bytes, (size_t)len));
    }
    out->message.certificates = out->certificates;
    return true;
}

/* A list of the policy file narrows what is offered; without the list all is offered that
 * the gateway serves, and the rules decide. */
static bool listed(const struct policy *policy, const char *list, const char *word)
{
    size_t count = 0;
    const struct slice *items = policy_list(policy, list, &count);

    for (size_t i = 0; i < count; i++) {
        if (slice_equal(items[i], slice_str(word))) {
            return true;
        }
    }
    return items == NULL;
}

static void add_algorithms(const struct policy *policy, const struct key *key,
                           struct answer *out)
{
    enum sg_hash own = key->config->hash;

    for (int p = 1; p < SG_PROFILE_COUNT; p++) {
        bool served = key->templates[p][own] != NULL &&
                      (p != SG_PROFILE_RAW || key_rules(key)->raw_allowed);
        if (served && listed(policy, "profiles", sg_profile_name((enum sg_profile)p))) {
            out->profiles[out->message.n_profiles++] = (Segel__V1__SignatureProfile)p;
        }
    }
    out->hashes[out->message.n_hash_algorithms++] = (Segel__V1__HashAlgorithm)own;
    for (int h = 1; h < SG_HASH_COUNT; h++) {
        if (h != (int)own &&
            listed(policy, "algs", key->algorithms[key->config->scheme][h])) {
            out->hashes[out->message.n_hash_algorithms++] = (Segel__V1__HashAlgorithm)h;
        }
    }
    out->schemes[0] = (Segel__V1__SignatureAlgorithm)key->config->scheme;
    out->message.n_signature_algorithms = 1;
    out->message.profiles = out->profiles;
    out->message.hash_algorithms = out->hashes;
    out->message.signature_algorithms = out->schemes;
}

static void add_classes(const struct key *key, struct answer *out)
{
    const struct config_words *words = &key_rules(key)->allowed_classes;

    for (size_t i = 0; i < words->count && i < CLASSES_MAX; i++) {
        out->classes[out->message.n_document_classes++] = pb_text(words->items[i]);
    }
    out->message.document_classes = out->classes;
}

static uint32_t longest(const struct key *key)
{
    size_t max = 0;

    for (int p = 1; p < SG_PROFILE_COUNT; p++) {
        for (int h = 1; h < SG_HASH_COUNT; h++) {
            size_t len =
                key->templates[p][h] == NULL ? 0 : cms_max_len(key->templates[p][h]);
            max = len > max ? len : max;
        }
    }
    return (uint32_t)max;
}

/* The first policy OID of the certificate that the policy's list holds. */
static void add_oid(const struct policy *policy, const struct binding *binding,
                    struct answer *out)
{
    const struct fact_value *oids =
        &policy_key_facts(binding->facts)->value[FACT_ID_cert_policy_oids];

    for (size_t i = 0; oids->present && i < oids->set_count; i++) {
        if (oids->set[i].len < sizeof(out->oid)) {
            memcpy(out->oid, oids->set[i].data, oids->set[i].len);
            out->oid[oids->set[i].len] = '\0';
            if (listed(policy, "cp_oids", out->oid)) {
                break;
            }
            out->oid[0] = '\0';
        }
    }
    out->message.certificate_policy_oid = out->oid;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

/* logos NULL: only what the policy says of them. */
static void add_logo(const struct logos *logos, const uint8_t sha256[32],
                     ProtobufCBinaryData *hash, ProtobufCBinaryData *file)
{
    if (all_zero(sha256, 32)) {
        return;
    }
    *hash = pb_bytes(slice_of(sha256, 32));
    if (logos != NULL) {
        *file = pb_bytes(logos_find(logos, sha256));
    }
}

static void add_notice(const struct policy_info *policy, const struct manner *manner,
                       struct answer *out)
{
    Segel__V1__GetSignerResponse *message = &out->message;

    message->statement =
        pb_text(manner->english ? policy->statement_en : policy->statement_id);
    message->verify_url = pb_text(policy->verify_url);
    add_logo(manner->logos, policy->logo_sha256, &message->logo_sha256, &message->logo);
    add_logo(manner->logos, policy->agency_logo_sha256, &message->agency_logo_sha256,
             &message->agency_logo);
}

static void give_binding(struct binding **binding)
{
    binding_give(*binding);
}

static void answer(struct grpc_call *call, struct services *services,
                   const struct key *key, const struct manner *manner)
{
    AUTO(give_binding) struct binding *binding = key_take_binding(key);

    if (binding == NULL) {
        finish_plain(call, SG_LANE_DOWN,
                     "the HSM of this key is not available; try again later");
        return;
    }

    struct arena *arena = &loop_of(services, call)->scratch;

    arena_reset(arena);
    struct answer *out = (struct answer *)arena_alloc(arena, sizeof(*out));
    MUST(out != NULL);
    memset(out, 0, sizeof(*out));
    segel__v1__get_signer_response__init(&out->message);
    out->message.key = pb_text(key->config->name);
    out->message.plain_max_len = longest(key);
    out->message.signature_max_len = out->message.plain_max_len;
    if (services->tsa != NULL) {
        out->message.signature_max_len +=
            (uint32_t)cms_token_room(tsa_room(services->tsa));
    }
    out->message.certificate_not_after_us = cert_not_after_us(key->cert);
    out->message.assurance = pb_text(binding->hardware ? "hardware" : "software");
    add_algorithms(binding->policy, key, out);
    add_classes(key, out);
    add_oid(binding->policy, binding, out);
    add_notice(policy_info(binding->policy), manner, out);
    if (!add_certificates(arena, key, out)) {
        finish_plain(call, SG_INTERNAL, NULL);
    } else if (grpc_send(call, &out->message.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

void signer_on_get(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__GetSignerRequest *request =
        (const Segel__V1__GetSignerRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    const struct key *key =
        keyring_find(core_keys(services->options.core), slice_str(request->key));

    if (key == NULL) {
        finish_plain(call, SG_NOT_FOUND, "there is no key of that name on this gateway");
        return;
    }
    if (!caller_entitled(caller, request->key)) {
        finish_plain(call, SG_DENIED, "this caller is not entitled to the key");
        return;
    }
    if (!key_ready(key)) {
        finish_plain(call, SG_PRECONDITION,
                     "the key has no certificate yet; its officers must generate it and "
                     "accept one");
        return;
    }
    key = request->as_named ? key : key_current(key);
    if (!caller_entitled(caller, key->config->name)) {
        finish_plain(
            call, SG_DENIED,
            "another key has taken the place of this one, and this caller is not "
            "entitled to it");
        return;
    }
    const struct manner manner = {.english = strcmp(request->language, "en") == 0,
                                  .logos = request->logos ? services->logos : NULL};
    answer(call, services, key, &manner);
}

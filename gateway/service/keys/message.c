#include <openssl/x509.h>
#include <string.h>

#include "gateway/core/key/binding.h"
#include "gateway/service/keys/keys.h"
#include "proto/text.h"

/* A key in the words of keys.proto. */

/* --- Room -------------------------------------------------------------------------- */

static void *make(struct arena *arena, const ProtobufCMessageDescriptor *kind)
{
    ProtobufCMessage *out = (ProtobufCMessage *)arena_alloc(arena, kind->sizeof_message);

    if (out != NULL) {
        protobuf_c_message_init(kind, out);
    }
    return out;
}

static char *copy(struct arena *arena, struct slice text)
{
    char *out = (char *)arena_alloc(arena, text.len + 1);

    if (out != NULL) {
        memcpy(out, text.data, text.len);
        out[text.len] = '\0';
    }
    return out;
}

static bool put_set(struct arena *arena, const struct fact_value *value, size_t max,
                    char ***out, size_t *count)
{
    size_t wanted = value->present ? value->set_count : 0;

    wanted = wanted < max ? wanted : max;
    *out = (char **)arena_alloc(arena, sizeof(char *) * (wanted + 1));
    for (*count = 0; *out != NULL && *count < wanted; (*count)++) {
        (*out)[*count] = copy(arena, value->set[*count]);
        if ((*out)[*count] == NULL) {
            return false;
        }
    }
    return *out != NULL;
}

static bool put_words(struct arena *arena, const struct config_words *words, char ***out,
                      size_t *count)
{
    enum { MAX = 64 };
    size_t wanted = words->count < MAX ? words->count : MAX;

    *out = (char **)arena_alloc(arena, sizeof(char *) * (wanted + 1));
    for (*count = 0; *out != NULL && *count < wanted; (*count)++) {
        (*out)[*count] = pb_text(words->items[*count]);
    }
    return *out != NULL;
}

/* --- The certificate --------------------------------------------------------------- */

static bool put_der(struct arena *arena, const struct key *key,
                    Segel__V1__CertificateFacts *out)
{
    size_t count = 0;
    X509 *certificate = cert_chain(key->cert, &count)[0];
    int len = i2d_X509(certificate, NULL);
    uint8_t *bytes = len <= 0 ? NULL : (uint8_t *)arena_alloc(arena, (size_t)len);
    uint8_t *end = bytes;

    if (bytes == NULL || i2d_X509(certificate, &end) != len) {
        return false;
    }
    out->der = pb_bytes(slice_of(bytes, (size_t)len));
    return true;
}

static void put_status(const struct key *key, Segel__V1__CertificateFacts *out)
{
    struct status_view view;

    (void)status_look(&key->holder->status, &view);
    bool known = view.source == STATUS_CRL || view.source == STATUS_OCSP;
    out->status = pb_text(known ? status_state_name(&view) : "unknown");
    out->status_time_us = known ? view.told_us : 0;
}

static Segel__V1__CertificateFacts *certificate(struct arena *arena,
                                                const struct key *key, bool whole)
{
    struct facts facts = {0};
    Segel__V1__CertificateFacts *out = (Segel__V1__CertificateFacts *)make(
        arena, &segel__v1__certificate_facts__descriptor);

    if (out == NULL) {
        return NULL;
    }
    cert_facts(key->cert, &facts);
    const struct fact_value *value = facts.value;
    out->serial_hex = pb_text(cert_serial(key->cert));
    out->not_before_us = cert_not_before_us(key->cert);
    out->not_after_us = cert_not_after_us(key->cert);
    put_status(key, out);
    char *names = (char *)arena_alloc(arena, (size_t)2 * CERT_NAME_SIZE);
    if (names == NULL) {
        return NULL;
    }
    out->subject = names;
    out->issuer = names + CERT_NAME_SIZE;
    cert_subject(key->cert, out->subject);
    cert_issuer(key->cert, out->issuer);
    bool put = put_set(arena, &value[FACT_ID_cert_policy_oids], 16, &out->policy_oids,
                       &out->n_policy_oids) &&
               put_set(arena, &value[FACT_ID_cert_key_usage], 9, &out->key_usage,
                       &out->n_key_usage);
    return put && (!whole || put_der(arena, key, out)) ? out : NULL;
}

static Segel__V1__KeyType type_of(const struct key *key)
{
    static const struct {
        int64_t bits;
        const char *curve;
        Segel__V1__KeyType type;
    } rows[] = {{2048, "", SEGEL__V1__KEY_TYPE__KEY_TYPE_RSA_2048},
                {3072, "", SEGEL__V1__KEY_TYPE__KEY_TYPE_RSA_3072},
                {4096, "", SEGEL__V1__KEY_TYPE__KEY_TYPE_RSA_4096},
                {0, "P-256", SEGEL__V1__KEY_TYPE__KEY_TYPE_P256},
                {0, "P-384", SEGEL__V1__KEY_TYPE__KEY_TYPE_P384}};
    struct facts facts = {0};

    cert_key_facts(key->cert, &facts);
    const struct fact_value *bits = &facts.value[FACT_ID_key_rsa_bits];
    const struct fact_value *curve = &facts.value[FACT_ID_key_curve];
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if ((bits->present && bits->number == rows[i].bits) ||
            (curve->present && slice_equal(curve->text, slice_str(rows[i].curve)))) {
            return rows[i].type;
        }
    }
    return SEGEL__V1__KEY_TYPE__KEY_TYPE_UNSPECIFIED;
}

/* --- On its tokens ----------------------------------------------------------------- */

static const struct {
    enum fact fact;
    size_t offset;
    const char *name;
} attributes[] = {
#define ATTRIBUTE(fact, field, name)                                                     \
    {                                                                                    \
        FACT_ID_##fact, offsetof(Segel__V1__KeyOnToken, field), name                     \
    }
    ATTRIBUTE(key_local, local, "CKA_LOCAL"),
    ATTRIBUTE(key_sensitive, sensitive, "CKA_SENSITIVE"),
    ATTRIBUTE(key_always_sensitive, always_sensitive, "CKA_ALWAYS_SENSITIVE"),
    ATTRIBUTE(key_extractable, extractable, "CKA_EXTRACTABLE"),
    ATTRIBUTE(key_never_extractable, never_extractable, "CKA_NEVER_EXTRACTABLE"),
    ATTRIBUTE(key_sign, sign, "CKA_SIGN"),
    ATTRIBUTE(key_decrypt, decrypt, "CKA_DECRYPT"),
    ATTRIBUTE(key_unwrap, unwrap, "CKA_UNWRAP"),
    ATTRIBUTE(key_derive, derive, "CKA_DERIVE"),
    ATTRIBUTE(key_modifiable, modifiable, "CKA_MODIFIABLE"),
    ATTRIBUTE(key_copyable, copyable, "CKA_COPYABLE"),
#undef ATTRIBUTE
};

static void put_attribute(size_t row, const struct fact_value *value,
                          Segel__V1__KeyOnToken *out)
{
    protobuf_c_boolean yes = value->present && value->number != 0;

    memcpy((char *)out + attributes[row].offset, &yes, sizeof(yes));
    if (!value->present) {
        out->unknown[out->n_unknown++] = pb_text(attributes[row].name);
    }
}

static Segel__V1__KeyOnToken *on_token(struct arena *arena, const struct key_view *view,
                                       const struct binding *binding,
                                       const struct lane_report *lane)
{
    const struct config_object *object = &view->key->object;
    Segel__V1__KeyOnToken *out =
        (Segel__V1__KeyOnToken *)make(arena, &segel__v1__key_on_token__descriptor);
    char *id = (char *)arena_alloc(arena, 2 * object->id_len + 1);
    char **unknown =
        (char **)arena_alloc(arena, sizeof(char *) * (SG_COUNT(attributes) + 1));

    if (out == NULL || id == NULL || unknown == NULL) {
        return NULL;
    }
    text_hex(slice_of(object->id, object->id_len), id);
    out->lane = pb_text(lane->name);
    out->token = pb_text(lane->token.label);
    out->ckaid_hex = id;
    out->available = lane->state == LANE_UP;
    out->unknown = unknown;
    for (size_t i = 0; binding != NULL && i < SG_COUNT(attributes); i++) {
        put_attribute(i, &policy_key_facts(binding->facts)->value[attributes[i].fact],
                      out);
    }
    return out;
}

static bool put_tokens(struct arena *arena, const struct key_view *view,
                       const struct binding *binding, Segel__V1__Key *out)
{
    enum { MAX = 16 };

    out->tokens = (Segel__V1__KeyOnToken **)arena_alloc(arena, sizeof(void *) * MAX);
    if (out->tokens == NULL) {
        return false;
    }
    for (size_t i = 0; i < view->lanes->lane_count && out->n_tokens < MAX; i++) {
        if ((view->report->berths >> i & 1) == 0) {
            continue;
        }
        out->tokens[out->n_tokens] =
            on_token(arena, view, binding, &view->lanes->lanes[i]);
        if (out->tokens[out->n_tokens++] == NULL) {
            return false;
        }
    }
    return true;
}

/* --- Its life ---------------------------------------------------------------------- */

static Segel__V1__Activation *activation(struct arena *arena,
                                         const struct activation *from)
{
    Segel__V1__Activation *out =
        (Segel__V1__Activation *)make(arena, &segel__v1__activation__descriptor);

    if (out != NULL) {
        out->mode = (Segel__V1__ActivationMode)from->mode;
        out->until_us = from->until_us;
        out->max_jobs = from->max;
        out->used_jobs = from->used;
        out->idle_limit_s = from->idle_s;
        out->approval = pb_text(from->grant);
    }
    return out;
}

/* Known, and not what the configuration asks for. */
static bool is_refused(const struct key_report *report)
{
    return report->why[0] != '\0' && key_state_signs(report->life.state);
}

static bool put_refusal(struct arena *arena, const struct key_report *report,
                        Segel__V1__Key *out)
{
    Segel__V1__KeyRefusal *refusal =
        (Segel__V1__KeyRefusal *)make(arena, &segel__v1__key_refusal__descriptor);

    out->refusals = (Segel__V1__KeyRefusal **)arena_alloc(arena, sizeof(void *));
    if (refusal == NULL || out->refusals == NULL) {
        return false;
    }
    refusal->rule = pb_text("CP-4.5-01");
    refusal->cp_section = pb_text("4.5.1");
    refusal->code = pb_text("KEY_NOT_USABLE");
    refusal->message = pb_text(report->why);
    out->refusals[out->n_refusals++] = refusal;
    out->state = SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED;
    return true;
}

static bool put_life(struct arena *arena, const struct key_report *report,
                     Segel__V1__Key *out)
{
    const struct keyreg *life = &report->life;

    out->state = (Segel__V1__KeyState)life->state;
    out->state_before_hold = (Segel__V1__KeyState)life->before_hold;
    out->predecessor = pb_text(life->predecessor);
    out->successor = pb_text(life->successor);
    out->overlap_until_us = life->overlap_until_us;
    out->backup_confirmed = life->backup[0] != '\0';
    out->signatures = report->signatures;
    out->last_used_us = life->activation.last_use_us;
    out->hold_reason = pb_text(life->hold_reason);
    out->ceremony = pb_text(life->request);
    out->trouble = pb_text(life->trouble);
    out->minutes = pb_text(life->minutes);
    out->changed_us = life->state == KEY_NONE ? 0 : life->since_us;
    if (life->activation.mode != ACTIVATION_NONE) {
        out->activation = activation(arena, &life->activation);
        if (out->activation == NULL) {
            return false;
        }
    }
    return !is_refused(report) || put_refusal(arena, report, out);
}

/* --- All of it --------------------------------------------------------------------- */

static bool put_config(struct arena *arena, const struct key *key, Segel__V1__Key *out)
{
    const struct config_key *config = key->config;
    const struct config_key *rules = key_rules(key);

    out->name = pb_text(config->name);
    out->purpose = strcmp(config->class, "seal") == 0
                       ? SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SEAL
                       : SEGEL__V1__KEY_PURPOSE__KEY_PURPOSE_SIGNATURE;
    out->signature_algorithm = (Segel__V1__SignatureAlgorithm)config->scheme;
    out->hash_algorithm = (Segel__V1__HashAlgorithm)config->hash;
    out->raw_allowed = rules->raw_allowed;
    return put_words(arena, &rules->allowed_classes, &out->allowed_classes,
                     &out->n_allowed_classes) &&
           put_words(arena, &rules->prohibited_classes, &out->prohibited_classes,
                     &out->n_prohibited_classes);
}

static bool put_ready(struct arena *arena, const struct key_view *view,
                      Segel__V1__Key *out)
{
    const struct key *key = view->key;

    if (!key_ready(key)) {
        return true;
    }
    out->type = type_of(key);
    out->spki_sha256 = pb_bytes(slice_of(key->spki_sha256, sizeof(key->spki_sha256)));
    out->certificate = certificate(arena, key, view->lanes != NULL);
    if (out->certificate == NULL || view->lanes == NULL) {
        return out->certificate != NULL;
    }
    struct binding *binding = key_take_binding(key);
    bool put = put_tokens(arena, view, binding, out);
    binding_give(binding);
    return put;
}

Segel__V1__Key *keys_message(struct arena *arena, const struct key_view *view)
{
    Segel__V1__Key *out = (Segel__V1__Key *)make(arena, &segel__v1__key__descriptor);

    return out != NULL && put_config(arena, view->key, out) &&
                   put_ready(arena, view, out) && put_life(arena, view->report, out)
               ? out
               : NULL;
}

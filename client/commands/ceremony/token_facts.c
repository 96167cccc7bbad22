#include "client/commands/ceremony/token_facts.h"

#include <stdio.h>

#include "client/call/gateway_call.h"
#include "client/call/key_words.h"
#include "client/channel/unpack.h"
#include "proto/text.h"

/* Control characters of a module's answer stay out of the minutes. */
static void add(struct facts *facts, const char *name, const char *value)
{
    struct fact *fact = &facts->list[facts->count];
    size_t len = strnlen(value, FACT_VALUE_SIZE - 1);

    MUST(facts->count < FACTS_MAX);
    while (len > 0 && value[len - 1] == ' ') {
        len--;
    }
    (void)snprintf(fact->value, sizeof(fact->value), "%.*s", (int)len, value);
    if (!text_plain(slice_str(fact->value)) || fact->value[0] == ' ' || len == 0) {
        (void)snprintf(fact->value, sizeof(fact->value), len == 0 ? "-" : "unreadable");
    }
    fact->name = name;
    facts->count++;
}

const struct fact *facts_find(const struct facts *facts, struct slice name)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (slice_equal(name, slice_str(facts->list[i].name))) {
            return &facts->list[i];
        }
    }
    return NULL;
}

/* --- Tokens ------------------------------------------------------------------------ */

static void take_token(const Segel__V1__TokenFacts *token, struct facts *out)
{
    out->pin_changed_us = token->pin_changed_us;
    add(out, "lane", token->lane);
    add(out, "label", token->label);
    add(out, "manufacturer", token->manufacturer);
    add(out, "model", token->model);
    add(out, "serial", token->serial);
    add(out, "firmware", token->firmware);
    add(out, "assurance", token->assurance);
    (void)snprintf(out->state, sizeof(out->state), "%.31s", token->lane_state);
}

enum sg_status facts_of_token(const struct home *home, const char *lane,
                              struct facts *out, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    *out = (struct facts){.count = 0};
    TRY(gateway_tokens(home, &reply, why));
    const Segel__V1__ListTokensResponse *list =
        (const Segel__V1__ListTokensResponse *)(const void *)reply;
    for (size_t i = 0; i < list->n_tokens && out->count == 0; i++) {
        if (strcmp(list->tokens[i]->lane, lane) == 0) {
            take_token(list->tokens[i], out);
        }
    }
    unpack_free(reply);
    return out->count > 0
               ? SG_OK
               : sg_fail(why, SG_NOT_FOUND, "the gateway has no lane '%.64s'", lane);
}

bool facts_only_lane(const struct home *home, char out[65])
{
    ProtobufCMessage *reply = NULL;
    struct sg_error why;

    if (gateway_tokens(home, &reply, &why) != SG_OK) {
        return false;
    }
    const Segel__V1__ListTokensResponse *list =
        (const Segel__V1__ListTokensResponse *)(const void *)reply;
    bool only = list->n_tokens == 1 && text_name(slice_str(list->tokens[0]->lane));
    (void)snprintf(out, 65, "%.64s", only ? list->tokens[0]->lane : "");
    unpack_free(reply);
    return only;
}

/* --- Keys -------------------------------------------------------------------------- */

static void add_bool(struct facts *facts, const char *name, protobuf_c_boolean value)
{
    add(facts, name, value != 0 ? "true" : "false");
}

static void add_list(struct facts *facts, const char *name, char *const *list,
                     size_t count)
{
    char text[FACT_VALUE_SIZE] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof(text); i++) {
        int len = snprintf(text + used, sizeof(text) - used, "%s%s", i == 0 ? "" : " ",
                           list[i]);
        used += len > 0 ? (size_t)len : 0;
    }
    add(facts, name, text);
}

static void take_attributes(const Segel__V1__KeyOnToken *token, struct facts *out)
{
    add(out, "CKA_ID", token->ckaid_hex);
    add_bool(out, "CKA_LOCAL", token->local);
    add_bool(out, "CKA_SENSITIVE", token->sensitive);
    add_bool(out, "CKA_ALWAYS_SENSITIVE", token->always_sensitive);
    add_bool(out, "CKA_EXTRACTABLE", token->extractable);
    add_bool(out, "CKA_NEVER_EXTRACTABLE", token->never_extractable);
    add_bool(out, "CKA_SIGN", token->sign);
    add_bool(out, "CKA_DECRYPT", token->decrypt);
    add_bool(out, "CKA_UNWRAP", token->unwrap);
    add_bool(out, "CKA_DERIVE", token->derive);
    add_bool(out, "CKA_MODIFIABLE", token->modifiable);
    add_bool(out, "CKA_COPYABLE", token->copyable);
    add_list(out, "CKA_ALLOWED_MECHANISMS", token->allowed_mechanisms,
             token->n_allowed_mechanisms);
    add_list(out, "unknown", token->unknown, token->n_unknown);
}

static void take_key(const Segel__V1__Key *key, struct facts *out)
{
    add(out, "key", key->name);
    if (key->n_tokens > 0 && key->tokens[0]->available != 0) {
        take_attributes(key->tokens[0], out);
    }
    out->has_spki = key->spki_sha256.len == sizeof(out->spki);
    if (out->has_spki) {
        memcpy(out->spki, key->spki_sha256.data, sizeof(out->spki));
    }
    (void)snprintf(out->state, sizeof(out->state), "%s", key_state_name(key->state));
}

enum sg_status facts_of_key(const struct home *home, const char *key, struct facts *out,
                            struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    *out = (struct facts){.count = 0};
    TRY(gateway_key(home, key, &reply, why));
    const Segel__V1__GetKeyResponse *got =
        (const Segel__V1__GetKeyResponse *)(const void *)reply;
    if (got->key != NULL) {
        take_key(got->key, out);
    }
    unpack_free(reply);
    return out->count > 0
               ? SG_OK
               : sg_fail(why, SG_CORRUPT, "the gateway tells no key '%.64s'", key);
}

#include "gateway/core/ceremony/record.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/requests.h"
#include "proto/digest.h"
#include "proto/text.h"

/* One record a step, each with the key and the request whose grant is carried out. */
static void begin(const struct core *core, const char *step, struct members *out)
{
    const struct ceremony_work *work = &core->ceremony.work;

    *out = (struct members){.count = 0};
    members_add(out, "subject", core->keyring.keys[work->key].config->name);
    members_add(out, "grant", work->request);
    members_add(out, "step", step);
}

static enum sg_status write_token(struct core *core, struct log_place *place)
{
    const struct lane_token *token = &core->ceremony.outcome.token;
    const struct berth *berth = &core->berths[core->ceremony.work.berth];
    struct members members;
    char flags[16];

    begin(core, "token", &members);
    (void)snprintf(flags, sizeof(flags), "0x%x", token->flags);
    members_add(&members, "lane", lane_name(berth->lane));
    members_add(&members, "label", token->label);
    members_add(&members, "manufacturer", token->manufacturer);
    members_add(&members, "model", token->model);
    members_add(&members, "serial", token->serial);
    members_add(&members, "firmware", token->firmware);
    members_add(&members, "flags", flags);
    return members_write(core, "ceremony.step", &members, place);
}

static const char *const attributes[] = {
    "local",      "sensitive",    "always_sensitive", "extractable", "never_extractable",
    "sign",       "sign_recover", "decrypt",          "unwrap",      "derive",
    "modifiable", "copyable",     "destroyable"};

/* "local=1 sensitive=1 … copyable=?": what the module would not tell is no answer. */
static void list_attributes(const struct lane_key *key, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < SG_COUNT(attributes) && len < cap; i++) {
        const char *value = (key->attributes >> i & 1) != 0 ? "1" : "0";
        value = (key->known >> i & 1) != 0 ? value : "?";
        len += (size_t)snprintf(out + len, cap - len, "%s%s=%s", i == 0 ? "" : " ",
                                attributes[i], value);
    }
}

static void list_allowed(const struct rite_outcome *outcome, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < outcome->allowed_count && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s0x%llx", i == 0 ? "" : " ",
                                (unsigned long long)outcome->allowed[i]);
    }
}

static enum sg_status write_key(struct core *core, struct log_place *place)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    const struct lane_key *key = &outcome->key;
    struct members members;
    char id[2 * KEYREG_ID_MAX + 1];
    char mechanism[24];
    char allowed[80];
    char flags[320];
    char spki[DIGEST_SHA256_SIZE];
    uint8_t hash[32];

    begin(core, "key", &members);
    text_hex(core->ceremony.work.order.id, id);
    (void)snprintf(mechanism, sizeof(mechanism), "0x%llx",
                   (unsigned long long)outcome->generation);
    list_allowed(outcome, allowed, sizeof(allowed));
    list_attributes(key, flags, sizeof(flags));
    (void)SHA256(key->spki, key->spki_len, hash);
    digest_sha256_text(hash, spki);
    members_add(&members, "ckaid", id);
    members_add(&members, "kind", key->type);
    members_add(&members, "curve", key->curve);
    members_add(&members, "spki", key->spki_len > 0 ? spki : "");
    members_add(&members, "mechanism", mechanism);
    members_add(&members, "allowed_mechanisms", allowed);
    members_add(&members, "attributes", flags);
    members_add(&members, "start_date", key->start_date);
    members_add(&members, "end_date", key->end_date);
    members_add(&members, "left_out", outcome->left_out);
    members_add(&members, "refused", key->usable ? "" : key->why);
    return members_write(core, "ceremony.step", &members, place);
}

static enum sg_status write_checks(struct core *core, struct log_place *place)
{
    static const char *const names[RITE_CHECKS_MAX] = {"check_1", "check_2", "check_3",
                                                       "check_4", "check_5", "check_6",
                                                       "check_7", "check_8"};
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    struct members members;
    char lines[RITE_CHECKS_MAX][160];

    begin(core, "checks", &members);
    for (size_t i = 0; i < outcome->check_count; i++) {
        const struct rite_check *check = &outcome->checks[i];
        (void)snprintf(lines[i], sizeof(lines[i]), "%s: %s, %s", check->name, check->code,
                       check->refused ? "refused" : "NOT refused");
        members_add(&members, names[i], lines[i]);
    }
    return members_write(core, "ceremony.step", &members, place);
}

enum sg_status ceremony_record_steps(struct core *core, struct log_place *place)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;

    if (outcome->has_token) {
        TRY(write_token(core, place));
    }
    if (outcome->has_key) {
        TRY(write_key(core, place));
    }
    return outcome->check_count > 0 ? write_checks(core, place) : SG_OK;
}

static void add_presence(struct members *members, const char *name,
                         const struct rite_presence *presence, char out[64])
{
    if (presence->searched) {
        (void)snprintf(out, 64, "private=%u public=%u certificate=%u",
                       presence->private_keys, presence->public_keys,
                       presence->certificates);
        members_add(members, name, out);
    }
}

enum sg_status ceremony_record_end(struct core *core, const char *result,
                                   struct log_place *place)
{
    static const char *const rites[RITES] = {
        [RITE_GENERATE] = "generate", [RITE_CSR] = "csr",   [RITE_IMPORT] = "import",
        [RITE_DESTROY] = "destroy",   [RITE_FIND] = "find", [RITE_CHANGE_PIN] = "pin",
        [RITE_SETTLE_PIN] = "pin",
    };
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    struct members members;
    char found[64];
    char destroyed[64];
    char rv[24] = "";
    char csr[DIGEST_SHA256_SIZE] = "";
    uint8_t hash[32];

    begin(core, "end", &members);
    if (outcome->rv != 0) {
        (void)snprintf(rv, sizeof(rv), "0x%llx", (unsigned long long)outcome->rv);
    }
    if (outcome->csr_len > 0) {
        (void)SHA256(outcome->csr, outcome->csr_len, hash);
        digest_sha256_text(hash, csr);
    }
    members_add(&members, "rite", rites[core->ceremony.work.order.rite]);
    members_add(&members, "result", result);
    members_add(&members, "why", outcome->why);
    members_add(&members, "rv", rv);
    members_add(&members, "csr", csr);
    members_add(&members, "csr_subject",
                outcome->csr_len > 0 ? core->ceremony.work.subject : "");
    if (core->ceremony.work.csr != NULL) {
        members_add(&members, "officer", core->ceremony.work.csr->order.officer);
        members_add(&members, "request_id", core->ceremony.work.csr->order.request_id);
    }
    add_presence(&members, "destroyed", &outcome->destroyed, destroyed);
    add_presence(&members, "found", &outcome->presence, found);
    return members_write(core, "ceremony.step", &members, place);
}

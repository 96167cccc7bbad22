#include "gateway/core/ceremony/destruction.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"

/* A token that has no private key under the CKA_ID may be another one than the key was
 * on. That there is none counts only where a private key was destroyed, or on the token
 * where an earlier try was begun of which nobody knows how far it came.
 *
 * "destroy/KEY" is kept as that token, as latch_identify names it, until the key is gone;
 * "" = there was no such try. */

enum { NAME_SIZE = 80 };

static enum sg_status remember(struct core *core, const char *token)
{
    char name[NAME_SIZE];

    (void)snprintf(name, sizeof(name), "destroy/%s",
                   register_row(core, core->ceremony.work.key)->name);
    return ledger_remember(core->ledger, name, token);
}

static enum sg_status recall(struct core *core, const char *key, char out[LATCH_TOKEN])
{
    char name[NAME_SIZE];
    char text[LEDGER_MEMO_MAX];

    (void)snprintf(name, sizeof(name), "destroy/%s", key);
    enum sg_status status = ledger_recall(core->ledger, name, text);
    (void)snprintf(out, LATCH_TOKEN, "%.*s", LATCH_TOKEN - 1, text);
    return status == SG_NOT_FOUND ? SG_OK : status;
}

enum sg_status destruction_fill(struct core *core, struct ceremony_work *work)
{
    const struct key *key = &core->keyring.keys[work->key];
    const struct keyreg *row = register_row(core, work->key);
    struct keyreg_der der = {.spki = slice_of("", 0)};
    bool configured = row->ckaid_len == 0;

    work->order.label = configured ? key->object.label : "";
    if (key_ready(key)) {
        der.spki = cert_spki(key->cert);
    } else {
        enum sg_status status =
            ledger_find_key_der(core->ledger, row->name, &core->ceremony.arena, &der);
        TRY(status == SG_NOT_FOUND ? SG_OK : status);
    }
    work->order.spki = der.spki;
    return recall(core, row->name, work->begun_on);
}

/* As its lane saw the token last. No lane looks for a key without a certificate. */
static bool was_there(const struct core *core)
{
    const struct ceremony_work *work = &core->ceremony.work;
    const struct berth *berth = &core->berths[work->berth];
    int position = berth->positions[work->key];

    if (position < 0) {
        return true;
    }
    const struct lane_key *key = lane_key(berth->lane, (size_t)position);
    return key->usable ||
           (key->code[0] != '\0' && strcmp(key->code, "KEY_NOT_FOUND") != 0);
}

enum sg_status destruction_begin(struct core *core)
{
    const struct ceremony_work *work = &core->ceremony.work;

    return work->order.rite == RITE_DESTROY && was_there(core)
               ? remember(core, core->berths[work->berth].latch->token)
               : SG_OK;
}

static void refuse(struct rite_outcome *outcome)
{
    outcome->done = false;
    outcome->failure = FAILURE_CONFIG; /* persons', not the token's */
    (void)snprintf(outcome->why, sizeof(outcome->why),
                   "the token '%s' (serial %s) has no private key under this CKA_ID: "
                   "none was destroyed",
                   outcome->token.label, outcome->token.serial);
}

/* What a later try has to know. */
static const char *kept(const struct core *core, const char *token)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    const char *begun_on = core->ceremony.work.begun_on;
    bool there = outcome->presence.searched && outcome->presence.private_keys > 0;

    if (outcome->done || (there && strcmp(begun_on, token) == 0)) {
        return "";
    }
    return outcome->destroyed.private_keys > 0 ? token : begun_on;
}

enum sg_status destruction_end(struct core *core)
{
    struct rite_outcome *outcome = &core->ceremony.outcome;
    char token[LATCH_TOKEN];

    if (!outcome->answered) {
        return SG_OK; /* what destruction_begin wrote stands */
    }
    latch_identify(&outcome->token, token);
    if (outcome->done && outcome->destroyed.private_keys == 0 &&
        strcmp(core->ceremony.work.begun_on, token) != 0) {
        refuse(outcome);
    }
    return remember(core, kept(core, token));
}

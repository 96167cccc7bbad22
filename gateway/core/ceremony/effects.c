#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/ceremony/check.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "gateway/core/officers/effects.h"
#include "proto/digest.h"
#include "proto/key_kind.h"
#include "proto/text.h"

/* Tasks that change a token. The transaction that uses the grant up writes down that the
 * ceremony is to be held; what it makes of the key is written when it has ended. */

enum { ARENA = 1 << 18, ID_LEN = 16 };

enum sg_status ceremony_unreadable(struct sg_error *why)
{
    return sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
}

/* "a,b,c" */
static void join(char *const *names, size_t count, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && len < cap; i++) {
        len +=
            (size_t)snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : ",", names[i]);
    }
}

/* The row has the request from here on: the next tick takes it up (work.c). */
enum sg_status ceremony_keep(struct core *core, size_t index,
                             const struct ledger_request *request,
                             struct log_place *place)
{
    struct keyreg *row = register_row(core, index);

    (void)snprintf(row->request, sizeof(row->request), "%s", request->id);
    return register_keep(core, index, place);
}

void ceremony_after(struct core *core, const struct ledger_request *request)
{
    size_t index = register_find(core, request->object);

    if (index < core->keyring.count) {
        core->ceremony.fresh[index] = true;
        core->ceremony.again_us = 0;
        core->ceremony.look = true;
        life_publish(core, index);
        report_update(core, true);
    }
}

/* --- key.generate ------------------------------------------------------------------ */

static enum sg_status check_slot(struct core *core, const char *name,
                                 const Segel__V1__GenerateKeyRequest *task,
                                 struct sg_error *why)
{
    size_t index = 0;

    TRY(ceremony_find(core, name, &index, why));
    const struct key *key = &core->keyring.keys[index];
    const struct keyreg *row = register_row(core, index);
    if (key->config->certificate != NULL || row->state != KEY_NONE) {
        return sg_fail(why, SG_PRECONDITION,
                       "key '%s' is %s already; a name is used for one key only", name,
                       key_state_name(row->state));
    }
    const struct config_key *place = key->config;
    const struct config_lane *lane = config_find_lane(core->options.config, task->lane);
    if (lane == NULL || !config_key_on_lane(place, lane)) {
        return sg_fail(why, SG_PRECONDITION,
                       "the configuration does not place key '%s' on lane '%.64s'", name,
                       task->lane);
    }
    if ((place->scheme == SG_SCHEME_ECDSA) == key_kind_is_rsa(task->type)) {
        return sg_fail(why, SG_PRECONDITION,
                       "the configuration has key '%s' sign by %s, which a key of this "
                       "type cannot",
                       name, sg_scheme_name(place->scheme));
    }
    if (key_kind_is_rsa(task->type) &&
        (int)task->signature_algorithm != (int)place->scheme) {
        return sg_fail(why, SG_PRECONDITION,
                       "signature_algorithm must be the configured one, %s: the key can "
                       "do no other",
                       sg_scheme_name(place->scheme));
    }
    return SG_OK;
}

static enum sg_status check_present(const struct core *core,
                                    const Segel__V1__GenerateKeyRequest *task,
                                    struct sg_error *why)
{
    const struct ceremony_persons persons = {task->participants, task->n_participants, 2,
                                             "participants"};
    char start[9];
    char end[9];

    TRY(ceremony_check_makers(core, &persons, task->witness, why));
    if (!task_day(task->valid_from_us, start) || !task_day(task->valid_until_us, end) ||
        (end[0] != '\0' && strcmp(start, end) > 0)) {
        return sg_fail(why, SG_INVALID,
                       "valid_from_us and valid_until_us must be days, the first before "
                       "the last");
    }
    return ceremony_check_making(core, why);
}

static enum sg_status check_generate(struct core *core,
                                     const struct ledger_request *request,
                                     struct sg_error *why)
{
    AUTO(arena_fini) struct arena arena = {0};

    TRY(arena_init(&arena, ARENA));
    const Segel__V1__GenerateKeyRequest *task = task_generate(request, &arena);
    if (task == NULL || key_kind_name(task->type) == NULL) {
        return ceremony_unreadable(why);
    }
    TRY(check_slot(core, request->object, task, why));
    TRY(check_present(core, task, why));
    return ceremony_check_lane(core, task->lane, why);
}

static enum sg_status write_begin(struct core *core, const struct keyreg *row,
                                  const Segel__V1__GenerateKeyRequest *task,
                                  struct members *members, struct log_place *place)
{
    char id[2 * KEYREG_ID_MAX + 1];
    char script[DIGEST_SHA256_SIZE];
    char participants[16 * 65];

    text_hex(slice_of(row->ckaid, row->ckaid_len), id);
    digest_sha256_text(task->script_sha256.data, script);
    join(task->participants, task->n_participants, participants, sizeof(participants));
    members_add(members, "step", "begin");
    members_add(members, "action", "key.generate");
    members_add(members, "lane", row->lane);
    members_add(members, "kind", row->type);
    members_add(members, "ckaid", id);
    members_add(members, "place", task->place);
    members_add(members, "participants", participants);
    members_add(members, "witness", task->witness);
    members_add(members, "script", script);
    return members_write(core, "ceremony.step", members, place);
}

static enum sg_status do_generate(struct core *core, const struct ledger_request *request,
                                  struct members *members, struct log_place *place)
{
    AUTO(arena_fini) struct arena arena = {0};
    size_t index = register_find(core, request->object);

    TRY(arena_init(&arena, ARENA));
    const Segel__V1__GenerateKeyRequest *task = task_generate(request, &arena);
    MUST(task != NULL && index < core->keyring.count); /* it was checked */
    struct keyreg *row = register_row(core, index);
    row->ckaid_len = ID_LEN;
    MUST(RAND_bytes(row->ckaid, ID_LEN) == 1);
    life_enter(core, row, KEY_GENERATED);
    row->trouble[0] = '\0';
    row->backup[0] = '\0';
    (void)snprintf(row->lane, sizeof(row->lane), "%s", task->lane);
    (void)snprintf(row->type, sizeof(row->type), "%s", key_kind_name(task->type));
    TRY(write_begin(core, row, task, members, place));
    return ceremony_keep(core, index, request, place);
}

const struct effect effect_generate = {check_generate, do_generate, ceremony_after};

/* --- key.destroy ------------------------------------------------------------------- */

/* Where both were seen, their serial numbers say it: two tokens may have one label. */
static bool other_token(const struct berth *one, const struct berth *other)
{
    return one->latch != NULL && other->latch != NULL ? one->latch != other->latch
                                                      : !berth_same_token(one, other);
}

/* On how many tokens it is, as far as the lanes know. */
static size_t tokens_of(const struct core *core, size_t index)
{
    const struct berth *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (berth->lane == NULL || berth->positions[index] < 0) {
            continue;
        }
        count += first == NULL || other_token(first, berth) ? 1 : 0;
        first = first == NULL ? berth : first;
    }
    return count;
}

/* Its lane has looked, when it last opened the token. */
static bool lacks(const struct berth *berth, size_t index)
{
    return berth->positions[index] < 0 ||
           strcmp(lane_key(berth->lane, (size_t)berth->positions[index])->code,
                  "KEY_NOT_FOUND") == 0;
}

/* A key that a ceremony made is where it was made; somebody may have taken it to other
 * tokens since. */
static enum sg_status check_made(struct core *core, size_t index, struct sg_error *why)
{
    const struct keyreg *row = register_row(core, index);

    TRY(ceremony_check_lane(core, row->lane, why));
    const struct berth *own = berth_find(core, row->lane);
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && other_token(own, berth) && !lacks(berth, index)) {
            return sg_fail(why, SG_PRECONDITION,
                           "the token of lane '%s' has key '%s', too, or was not seen "
                           "yet: a ceremony destroys it on that of lane '%s' alone; "
                           "take the other lane out of the key's lanes: first",
                           lane_name(berth->lane), row->name, row->lane);
        }
    }
    return SG_OK;
}

static enum sg_status check_place(struct core *core, size_t index, struct sg_error *why)
{
    const struct keyreg *row = register_row(core, index);
    const struct key *key = &core->keyring.keys[index];

    if (row->lane[0] != '\0') {
        return check_made(core, index, why);
    }
    if (key->object.id_len == 0) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "key '%s' is configured by its label: only a CKA_ID says for sure "
                       "which objects are its own",
                       row->name);
    }
    return tokens_of(core, index) == 1
               ? SG_OK
               : sg_fail(why, SG_UNSUPPORTED,
                         "key '%s' is on %zu tokens of this gateway: a ceremony destroys "
                         "it where it is on one; take the others out of its lanes: first",
                         row->name, tokens_of(core, index));
}

static enum sg_status check_witnesses(const struct core *core,
                                      const Segel__V1__DestroyKeyRequest *task,
                                      struct sg_error *why)
{
    const struct ceremony_persons persons = {task->witnesses, task->n_witnesses, 1,
                                             "witnesses"};
    struct sg_error ignored = {0};
    bool reviewer = false;

    TRY(ceremony_check_persons(core, &persons, why));
    for (size_t i = 0; i < task->n_witnesses; i++) {
        reviewer = reviewer ||
                   ceremony_check_reviewer(core, task->witnesses[i], &ignored) == SG_OK;
    }
    return reviewer ? SG_OK
                    : sg_fail(why, SG_INVALID,
                              "one of the witnesses must be a reviewer of the quorum "
                              "file");
}

static enum sg_status check_destroy(struct core *core,
                                    const struct ledger_request *request,
                                    struct sg_error *why)
{
    AUTO(arena_fini) struct arena arena = {0};
    size_t index = 0;

    TRY(arena_init(&arena, ARENA));
    const Segel__V1__DestroyKeyRequest *task = task_destroy(request, &arena);
    if (task == NULL) {
        return ceremony_unreadable(why);
    }
    TRY(ceremony_find(core, request->object, &index, why));
    const struct keyreg *row = register_row(core, index);
    if (row->state == KEY_NONE || row->state == KEY_DESTROYED ||
        row->state == KEY_ACTIVE) {
        return sg_fail(why, SG_PRECONDITION, "key '%s' is %s%s", row->name,
                       life_said(row->state),
                       row->state == KEY_ACTIVE ? ": deactivate it first" : "");
    }
    TRY(check_witnesses(core, task, why));
    return check_place(core, index, why);
}

/* Sound, and it could sign, or could have come to that. One whose generation broke off
 * stays what it is: its trouble is that of the generation (settle.c). */
static bool had_a_way(const struct keyreg *row, enum key_state state)
{
    return state == KEY_ACCEPTED || state == KEY_INACTIVE ||
           (state == KEY_GENERATED && row->trouble[0] == '\0');
}

static enum sg_status do_destroy(struct core *core, const struct ledger_request *request,
                                 struct members *members, struct log_place *place)
{
    AUTO(arena_fini) struct arena arena = {0};
    size_t index = register_find(core, request->object);
    struct keyreg *row = register_row(core, index);
    char witnesses[16 * 65];

    TRY(arena_init(&arena, ARENA));
    const Segel__V1__DestroyKeyRequest *task = task_destroy(request, &arena);
    MUST(task != NULL); /* it was checked */
    join(task->witnesses, task->n_witnesses, witnesses, sizeof(witnesses));
    members_add(members, "step", "begin");
    members_add(members, "action", "key.destroy");
    members_add(members, "previous", key_state_name(row->state));
    members_add(members, "lane", row->lane);
    members_add(members, "witnesses", witnesses);
    members_add(members, "backups_destroyed", "yes");
    TRY(members_write(core, "ceremony.step", members, place));
    /* From here on it signs nothing, whether or not all of it can be destroyed. */
    if (had_a_way(row, row->state)) {
        life_enter(core, row, KEY_RETIRED);
    } else if (row->state == KEY_HELD && had_a_way(row, row->before_hold)) {
        row->before_hold = KEY_RETIRED;
    }
    return ceremony_keep(core, index, request, place);
}

const struct effect effect_destroy = {check_destroy, do_destroy, ceremony_after};

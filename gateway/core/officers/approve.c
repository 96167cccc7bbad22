#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"
#include "gateway/core/officers/request_grant.h"
#include "proto/digest.h"
#include "proto/text.h"

/* One person's signature over a request, and what it does when it is the last that was
 * missing. Nothing that an earlier call has found is believed: at the use all signatures
 * are verified again, by the quorum file in force. */

/* A note that was handed in. */
struct handed {
    struct grant grant;
    struct note note;
    struct slice line; /* of its one signature, with its LF */
    unsigned person;   /* whose it is */
    char key[NOTE_NAME_MAX + 1];
};

static const char *name_of(const struct core *core, unsigned person)
{
    return core->grants.quorum->roster.groups.leaves[person];
}

/* --- Whose signature it is --------------------------------------------------------- */

static enum sg_status open_note(const struct request_order *order, struct handed *out,
                                struct sg_error *why)
{
    if (note_parse(order->note, &out->note) != SG_OK || out->note.count != 1) {
        return sg_fail(why, SG_INVALID,
                       "note must be a C2SP signed note with exactly one signature");
    }
    size_t begin = out->note.text.len + 1;
    out->line = slice_of(order->note.data + begin, order->note.len - begin);
    (void)snprintf(out->key, sizeof(out->key), "%.*s",
                   (int)out->note.signatures[0].name.len,
                   (const char *)out->note.signatures[0].name.data);
    return SG_OK;
}

static enum sg_status check_signer(const struct core *core,
                                   const struct ledger_request *request,
                                   const struct handed *handed, struct sg_error *why)
{
    const struct roster *roster = &core->grants.quorum->roster;
    const char *name = name_of(core, handed->person);

    if (strcmp(name, request->person) == 0) {
        return sg_fail(why, SG_DENIED, "'%s' asked for it; others must approve it", name);
    }
    if ((roster_candidates(roster, handed->grant.action) >> handed->person & 1) == 0) {
        return sg_fail(why, SG_DENIED, "'%s' is not one of those who approve the task %s",
                       name, request->task);
    }
    return SG_OK;
}

static enum sg_status find_signer(const struct core *core, struct handed *handed,
                                  struct slice note, struct sg_error *why)
{
    uint64_t persons = 0;
    enum sg_status status =
        grant_signers(&core->grants.quorum->roster, &handed->grant, note, &persons, why);

    if (status != SG_OK) { /* whatever is wrong with it, the caller sent it */
        return SG_INVALID;
    }
    if (persons == 0) {
        return sg_fail(why, SG_DENIED,
                       "the key '%.255s' belongs to nobody in the quorum file",
                       handed->key);
    }
    handed->person = (unsigned)__builtin_ctzll(persons);
    return SG_OK;
}

static enum sg_status judge_note(const struct core *core,
                                 const struct request_order *order,
                                 const struct ledger_request *request, struct handed *out,
                                 struct sg_error *why)
{
    if (core->grants.quorum == NULL) {
        return sg_fail(why, SG_PRECONDITION,
                       "there is no quorum file (officers.quorum), so nothing can be "
                       "approved");
    }
    if (request_grant(request, &out->grant) != SG_OK) {
        return sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
    }
    TRY(open_note(order, out, why));
    TRY(find_signer(core, out, order->note, why));
    return check_signer(core, request, out, why);
}

static enum sg_status not_pending(const struct ledger_request *request,
                                  struct sg_error *why)
{
    static const char *const ends[] = {
        [REQUEST_PENDING] = "waits",     [REQUEST_EXECUTED] = "was executed",
        [REQUEST_FAILED] = "has failed", [REQUEST_REFUSED] = "was refused",
        [REQUEST_EXPIRED] = "is over",   [REQUEST_VOID] = "is void"};

    return sg_fail(why, SG_PRECONDITION, "request '%s' %s%s%.200s", request->id,
                   ends[request->state], request->why[0] == '\0' ? "" : ": ",
                   request->why);
}

/* --- The vote ---------------------------------------------------------------------- */

static enum sg_status write_vote(struct core *core, const struct request_order *order,
                                 struct ledger_request *request,
                                 const struct handed *handed)
{
    struct members members = {.count = 0};
    struct log_place place;
    char line[512];
    char cert[65];

    /* The whole line: with grant.request it proves the approval to whoever has the quorum
     * file. */
    (void)snprintf(line, sizeof(line), "%.*s", (int)handed->line.len - 1,
                   (const char *)handed->line.data);
    text_hex(slice_of(order->order.caller_cert, 32), cert);
    members_add(&members, "subject", request->id);
    members_add(&members, "approver", name_of(core, handed->person));
    members_add(&members, "key", handed->key);
    members_add(&members, "signature", line);
    members_add(&members, "handed_in_by", order->order.officer);
    members_add(&members, "caller_cert", cert);
    TRY(members_write(core, "grant.approve", &members, &place));
    request->log_index = place.index;
    memcpy(request->log_hash, place.hash, sizeof(request->log_hash));
    return SG_OK;
}

static enum sg_status add_vote(struct core *core, const struct request_order *order,
                               struct ledger_request *request,
                               const struct handed *handed)
{
    const struct roster *roster = &core->grants.quorum->roster;
    const struct ledger_vote vote = {
        .person = name_of(core, handed->person),
        .role = person_role_name(roster->persons[handed->person].role),
        .key = handed->key,
        .reason = "",
        .line = handed->line,
        .time_us = clock_wall_us()};

    MUST(request->vote_count < LEDGER_VOTES_MAX);
    TRY(write_vote(core, order, request, handed));
    request->votes[request->vote_count++] = vote;
    TRY(ledger_add_vote(core->ledger, request->number, &vote));
    return ledger_settle_request(core->ledger, request); /* only its place on the log */
}

/* --- The use ----------------------------------------------------------------------- */

/* By the signatures themselves, all of them. */
static bool is_reached(const struct core *core, const struct ledger_request *request,
                       const struct grant *grant, struct slice note)
{
    const struct roster *roster = &core->grants.quorum->roster;
    struct sg_error why = {0};
    uint64_t persons = 0;

    return grant_signers(roster, grant, note, &persons, &why) == SG_OK &&
           roster_reached(roster, grant->action, persons,
                          quorum_find(core->grants.quorum, request->person));
}

static void name_approvers(const struct ledger_request *request, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < request->vote_count && len < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : ",",
                                request->votes[i].person);
    }
}

static enum sg_status settle(struct core *core, struct ledger_request *request,
                             const struct log_place *place)
{
    request->log_index = place->index;
    memcpy(request->log_hash, place->hash, sizeof(request->log_hash));
    TRY(ledger_settle_request(core->ledger, request));
    return grants_count(core);
}

/* The grant is used up all the same. */
static enum sg_status fail(struct core *core, struct ledger_request *request,
                           enum sg_status status, const char *why)
{
    struct members members = {.count = 0};
    struct log_place place;

    members_add(&members, "subject", request->id);
    members_add(&members, "action", request->task);
    members_add(&members, "object", request->object);
    members_add(&members, "requester", request->person);
    members_add(&members, "code", sg_status_name(status));
    members_add(&members, "why", why);
    TRY(members_write(core, "grant.fail", &members, &place));
    request->state = REQUEST_FAILED;
    request->outcome = status;
    request->why = why;
    return settle(core, request, &place);
}

static enum sg_status use(struct core *core, struct ledger_request *request,
                          struct slice note)
{
    struct members members = {.count = 0};
    struct log_place place;
    uint8_t hash[32];
    char note_hash[DIGEST_SHA256_SIZE];
    char approvers[LEDGER_VOTES_MAX * 65];

    (void)SHA256(note.data, note.len, hash);
    digest_sha256_text(hash, note_hash);
    name_approvers(request, approvers, sizeof(approvers));
    members_add(&members, "subject", request->object);
    members_add(&members, "grant", request->id);
    members_add(&members, "grant_sha256", note_hash);
    members_add(&members, "requester", request->person);
    members_add(&members, "approvers", approvers);
    enum sg_status status = effect_do(core, request, &members, &place);
    if (status == SG_LEDGER) {
        return status;
    }
    if (status != SG_OK) {
        return fail(core, request, status, sg_status_text(status));
    }
    request->state = REQUEST_EXECUTED;
    TRY(settle(core, request, &place));
    return grants_end_stale(core); /* it may have brought another policy or roster */
}

static enum sg_status use_if_reached(struct core *core, struct request_order *order,
                                     struct ledger_request *request,
                                     const struct grant *grant)
{
    char *text = (char *)arena_alloc(&order->arena, GRANT_NOTE_MAX);
    struct sg_error *why =
        (struct sg_error *)arena_alloc(&order->arena, sizeof(*why)); /* for the answer */
    size_t len = 0;

    if (text == NULL || why == NULL) {
        return SG_NO_MEMORY;
    }
    if (request_note(request, slice_of(NULL, 0), text, &len) != SG_OK ||
        !is_reached(core, request, grant, slice_of(text, len))) {
        return SG_OK;
    }
    enum sg_status status = effect_check(core, request, why);
    if (status != SG_OK) {
        return fail(core, request, status, why->text);
    }
    TRY(use(core, request, slice_of(text, len)));
    order->executed = request->state == REQUEST_EXECUTED ? request : NULL;
    return SG_OK;
}

/* --- All together ------------------------------------------------------------------ */

static enum sg_status end_if_over(struct core *core, struct ledger_request *request)
{
    const char *why = "";
    enum request_state state = request->state == REQUEST_PENDING
                                   ? grants_state_of(core, request, &why)
                                   : REQUEST_PENDING;

    return state == REQUEST_PENDING ? SG_OK : grants_end(core, request, state, why);
}

enum sg_status requests_approve(struct core *core, struct request_order *order,
                                struct ledger_request *request)
{
    struct handed handed = {.person = GROUPS_NONE};
    struct sg_error why = {0};

    enum sg_status status = judge_note(core, order, request, &handed, &why);
    if (status != SG_OK) {
        return request_refuse(order, status, &why);
    }
    if (ledger_has_voted(request, name_of(core, handed.person))) {
        return SG_OK; /* nothing changes, however it stands */
    }
    TRY(end_if_over(core, request));
    if (request->state != REQUEST_PENDING) {
        return request_refuse(order, not_pending(request, &why), &why);
    }
    if (request->vote_count == LEDGER_VOTES_MAX) {
        status = sg_fail(&why, SG_BUSY, "%d persons have approved it already",
                         LEDGER_VOTES_MAX);
        return request_refuse(order, status, &why);
    }
    TRY(add_vote(core, order, request, &handed));
    return use_if_reached(core, order, request, &handed.grant);
}

#include "gateway/service/approvals/approvals.h"

/* The answer to GetRoster. */

static bool add_keys(struct asked *asked, const struct roster_person *person,
                     Segel__V1__RosterEntry *out)
{
    out->verifier_keys =
        (char **)approvals_room(asked, sizeof(*out->verifier_keys) * ROSTER_KEYS_MAX);
    if (out->verifier_keys == NULL) {
        return false;
    }
    for (size_t i = 0; i < person->key_count; i++) {
        char *vkey = (char *)approvals_room(asked, NOTE_VKEY_MAX);
        if (vkey == NULL) {
            return false;
        }
        note_vkey_format(&person->keys[i], vkey);
        out->verifier_keys[out->n_verifier_keys++] = vkey;
    }
    return true;
}

static Segel__V1__RosterEntry *entry(struct asked *asked, size_t person)
{
    const struct roster *roster = &asked->order.quorum->roster;
    Segel__V1__RosterEntry *out = (Segel__V1__RosterEntry *)approvals_make(
        asked, &segel__v1__roster_entry__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->person = pb_text(roster->groups.leaves[person]);
    out->role = pb_text(person_role_name(roster->persons[person].role));
    out->since_us = asked->order.quorum_since_us;
    return add_keys(asked, &roster->persons[person], out) ? out : NULL;
}

/* Whether the task cannot be done by officers alone. */
static bool needs_reviewer(const struct roster *roster, enum task task)
{
    uint64_t officers = 0;

    for (size_t i = 0; i < roster->groups.leaf_count; i++) {
        officers |= roster->persons[i].role == PERSON_OFFICER ? (uint64_t)1 << i : 0;
    }
    return !roster_reached(roster, task, officers, GROUPS_NONE);
}

static Segel__V1__TaskQuorum *quorum_of(struct asked *asked, enum task task)
{
    const struct roster *roster = &asked->order.quorum->roster;
    uint64_t left = roster_candidates(roster, task);
    Segel__V1__TaskQuorum *out = (Segel__V1__TaskQuorum *)approvals_make(
        asked, &segel__v1__task_quorum__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->candidates =
        (char **)approvals_room(asked, sizeof(*out->candidates) * GROUPS_LEAVES_MAX);
    if (out->candidates == NULL) {
        return NULL;
    }
    for (; left != 0; left &= left - 1) {
        out->candidates[out->n_candidates++] =
            pb_text(roster->groups.leaves[__builtin_ctzll(left)]);
    }
    out->task = pb_text(task_name(task));
    out->persons = roster_fewest(roster, task);
    out->reviewer_required = needs_reviewer(roster, task);
    return out;
}

static bool add_roster(struct asked *asked, Segel__V1__GetRosterResponse *out)
{
    const struct roster *roster = &asked->order.quorum->roster;

    out->entries = (Segel__V1__RosterEntry **)approvals_room(
        asked, sizeof(Segel__V1__RosterEntry *[GROUPS_LEAVES_MAX]));
    out->tasks = (Segel__V1__TaskQuorum **)approvals_room(
        asked, sizeof(Segel__V1__TaskQuorum *[TASK_COUNT]));
    if (out->entries == NULL || out->tasks == NULL) {
        return false;
    }
    for (size_t i = 0; i < roster->groups.leaf_count; i++) {
        out->entries[out->n_entries] = entry(asked, i);
        if (out->entries[out->n_entries++] == NULL) {
            return false;
        }
    }
    for (size_t task = 0; task < TASK_COUNT; task++) {
        out->tasks[out->n_tasks] = quorum_of(asked, (enum task)task);
        if (out->tasks[out->n_tasks++] == NULL) {
            return false;
        }
    }
    out->quorum_text = pb_bytes(asked->order.quorum->text);
    out->quorum_sha256 = pb_bytes(slice_of(asked->order.quorum->sha256, 32));
    return true;
}

ProtobufCMessage *approvals_roster_answer(struct asked *asked)
{
    Segel__V1__GetRosterResponse *out = (Segel__V1__GetRosterResponse *)approvals_make(
        asked, &segel__v1__get_roster_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->lock_down = approvals_lock_down(asked);
    if (out->lock_down == NULL ||
        (asked->order.quorum != NULL && !add_roster(asked, out))) {
        return NULL;
    }
    return &out->base;
}

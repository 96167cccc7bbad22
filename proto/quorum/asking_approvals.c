#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/quorum/asking_inside.h"
#include "proto/quorum/roster_edit.h"
#include "proto/text.h"
#include "segel/v1/approvals.pb-c.h"

/* Guarded methods of ApprovalService. */

typedef const Segel__V1__CreateRequestRequest *wish;

static enum sg_status unlock_pin(wish request, struct asking *out, struct sg_error *why)
{
    const Segel__V1__UnlockPinTask *task = request->unlock_pin;

    out->task = TASK_PIN_UNLOCK;
    return asking_object(task->lane, "unlock_pin.lane", out, why);
}

static enum sg_status change_pin(wish request, struct asking *out, struct sg_error *why)
{
    const Segel__V1__ChangePinTask *task = request->change_pin;

    out->task = TASK_PIN_CHANGE;
    return asking_object(task->lane, "change_pin.lane", out, why);
}

/* --- override ---------------------------------------------------------------------- */

enum { OVERRIDE_JOBS_MAX = 100000 };

static enum sg_status override_name(struct asking *out, const char *name,
                                    const char *value, struct sg_error *why)
{
    return text_name(slice_str(value))
               ? asking_word(out, name, value, why)
               : sg_fail(why, SG_INVALID, "override_rule.%s must be a name", name);
}

static enum sg_status override(wish request, struct asking *out, struct sg_error *why)
{
    const Segel__V1__OverrideTask *task = request->override_rule;

    out->task = TASK_OVERRIDE;
    TRY(asking_object(task->rule, "override_rule.rule", out, why));
    TRY(override_name(out, "key", task->key, why));
    TRY(override_name(out, "caller", task->caller, why));
    if (task->document_class[0] != '\0') {
        TRY(override_name(out, "document_class", task->document_class, why));
    }
    TRY(asking_time(out, "until", task->until_us, why));
    if (task->max_jobs < 1 || task->max_jobs > OVERRIDE_JOBS_MAX) {
        return sg_fail(why, SG_INVALID, "override_rule.max_jobs must be 1 to %d",
                       OVERRIDE_JOBS_MAX);
    }
    return asking_number(out, "max", task->max_jobs, why);
}

/* --- officer.add, officer.remove --------------------------------------------------- */

/* By their ids: the whole keys are in the bytes, whose hash is signed. */
static enum sg_status officer_keys(const Segel__V1__OfficerTask *task, struct asking *out,
                                   struct sg_error *why)
{
    char ids[ROSTER_KEYS_MAX * 9 + 1] = "";
    struct note_key key;

    for (size_t i = 0; i < task->n_verifier_keys; i++) {
        if (note_vkey_parse(slice_str(task->verifier_keys[i]), &key) != SG_OK ||
            key.kind != NOTE_ED25519) {
            return sg_fail(
                why, SG_INVALID,
                "officer.verifier_keys: '%.80s' is no verifier key of an "
                "Ed25519 key (NAME+ID+BASE64, as 'segel officer key' prints it)",
                task->verifier_keys[i]);
        }
        (void)snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%s%08" PRIx32,
                       i == 0 ? "" : ",", key.id);
    }
    return asking_word(out, "keys", ids, why);
}

static enum sg_status officer_groups(const Segel__V1__OfficerTask *task,
                                     struct asking *out, struct sg_error *why)
{
    char names[GRANT_PARAM_MAX] = "";
    size_t len = 0;

    for (size_t i = 0; i < task->n_groups; i++) {
        if (!text_name(slice_str(task->groups[i]))) {
            return sg_fail(why, SG_INVALID, "officer.groups must be names of groups");
        }
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
                                i == 0 ? "" : ",", task->groups[i]);
        if (len >= sizeof(names)) {
            return sg_fail(why, SG_INVALID, "officer.groups: the names are too long");
        }
    }
    return task->n_groups == 0 ? SG_OK : asking_word(out, "groups", names, why);
}

static bool is_role(const char *name)
{
    bool known = false;

    for (int role = 0; role < PERSON_ROLE_COUNT; role++) {
        known = known || strcmp(name, person_role_name((enum person_role)role)) == 0;
    }
    return known;
}

static enum sg_status officer(wish request, struct asking *out, struct sg_error *why)
{
    const Segel__V1__OfficerTask *task = request->officer;

    out->task = task->remove ? TASK_OFFICER_REMOVE : TASK_OFFICER_ADD;
    TRY(asking_object(task->person, "officer.person", out, why));
    if (task->remove) {
        return task->role[0] == '\0' && task->n_verifier_keys == 0 && task->n_groups == 0
                   ? SG_OK
                   : sg_fail(why, SG_INVALID,
                             "officer: whoever is removed has no role, keys and groups");
    }
    if (!is_role(task->role) || task->n_verifier_keys < 1 ||
        task->n_verifier_keys > ROSTER_KEYS_MAX || task->n_groups > ROSTER_JOIN_MAX) {
        return sg_fail(
            why, SG_INVALID,
            "officer: a role (officer, reviewer, operator), 1 to %d keys and at "
            "most %d groups",
            ROSTER_KEYS_MAX, ROSTER_JOIN_MAX);
    }
    TRY(asking_word(out, "role", task->role, why));
    TRY(officer_keys(task, out, why));
    return officer_groups(task, out, why);
}

static enum sg_status prune_log(wish request, struct asking *out, struct sg_error *why)
{
    uint64_t before = request->prune_log->before_index;

    out->task = TASK_LOG_PRUNE;
    TRY(asking_object("log", "object", out, why));
    return before > 0 && before <= INT64_MAX
               ? asking_number(out, "before", before, why)
               : sg_fail(why, SG_INVALID, "prune_log.before_index is missing");
}

/* --- CreateRequest ----------------------------------------------------------------- */

static const struct {
    Segel__V1__CreateRequestRequest__TaskCase which;
    enum sg_status (*read)(wish request, struct asking *out, struct sg_error *why);
} tasks[] = {
    {SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN, unlock_pin},
    {SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_CHANGE_PIN, change_pin},
    {SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OFFICER, officer},
    {SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OVERRIDE_RULE, override},
    {SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_PRUNE_LOG, prune_log},
};

enum sg_status asking_create(const ProtobufCMessage *from, struct asking *out,
                             struct sg_error *why)
{
    const Segel__V1__CreateRequestRequest *request =
        (const Segel__V1__CreateRequestRequest *)(const void *)from;

    out->request_id = request->request_id;
    out->reason = request->reason;
    if (request->task_case == SEGEL__V1__CREATE_REQUEST_REQUEST__TASK__NOT_SET) {
        return sg_fail(why, SG_INVALID, "the task is missing");
    }
    for (size_t i = 0; i < SG_COUNT(tasks); i++) {
        if (tasks[i].which == request->task_case) {
            return tasks[i].read(request, out, why);
        }
    }
    return sg_fail(why, SG_UNSUPPORTED, "this version does not know the task");
}

enum sg_status asking_release(const ProtobufCMessage *from, struct asking *out,
                              struct sg_error *why)
{
    const Segel__V1__ReleaseLockDownRequest *request =
        (const Segel__V1__ReleaseLockDownRequest *)(const void *)from;

    out->task = TASK_LOCKDOWN_CLEAR;
    out->request_id = request->request_id;
    out->reason = request->reason;
    return asking_object(request->id, "id", out, why);
}

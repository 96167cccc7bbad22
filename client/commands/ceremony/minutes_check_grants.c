#include <openssl/sha.h>
#include <stdio.h>

#include "client/call/approval_call.h"
#include "client/ceremony/script_rows.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/minutes_check.h"
#include "proto/digest.h"
#include "proto/text.h"

/* Requests that the minutes name: signed for as they say, and for what the script had the
 * gateway do. */

struct granted {
    char task[65];
    char object[65];
    bool taken; /* by a step */
};
struct granted_all {
    size_t count;
    struct granted rows[MINUTES_MOST_GRANT];
};

/* --- What the gateway has of them --------------------------------------------------- */

/* What persons signed is what the minutes say, it was used, and its record stands. */
static enum sg_status check_grant(const struct home *home, const struct log_head *head,
                                  const Segel__V1__GetRequestResponse *got,
                                  struct slice hash, struct sg_error *why)
{
    const Segel__V1__Approval *approval = got->approval;
    char text[DIGEST_SHA256_SIZE];
    uint8_t sha256[32];
    struct tlog_hash leaf;

    (void)SHA256(got->grant_note.data, got->grant_note.len, sha256);
    digest_sha256_text(sha256, text);
    if (!slice_equal(hash, slice_str(text))) {
        return sg_fail(why, SG_CORRUPT, "other signatures than the minutes say");
    }
    if (approval == NULL || approval->log == NULL ||
        approval->log->leaf_hash.len != TLOG_HASH_SIZE ||
        approval->state != SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED) {
        return sg_fail(why, SG_CORRUPT, "it was not executed");
    }
    memcpy(leaf.bytes, approval->log->leaf_hash.data, TLOG_HASH_SIZE);
    return minutes_check_prove(home, head, approval->log->index, &leaf, why);
}

static enum sg_status look_up(const struct minutes_check *check,
                              const struct log_head *head, struct slice line,
                              struct granted *out, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    char id[65];
    struct slice name = minutes_first(line);

    (void)snprintf(id, sizeof(id), "%.*s", (int)name.len, (const char *)name.data);
    TRY(approval_get(check->home, id, &reply, why));
    const Segel__V1__GetRequestResponse *got =
        (const Segel__V1__GetRequestResponse *)(const void *)reply;
    enum sg_status status = check_grant(check->home, head, got, minutes_rest(line), why);
    if (status == SG_OK) {
        *out = (struct granted){.taken = false};
        (void)snprintf(out->task, sizeof(out->task), "%s", got->approval->task);
        (void)snprintf(out->object, sizeof(out->object), "%s", got->approval->object);
    }
    unpack_free(reply);
    return status;
}

static bool look_up_all(struct minutes_check *check, const struct log_head *head,
                        struct granted_all *out)
{
    struct sg_error why = {0};
    struct slice line;

    for (out->count = 0;
         out->count < MINUTES_MOST_GRANT &&
         (line = minutes_get(&check->file->minutes, MINUTES_FIELD_GRANT, out->count))
                 .len > 0;
         out->count++) {
        if (look_up(check, head, line, &out->rows[out->count], &why) != SG_OK) {
            struct slice id = minutes_first(line);
            minutes_check_say(check, false, "grant", "request %.*s: %s", (int)id.len,
                              (const char *)id.data, why.text);
            return false;
        }
    }
    return true;
}

/* --- What the script had the gateway do --------------------------------------------- */

static bool take(struct granted_all *all, const char *task, const char *answer,
                 struct slice object)
{
    for (size_t i = 0; i < all->count; i++) {
        struct granted *row = &all->rows[i];
        if (!row->taken && strcmp(row->task, task) == 0 &&
            (answer[0] == '\0' || slice_equal(object, slice_str(row->object)))) {
            row->taken = true;
            return true;
        }
    }
    return false;
}

/* The first step that was done and that none of the requests is for, from 1; 0: none. */
static size_t without_grant(const struct minutes_check *check, struct granted_all *all)
{
    const struct script *script = &check->script->script;

    for (size_t i = 0; i < script->step_count; i++) {
        const struct script_step *step = &script->steps[i];
        if (step->kind != STEP_RUN || !minutes_check_done(check, i)) {
            continue;
        }
        const char *answer = script_row(SCRIPT_ACTIONS, step->row)->object;
        if (answer != NULL &&
            !take(all, step->name, answer, minutes_check_answer(check, answer))) {
            return i + 1;
        }
    }
    return 0;
}

void minutes_check_grants(struct minutes_check *check, const struct log_head *head)
{
    static struct granted_all all; /* large */

    if (!look_up_all(check, head, &all)) {
        return;
    }
    size_t step = check->script == NULL ? 0 : without_grant(check, &all);
    if (step != 0) {
        minutes_check_say(
            check, false, "grant",
            "step %zu was done, and no request of the minutes is for %s of its object",
            step, check->script->script.steps[step - 1].name);
    } else if (all.count > 0) {
        minutes_check_say(
            check, true, "grant",
            "%zu requests were signed for as the minutes say, and executed; "
            "the log has them",
            all.count);
    }
}

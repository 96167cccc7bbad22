#include <openssl/sha.h>
#include <stdio.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/action.h"
#include "client/commands/ceremony/talk.h"
#include "client/console/self_run.h"
#include "proto/digest.h"

enum { LOOK_EVERY_MS = 2000 };

/* --- Into the minutes ----------------------------------------------------------------
 */

enum sg_status ceremony_note_log(struct ceremony *ceremony,
                                 const struct action_answer *answer, struct sg_error *why)
{
    char hash[DIGEST_SHA256_SIZE];
    char line[DIGEST_SHA256_SIZE + 24];
    struct slice known;

    if (!answer->logged) {
        return SG_OK;
    }
    digest_sha256_text(answer->leaf, hash);
    (void)snprintf(line, sizeof(line), "%llu %s", (unsigned long long)answer->index,
                   hash);
    for (size_t n = 0;
         (known = minutes_get(&ceremony->state.minutes, MINUTES_FIELD_LOG, n)).len > 0;
         n++) {
        if (slice_equal(known, slice_str(line))) {
            return SG_OK;
        }
    }
    return state_note(&ceremony->state, why, MINUTES_FIELD_LOG, "%s", line);
}

static enum sg_status note_csr(struct ceremony *ceremony,
                               const struct action_answer *answer, struct sg_error *why)
{
    char hash[DIGEST_SHA256_SIZE];

    if (!answer->made_csr) {
        return SG_OK;
    }
    digest_sha256_text(answer->csr, hash);
    (void)printf("    PKCS#10  %s\n", hash);
    return state_note(&ceremony->state, why, MINUTES_FIELD_CSR, "%s", hash);
}

/* The note with all signatures, by its hash, and the policy that it names. */
static enum sg_status take_grant(struct ceremony *ceremony,
                                 const Segel__V1__GetRequestResponse *got, const char *id,
                                 struct sg_error *why)
{
    uint8_t hash[32];
    char text[DIGEST_SHA256_SIZE];
    bool known = minutes_get(&ceremony->state.minutes, MINUTES_FIELD_POLICY, 0).len > 0;

    (void)SHA256(got->grant_note.data, got->grant_note.len, hash);
    digest_sha256_text(hash, text);
    TRY(state_note(&ceremony->state, why, MINUTES_FIELD_GRANT, "%s %s", id, text));
    if (known || got->policy_sha256.len != sizeof(hash)) {
        return SG_OK;
    }
    digest_sha256_text(got->policy_sha256.data, text);
    return state_note(&ceremony->state, why, MINUTES_FIELD_POLICY, "%s", text);
}

static enum sg_status note_grant(struct ceremony *ceremony, const char *id,
                                 struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    TRY(approval_get(ceremony->home, id, &reply, why));
    enum sg_status status = take_grant(
        ceremony, (const Segel__V1__GetRequestResponse *)(const void *)reply, id, why);
    unpack_free(reply);
    return status;
}

/* --- Waiting for approvals -----------------------------------------------------------
 */

static enum sg_status look(const struct ceremony *ceremony, const char *id,
                           struct action_answer *out, uint32_t *given,
                           struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    TRY(approval_get(ceremony->home, id, &reply, why));
    const Segel__V1__Approval *approval =
        ((const Segel__V1__GetRequestResponse *)(const void *)reply)->approval;
    act_take_approval(out, approval);
    if (approval != NULL && approval->approvals_given != *given) {
        *given = approval->approvals_given;
        (void)printf("    ");
        approval_print(approval, stdout, ceremony->indonesian);
    }
    unpack_free(reply);
    return SG_OK;
}

/* As that person does it everywhere else: it is shown, asked, and signed. */
static enum sg_status approve_here(const struct ceremony *ceremony, const char *name,
                                   const char *id, struct sg_error *why)
{
    char home[HOME_PATH_SIZE];
    int code = 0;

    if (!ceremony_home_of(ceremony, name, home)) {
        (void)printf(ceremony->indonesian
                         ? "    '%s' tidak punya folder di mesin ini (--people)\n"
                         : "    '%s' has no home folder at this machine (--people)\n",
                     name);
        return SG_OK;
    }
    const char *const words[] = {"--home", home,     "approve",
                                 id,       "--lang", ceremony->indonesian ? "id" : "en",
                                 NULL};
    return self_run(words, &code, why);
}

static void print_waiting(const struct ceremony *ceremony, const char *id)
{
    (void)printf(ceremony->indonesian
                     ? "    Menunggu persetujuan: 'segel approve %s' di mesin lain,\n"
                       "    atau ketik nama orang yang menyetujui di sini:\n    > "
                     : "    Waits for approvals: 'segel approve %s' at other machines,\n"
                       "    or write the name of who approves here:\n    > ",
                 id);
}

static bool is_pending(const struct action_answer *answer)
{
    return answer->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING;
}

/* Until somebody has typed a name, or for a while. */
static enum sg_status wait_once(struct ceremony *ceremony, const char *id,
                                struct action_answer *answer, uint32_t *given,
                                struct sg_error *why)
{
    char line[TALK_LINE_MAX];
    enum sg_status status = talk_wait(LOOK_EVERY_MS, line, why);

    if (status == SG_ABORTED) {
        return status;
    }
    if (status == SG_OK && line[0] != '\0') {
        TRY(approve_here(ceremony, line, id, why));
    }
    TRY(look(ceremony, id, answer, given, why));
    if (status == SG_OK && is_pending(answer)) {
        print_waiting(ceremony, id);
    }
    return SG_OK;
}

static enum sg_status wait_approvals(struct ceremony *ceremony,
                                     struct action_answer *answer, struct sg_error *why)
{
    char id[sizeof(answer->id)];
    uint32_t given = 0;

    memcpy(id, answer->id, sizeof(id));
    print_waiting(ceremony, id);
    while (is_pending(answer)) {
        TRY(wait_once(ceremony, id, answer, &given, why));
    }
    (void)fputc('\n', stdout);
    return SG_OK;
}

/* --- One task ---------------------------------------------------------------------- */

/* The id is on the disk before the gateway hears it: whatever is interrupted, the same
 * request is asked for again. */
static enum sg_status name_request(struct ceremony *ceremony, struct sg_error *why)
{
    char id[APPROVAL_ID_SIZE];

    if (ceremony->state.request[0] != '\0') {
        return SG_OK;
    }
    TRY(approval_make_id(id, why));
    (void)snprintf(ceremony->state.request, sizeof(ceremony->state.request), "c-%s", id);
    return ceremony_keep(ceremony, why);
}

static bool changes_token(enum action_kind action)
{
    return action == ACTION_KEY_GENERATE || action == ACTION_CERT_ACCEPT ||
           action == ACTION_KEY_DESTROY;
}

static bool is_done(const struct action_answer *answer)
{
    return !answer->guarded ||
           answer->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED;
}

static void tell(const struct script_step *step, const struct action_answer *answer,
                 struct ceremony_finding *out)
{
    ceremony_found(out, is_done(answer), "%s%s%s: %s%s%s", step->name,
                   answer->guarded ? " by request " : "", answer->id,
                   !answer->guarded ? "done" : approval_state_text(answer->state, false),
                   answer->outcome[0] == '\0' ? "" : ", ", answer->outcome);
}

static enum sg_status settle(struct ceremony *ceremony, const struct script_step *step,
                             struct action_answer *answer, struct ceremony_finding *out,
                             struct sg_error *why)
{
    struct sg_error refusal = {0};
    enum sg_status status = SG_OK;
    uint64_t asked = answer->index; /* what the token does is recorded behind it */

    tell(step, answer, out);
    TRY(ceremony_note_log(ceremony, answer, why));
    if (is_done(answer) && changes_token((enum action_kind)step->row)) {
        status = act_settle(ceremony, (enum action_kind)step->row, answer, &refusal);
    }
    if (status != SG_OK) {
        ceremony_found(out, false, "%s: %s", step->name, refusal.text);
    }
    if (status != SG_OK && status != SG_HSM) {
        return SG_OK; /* it may end well still: the same request is looked at again */
    }
    ceremony->state.request[0] = '\0';
    TRY(ceremony_note_log(ceremony, answer, why));
    if (!is_done(answer)) {
        return SG_OK; /* nothing was done by it: it is asked for anew */
    }
    TRY(note_csr(ceremony, answer, why));
    if (changes_token((enum action_kind)step->row)) {
        TRY(ceremony_read_log(ceremony, asked, why));
    }
    return answer->guarded ? note_grant(ceremony, answer->id, why) : SG_OK;
}

/* For certain nothing was begun. */
static bool is_refusal(enum sg_status status)
{
    return status == SG_INVALID || status == SG_NOT_FOUND || status == SG_CONFLICT ||
           status == SG_DENIED || status == SG_PRECONDITION || status == SG_UNSUPPORTED;
}

static enum sg_status run_once(struct ceremony *ceremony, const struct script_step *step,
                               struct action_answer *answer, struct sg_error *why)
{
    enum action_kind action = (enum action_kind)step->row;

    TRY(name_request(ceremony, why));
    enum sg_status status = ceremony_act(ceremony, action, answer, why);
    ceremony->refused = is_refusal(status);
    TRY(status);
    if (answer->guarded && is_pending(answer)) {
        TRY(ceremony_note_log(ceremony, answer, why));
        TRY(ceremony_keep(ceremony, why));
        TRY(wait_approvals(ceremony, answer, why));
    }
    return SG_OK;
}

enum sg_status ceremony_run_task(struct ceremony *ceremony,
                                 const struct script_step *step,
                                 struct ceremony_finding *out, struct sg_error *why)
{
    struct action_answer answer;
    struct sg_error refusal = {0};
    enum sg_status status = run_once(ceremony, step, &answer, &refusal);

    if (status == SG_ABORTED) {
        *why = refusal;
        return status;
    }
    if (status != SG_OK) {
        ceremony_found(out, false, "%s: %s", step->name,
                       refusal.text[0] == '\0' ? sg_status_text(status) : refusal.text);
        return SG_OK;
    }
    return settle(ceremony, step, &answer, out, why);
}

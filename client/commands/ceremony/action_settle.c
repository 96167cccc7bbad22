#include <time.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/action.h"

enum { LOOKS = 180, LOOK_EVERY_S = 1 };

/* A key whose generation broke off leaves an empty slot, not one that is spent. */
static bool reached(enum action_kind action, Segel__V1__KeyState state)
{
    static const Segel__V1__KeyState wanted[ACTION_KIND_COUNT] = {
        [ACTION_KEY_GENERATE] = SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED,
        [ACTION_CERT_ACCEPT] = SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED,
        [ACTION_KEY_DESTROY] = SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED,
    };

    return state == wanted[action] ||
           (action == ACTION_KEY_DESTROY &&
            state == SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED);
}

/* Somebody has ordered that meanwhile: the state that was wanted comes after a release at
 * the earliest. What is to be destroyed is destroyed all the same. */
static enum sg_status check_free(const Segel__V1__Key *key, enum action_kind action,
                                 struct sg_error *why)
{
    if (action == ACTION_KEY_DESTROY) {
        return SG_OK;
    }
    if (key->state == SEGEL__V1__KEY_STATE__KEY_STATE_HELD) {
        return sg_fail(why, SG_PRECONDITION,
                       "the token is done, and somebody has held the key meanwhile: it "
                       "goes on when that is released");
    }
    return key->state == SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED
               ? sg_fail(why, SG_HSM,
                         "the token is done, and the key was reported as compromised "
                         "meanwhile: it can only be destroyed")
               : SG_OK;
}

/* A grant is used up when the token begins; what the token made of it comes later. */
enum sg_status act_judge(const Segel__V1__Key *key, enum action_kind action, bool *done,
                         struct sg_error *why)
{
    *done = false;
    if (key == NULL || key->ceremony[0] != '\0') {
        return SG_OK;
    }
    if (key->trouble[0] != '\0') {
        return sg_fail(why, SG_HSM, "%.250s", key->trouble);
    }
    TRY(check_free(key, action, why));
    if (action == ACTION_CERT_ACCEPT && key->n_refusals > 0) {
        return sg_fail(why, SG_PRECONDITION, "%.250s", key->refusals[0]->message);
    }
    *done = reached(action, key->state);
    return SG_OK;
}

enum sg_status act_settle(struct ceremony *ceremony, enum action_kind action,
                          struct action_answer *out, struct sg_error *why)
{
    const struct timespec pause = {.tv_sec = LOOK_EVERY_S};
    const char *key = act_answer(ceremony, "key");
    bool done = false;

    for (int i = 0; !done && i < LOOKS; i++) {
        ProtobufCMessage *reply = NULL;
        TRY(gateway_key(ceremony->home, key, &reply, why));
        const Segel__V1__GetKeyResponse *got =
            (const Segel__V1__GetKeyResponse *)(const void *)reply;
        enum sg_status status = act_judge(got->key, action, &done, why);
        if (done) {
            act_take_log(out, got->log);
        }
        unpack_free(reply);
        TRY(status);
        if (!done) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return done ? SG_OK
                : sg_fail(why, SG_TIMEOUT, "the token is not done with '%s' yet", key);
}

#include <time.h>

#include "client/ceremony_action.h"
#include "client/channel/unpack.h"
#include "client/gateway_call.h"

enum { LOOKS = 180, LOOK_EVERY_S = 1 };

/* A grant is used up when the token begins; what the token made of it comes later. */
struct settling {
    Segel__V1__KeyState wanted;
    bool done;
};

static enum sg_status take(const Segel__V1__GetKeyResponse *got,
                           struct settling *settling, struct action_answer *out,
                           struct sg_error *why)
{
    const Segel__V1__Key *key = got->key;

    if (key == NULL || key->ceremony[0] != '\0') {
        return SG_OK;
    }
    if (key->trouble[0] != '\0') {
        return sg_fail(why, SG_HSM, "%.250s", key->trouble);
    }
    settling->done = key->state == settling->wanted;
    if (settling->done) {
        act_take_log(out, got->log);
    }
    return SG_OK;
}

enum sg_status act_settle(struct ceremony *ceremony, enum action_kind action,
                          struct action_answer *out, struct sg_error *why)
{
    static const Segel__V1__KeyState wanted[ACTION_KIND_COUNT] = {
        [ACTION_KEY_GENERATE] = SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED,
        [ACTION_CERT_ACCEPT] = SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED,
        [ACTION_KEY_DESTROY] = SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED,
    };
    const struct timespec pause = {.tv_sec = LOOK_EVERY_S};
    const char *key = act_answer(ceremony, "key");
    struct settling settling = {.wanted = wanted[action]};

    for (int i = 0; !settling.done && i < LOOKS; i++) {
        ProtobufCMessage *reply = NULL;
        TRY(gateway_key(ceremony->home, key, &reply, why));
        enum sg_status status = take(
            (const Segel__V1__GetKeyResponse *)(const void *)reply, &settling, out, why);
        unpack_free(reply);
        TRY(status);
        if (!settling.done) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return settling.done
               ? SG_OK
               : sg_fail(why, SG_TIMEOUT, "the token is not done with '%s' yet", key);
}

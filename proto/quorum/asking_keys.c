#include "proto/quorum/asking_inside.h"
#include "segel/v1/keys.pb-c.h"

/* Guarded methods of KeyService. */
enum { JOBS_MAX = 10000000, IDLE_MAX_S = 86400, OVERLAP_DAYS_MAX = 90 };

#define MODE(name) SEGEL__V1__ACTIVATION_MODE__ACTIVATION_MODE_##name

static const char *mode_word(Segel__V1__ActivationMode mode)
{
    static const char *const words[] = {[MODE(ONE_TIME)] = "one_time",
                                        [MODE(COUNT)] = "count",
                                        [MODE(WINDOW)] = "window"};
    unsigned index = (unsigned)mode;

    return index < SG_COUNT(words) ? words[index] : NULL;
}

/* Which bounds a mode has: approvers must not read what is not meant. */
static enum sg_status check_bounds(const Segel__V1__Activation *asked,
                                   struct sg_error *why)
{
    bool window = asked->mode == MODE(WINDOW);

    if (window != (asked->until_us != 0)) {
        return sg_fail(why, SG_INVALID,
                       "until_us is for the mode window, which needs it");
    }
    if (asked->max_jobs > JOBS_MAX || (asked->mode == MODE(COUNT) && !asked->max_jobs) ||
        (asked->mode == MODE(ONE_TIME) && asked->max_jobs > 1)) {
        return sg_fail(why, SG_INVALID,
                       "max_jobs must be 1 to %d for the mode count, at most so many for "
                       "window, and absent for one_time",
                       JOBS_MAX);
    }
    if (asked->idle_limit_s > IDLE_MAX_S) {
        return sg_fail(why, SG_INVALID, "idle_limit_s must be at most %d", IDLE_MAX_S);
    }
    return asked->used_jobs == 0 && asked->approval[0] == '\0'
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "used_jobs and approval are the gateway's, not the request's");
}

static enum sg_status put_words(const Segel__V1__Activation *asked, struct asking *out,
                                struct sg_error *why)
{
    TRY(asking_word(out, "mode", mode_word(asked->mode), why));
    if (asked->until_us != 0) {
        TRY(asking_time(out, "until", asked->until_us, why));
    }
    if (asked->max_jobs != 0) {
        TRY(asking_number(out, "max", asked->max_jobs, why));
    }
    return asked->idle_limit_s == 0
               ? SG_OK
               : asking_number(out, "idle_s", asked->idle_limit_s, why);
}

enum sg_status asking_activate(const ProtobufCMessage *from, struct asking *out,
                               struct sg_error *why)
{
    const Segel__V1__ActivateKeyRequest *request =
        (const Segel__V1__ActivateKeyRequest *)(const void *)from;
    const Segel__V1__Activation *asked = request->activation;

    out->task = TASK_KEY_ACTIVATE;
    out->request_id = request->request_id;
    out->reason = request->reason;
    TRY(asking_object(request->key, "key", out, why));
    if (asked == NULL || mode_word(asked->mode) == NULL) {
        return sg_fail(why, SG_INVALID,
                       "activation.mode must be one_time, count or window");
    }
    TRY(check_bounds(asked, why));
    return put_words(asked, out, why);
}

enum sg_status asking_release_key(const ProtobufCMessage *from, struct asking *out,
                                  struct sg_error *why)
{
    const Segel__V1__ReleaseKeyRequest *request =
        (const Segel__V1__ReleaseKeyRequest *)(const void *)from;

    out->task = TASK_KEY_RELEASE;
    out->request_id = request->request_id;
    out->reason = request->reason;
    return asking_object(request->key, "key", out, why);
}

enum sg_status asking_rotate(const ProtobufCMessage *from, struct asking *out,
                             struct sg_error *why)
{
    const Segel__V1__RotateKeyRequest *request =
        (const Segel__V1__RotateKeyRequest *)(const void *)from;
    struct asking successor = {.param = "-"};

    out->task = TASK_KEY_ROTATE;
    out->request_id = request->request_id;
    out->reason = request->reason;
    TRY(asking_object(request->key, "key", out, why));
    TRY(asking_object(request->successor, "successor", &successor, why));
    if (request->overlap_days > OVERLAP_DAYS_MAX) {
        return sg_fail(why, SG_INVALID, "overlap_days must be at most %d",
                       OVERLAP_DAYS_MAX);
    }
    TRY(asking_word(out, "successor", successor.object, why));
    return asking_number(out, "overlap_days", request->overlap_days, why);
}

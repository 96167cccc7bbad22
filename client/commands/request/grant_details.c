#include "client/commands/request/grant_details.h"

#include <stdio.h>

#include "client/commands/policy/preview.h"
#include "client/console/screen.h"
#include "proto/quorum/wanted.h"
#include "proto/text.h"

static void policy_end(struct policy **policy)
{
    policy_free(*policy);
}

static enum sg_status show_policy(const struct home *home, const struct wanted *wanted,
                                  bool indonesian, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    AUTO(policy_end) struct policy *policy = NULL;
    struct policy_options options = {.lang = indonesian ? "id" : "en"};
    struct sg_error inner = {0};

    if (policy_parse(wanted_policy(wanted), "the policy that is asked for", &policy,
                     &inner) != SG_OK) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "this program cannot read the policy that is asked for (%.300s): "
                       "use the version of the gateway, and sign nothing before",
                       inner.text);
    }
    TRY(home_connect(home, &channel, why));
    const struct policy_preview preview = {&options, channel, policy};
    return policy_preview(&preview, why);
}

static void line(const char *const names[2], bool indonesian, const char *value)
{
    (void)printf("  %-14s ", names[indonesian]);
    screen_text(stdout, value);
    (void)fputc('\n', stdout);
}

static void line_day(const char *const names[2], bool indonesian, int64_t unix_us)
{
    enum { DAY_LEN = 10 };
    char text[TEXT_TIME_SIZE];

    if (unix_us != 0) {
        text_time_s(unix_us, text);
        text[DAY_LEN] = '\0';
        line(names, indonesian, text);
    }
}

/* Where, by whom and by which script: whoever signs is one of those who are there. */
static enum sg_status show_generate(const struct home *home, const struct wanted *wanted,
                                    bool indonesian, struct sg_error *why)
{
    static const char *const place[] = {"place", "tempat"};
    static const char *const present[] = {"participant", "peserta"};
    static const char *const witness[] = {"witness", "saksi"};
    static const char *const script[] = {"script SHA-256", "SHA-256 naskah"};
    static const char *const from[] = {"used from", "dipakai sejak"};
    static const char *const until[] = {"used until", "dipakai s.d."};
    struct wanted_generate key;
    char hash[65];

    (void)home;
    (void)why;
    wanted_generate(wanted, &key);
    text_hex(key.script, hash); /* 32 bytes, as asking_read has seen */
    line(place, indonesian, key.place);
    for (size_t i = 0; i < key.participant_count; i++) {
        line(present, indonesian, key.participants[i]);
    }
    line(witness, indonesian, key.witness);
    line_day(from, indonesian, key.from_us);
    line_day(until, indonesian, key.until_us);
    line(script, indonesian, hash);
    return SG_OK;
}

/* The keys whole: an id of 4 bytes can be made to match. */
static enum sg_status show_officer(const struct home *home, const struct wanted *wanted,
                                   bool indonesian, struct sg_error *why)
{
    static const char *const key[] = {"key", "kunci"};
    struct roster_change change;

    (void)home;
    (void)why;
    wanted_officer(wanted, &change);
    for (size_t i = 0; i < change.key_count; i++) {
        line(key, indonesian, (const char *)change.keys[i].data);
    }
    return SG_OK;
}

static const struct {
    enum sg_status (*show)(const struct home *home, const struct wanted *wanted,
                           bool indonesian, struct sg_error *why);
} rows[TASK_COUNT] = {
    [TASK_POLICY_LOAD] = {show_policy},
    [TASK_KEY_GENERATE] = {show_generate},
    [TASK_OFFICER_ADD] = {show_officer},
};

enum sg_status grant_details(const struct home *home, const struct grant_view *view,
                             const Segel__V1__GetRequestResponse *got, bool indonesian,
                             struct sg_error *why)
{
    AUTO(wanted_fini) struct wanted wanted = {.message = NULL};
    enum task task = view->grant.action;

    if (rows[task].show == NULL) {
        return SG_OK;
    }
    if (wanted_read(got->method, slice_of(got->request.data, got->request.len),
                    &wanted) != SG_OK) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "this program cannot read the request: use the version of the "
                       "gateway, and sign nothing before");
    }
    return rows[task].show(home, &wanted, indonesian, why);
}

#include "client/grant_details.h"

#include <stdio.h>

#include "client/policy_preview.h"
#include "client/screen.h"
#include "proto/quorum/wanted.h"

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

/* The keys whole: an id of 4 bytes can be made to match. */
static enum sg_status show_officer(const struct home *home, const struct wanted *wanted,
                                   bool indonesian, struct sg_error *why)
{
    struct roster_change change;

    (void)home;
    (void)why;
    wanted_officer(wanted, &change);
    for (size_t i = 0; i < change.key_count; i++) {
        (void)printf("  %-14s ", indonesian ? "kunci" : "key");
        screen_text(stdout, (const char *)change.keys[i].data);
        (void)fputc('\n', stdout);
    }
    return SG_OK;
}

static const struct {
    enum sg_status (*show)(const struct home *home, const struct wanted *wanted,
                           bool indonesian, struct sg_error *why);
} rows[TASK_COUNT] = {
    [TASK_POLICY_LOAD] = {show_policy},
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

#include "client/commands/policy/preview.h"

#include "client/channel/unpack.h"
#include "client/commands/policy/replay_report.h"
#include "client/console/screen.h"
#include "segel/v1/policy.pb-c.h"

enum { PATIENCE_MS = 60000, COMPARED = 1000 /* decisions of the log */ };

static SG_MUST_USE enum sg_status fetch_in_force(const struct policy_preview *preview,
                                                 struct policy **out,
                                                 struct sg_error *why)
{
    Segel__V1__GetPolicyRequest request;
    ProtobufCMessage *reply = NULL;
    struct sg_error unread = {0};

    segel__v1__get_policy_request__init(&request);
    request.with_text = 1;
    const struct unary unary = {.path = "/segel.v1.PolicyService/GetPolicy",
                                .timeout_ms = PATIENCE_MS,
                                .request = &request.base,
                                .reply_type =
                                    &segel__v1__get_policy_response__descriptor};
    TRY(channel_unary(preview->channel, &unary, &reply, NULL, why));
    const Segel__V1__GetPolicyResponse *got =
        (const Segel__V1__GetPolicyResponse *)(const void *)reply;
    if (policy_parse(slice_of(got->text.data, got->text.len), "the policy in force", out,
                     &unread) != SG_OK) {
        *out = NULL;
        screen_complain(unread.text);
    }
    unpack_free(reply);
    return SG_OK;
}

static void show_differences(const struct policy_preview *preview,
                             const struct policy *in_force)
{
    struct policy_options *options = preview->options;

    if (in_force == NULL) {
        return;
    }
    if (!options->json) {
        const struct policy_info *before = policy_info(in_force);
        const struct policy_info *after = policy_info(preview->wanted);
        screen_text(stdout, before->id);
        (void)printf(" %lld -> ", (long long)before->version);
        screen_text(stdout, after->id);
        (void)printf(" %lld\n", (long long)after->version);
    }
    (void)policy_print_differences(options, in_force, preview->wanted);
}

/* What it would have made of the last decisions. The log is open to reviewers only, and
 * whoever asks may be an officer: then, as after any failure, it is for the other person
 * to look. */
static void show_decisions(const struct policy_preview *preview,
                           const struct policy *in_force)
{
    const struct policy *const then[] = {in_force};
    struct policy_replay task = {.policy = preview->wanted,
                                 .policies = {then, in_force == NULL ? 0 : 1},
                                 .last = COMPARED};
    struct policy_replay_sums sums;
    struct replay_report report;
    struct sg_error why = {0};

    replay_report_start(&report, preview->options, &task);
    enum sg_status status = policy_replay(preview->channel, &task, &sums, &why);
    if (status == SG_OK) {
        (void)replay_report_sums(&report, &sums);
        return;
    }
    replay_report_clear(&report);
    screen_complain(
        status == SG_DENIED
            ? policy_say(preview->options,
                         "keputusan pada log hanya dibandingkan untuk reviewer",
                         "decisions of the log are compared for reviewers only")
            : why.text);
}

enum sg_status policy_preview(const struct policy_preview *preview, struct sg_error *why)
{
    struct policy *in_force = NULL; /* NULL: this program cannot read it */

    TRY(fetch_in_force(preview, &in_force, why));
    show_differences(preview, in_force);
    show_decisions(preview, in_force);
    policy_free(in_force);
    return SG_OK;
}

#include <stdio.h>
#include <string.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/policy/common.h"
#include "client/commands/policy/info_view.h"
#include "client/console/screen.h"

/* `segel policy list`: which policies were in force, and when. */
enum { PAGE = 64, TOKEN_SIZE = 64, HASH_SIZE = 32 };
enum { VERSION_WIDTH = 9, TIME_WIDTH = 22, ID_WIDTH = 18, PERSONS_WIDTH = 26 };

static const struct option rows[] = {
    {"json", 0, NULL, "one JSON object a policy", offsetof(struct policy_options, json)},
    {"lang", 0, "id|en", "language of the table (default: en)",
     offsetof(struct policy_options, lang)},
};

struct listing {
    const struct policy_options *options;
    char token[TOKEN_SIZE];
    bool begun; /* the newest, which is in force, has been told */
};

static void print_head(const struct policy_options *options)
{
    screen_cell(stdout, policy_say(options, "VERSI", "VERSION"), VERSION_WIDTH);
    screen_cell(stdout, policy_say(options, "SEJAK", "SINCE"), TIME_WIDTH);
    screen_cell(stdout, policy_say(options, "SAMPAI", "UNTIL"), TIME_WIDTH);
    screen_cell(stdout, policy_say(options, "NAMA", "NAME"), ID_WIDTH);
    screen_cell(stdout, policy_say(options, "OLEH", "BY"), PERSONS_WIDTH);
    (void)puts("SHA-256");
}

static const char *or_dash(const char *text)
{
    return text[0] == '\0' ? "-" : text;
}

static void print_row(const struct listing *listing, const Segel__V1__PolicyInfo *info,
                      const char *sha256)
{
    char version[24];
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];
    char persons[160];

    (void)snprintf(version, sizeof(version), "%llu", (unsigned long long)info->version);
    (void)snprintf(persons, sizeof(persons), "%s%s%s", info->requester,
                   info->approvers[0] == '\0' ? "" : ", ", info->approvers);
    screen_cell(stdout, version, VERSION_WIDTH);
    screen_cell(stdout, or_dash(info_view_moment(info->in_force_from_us, from)),
                TIME_WIDTH);
    screen_cell(stdout,
                listing->begun
                    ? or_dash(info_view_moment(info->in_force_until_us, until))
                    : policy_say(listing->options, "masih berlaku", "in force"),
                TIME_WIDTH);
    screen_cell(stdout, or_dash(info->id), ID_WIDTH);
    screen_cell(stdout, or_dash(persons), PERSONS_WIDTH);
    (void)puts(sha256);
}

static SG_MUST_USE enum sg_status print_one(const struct listing *listing,
                                            const Segel__V1__PolicyInfo *info,
                                            struct sg_error *why)
{
    char sha256[2 * HASH_SIZE + 1];

    if (info->sha256.len != HASH_SIZE) {
        return sg_fail(why, SG_INTERNAL,
                       "the gateway's answer does not say which policy it is");
    }
    text_hex(slice_of(info->sha256.data, HASH_SIZE), sha256);
    if (!listing->options->json) {
        print_row(listing, info, sha256);
        return SG_OK;
    }
    return policy_print_json(info_view_json(info, sha256)) == EXIT_WELL ? SG_OK
                                                                        : SG_NO_MEMORY;
}

static SG_MUST_USE enum sg_status print_page(struct listing *listing,
                                             const Segel__V1__ListPoliciesResponse *got,
                                             struct sg_error *why)
{
    for (size_t i = 0; i < got->n_policies; i++) {
        TRY(print_one(listing, got->policies[i], why));
        listing->begun = true;
    }
    (void)snprintf(listing->token, TOKEN_SIZE, "%s", got->next_page_token);
    return SG_OK;
}

static SG_MUST_USE enum sg_status page(const struct home *home, struct listing *listing,
                                       struct sg_error *why)
{
    Segel__V1__ListPoliciesRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_policies_request__init(&request);
    request.page_size = PAGE;
    request.page_token = listing->token;
    const struct gateway_ask ask = {"/segel.v1.PolicyService/ListPolicies", &request.base,
                                    &segel__v1__list_policies_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    enum sg_status status = print_page(
        listing, (const Segel__V1__ListPoliciesResponse *)(const void *)reply, why);
    unpack_free(reply);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct policy_options options = {.lang = "en"};
    struct listing listing = {.options = &options, .token = ""};
    struct sg_error why = {0};

    if (policy_usage(&command_policy_list, words, 0, 0, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (!options.json) {
        print_head(&options);
    }
    do {
        enum sg_status status = page(home, &listing, &why);
        if (status != SG_OK) {
            return command_failed(status, &why);
        }
    } while (listing.token[0] != '\0');
    return EXIT_WELL;
}

const struct command command_policy_list = {
    .name = "policy list",
    .operands = "",
    .summary = "which policies were in force here, when, and by whom",
    .examples =
        "For officers, reviewers and operators, the newest first. Times and persons are\n"
        "as the records policy.load say; of a record that was pruned a dash is left.\n"
        "'segel policy show SHA256' tells more of one, and gives its file.\n\n"
        "Examples:\n"
        "  segel policy list\n"
        "  segel policy list --json | jq -r .sha256\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

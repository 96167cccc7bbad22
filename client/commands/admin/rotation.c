#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "segel/v1/status.pb-c.h"

/* `segel admin out` and `segel admin in` */
struct rotation_options {
    const char *reason;
    const char *lang;
};

static const struct option rows_out[] = {
    {"reason", 0, "TEXT", "why, for those who wonder (must be given)",
     offsetof(struct rotation_options, reason)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct rotation_options, lang)},
};
static const struct option rows_in[] = {
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct rotation_options, lang)},
};

static void print(const Segel__V1__Rotation *rotation, bool indonesian)
{
    if (rotation == NULL || rotation->out == 0) {
        (void)puts(indonesian
                       ? "gerbang berada dalam rotasi: pemanggil diarahkan kepadanya"
                       : "the gateway is in rotation: load balancers send callers to it");
        return;
    }
    (void)fputs(indonesian ? "gerbang di luar rotasi, oleh "
                           : "the gateway is out of rotation, by ",
                stdout);
    screen_text(stdout, rotation->by);
    (void)fputs(": ", stdout);
    screen_text(stdout, rotation->reason);
    (void)puts(indonesian ? "; pemanggil yang tetap datang dilayani"
                          : "; who comes all the same is served");
}

static SG_MUST_USE enum sg_status set(const struct home *home, bool out,
                                      const struct rotation_options *options,
                                      struct sg_error *why)
{
    Segel__V1__SetRotationRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;
    const struct gateway_ask ask = {.path = "/segel.v1.StatusService/SetRotation",
                                    .request = &request.base,
                                    .reply_type =
                                        &segel__v1__set_rotation_response__descriptor};

    TRY(approval_language(options->lang, &indonesian, why));
    segel__v1__set_rotation_request__init(&request);
    request.out = out;
    request.reason = sg_unconst_text(options->reason == NULL ? "" : options->reason);
    TRY(gateway_call(home, &ask, &reply, why));
    print(((const Segel__V1__SetRotationResponse *)(const void *)reply)->rotation,
          indonesian);
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words, bool out)
{
    const struct command *self = out ? &command_admin_out : &command_admin_in;
    struct rotation_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(self, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        out ? options_need(&self->options, &options, "reason", &why) : SG_OK;
    if (status == SG_OK && words->count > 0) {
        status = sg_fail(&why, SG_INVALID, "%s takes options only", self->name);
    }
    if (status != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    status = set(home, out, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

static enum exit_code run_out(const struct home *home, struct words *words)
{
    return run(home, words, true);
}

static enum exit_code run_in(const struct home *home, struct words *words)
{
    return run(home, words, false);
}

const struct command command_admin_out = {
    .name = "admin out",
    .operands = "",
    .summary = "take the gateway out of the rotation of load balancers",
    .examples =
        "Health and /readyz say that it does not serve; nothing is refused, and\n"
        "connections stay. It ends with 'segel admin in', or when the gateway is\n"
        "started anew. For operators and officers.\n\n"
        "Examples:\n"
        "  segel admin out --reason 'kernel update at 17:00'\n",
    .options = {rows_out, SG_COUNT(rows_out)},
    .run = run_out,
};

const struct command command_admin_in = {
    .name = "admin in",
    .operands = "",
    .summary = "bring the gateway back into rotation",
    .examples = "For operators and officers.\n\n"
                "Examples:\n"
                "  segel admin in\n",
    .options = {rows_in, SG_COUNT(rows_in)},
    .run = run_in,
};

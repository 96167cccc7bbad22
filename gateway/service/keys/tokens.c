#include "gateway/service/keys/keys.h"

#include <string.h>

#include "gateway/service/inside.h"

/* Everything that the answer points into; in the loop's scratch. */
struct token_list {
    Segel__V1__ListTokensResponse message;
    Segel__V1__TokenFacts facts[CONFIG_LANES_MAX];
    Segel__V1__TokenFacts *pointers[CONFIG_LANES_MAX];
};

/* Not known before the token was open once. */
static const char *assurance(const struct lane_report *lane)
{
    bool open_once = lane->token.manufacturer[0] != '\0' || lane->token.model[0] != '\0';
    const char *known = lane->hardware ? "hardware" : "software";

    return open_once ? known : "";
}

void tokens_describe(const struct lane_report *lane, Segel__V1__TokenFacts *out)
{
    segel__v1__token_facts__init(out);
    out->lane = pb_text(lane->name);
    out->label = pb_text(lane->token.label);
    out->manufacturer = pb_text(lane->token.manufacturer);
    out->model = pb_text(lane->token.model);
    out->serial = pb_text(lane->token.serial);
    out->firmware = pb_text(lane->token.firmware);
    out->assurance = pb_text(assurance(lane));
    out->lane_state = pb_text(serving_lane_state(lane->state));
    out->threads = lane->threads;
    out->since_us = lane->since_us;
    out->pin_failures = lane->pin_failures;
    out->pin_changed_us = lane->pin_changed_us;
    out->pin_count_low = (lane->token_flags & TOKEN_PIN_COUNT_LOW) != 0;
    out->pin_final_try = (lane->token_flags & TOKEN_PIN_FINAL_TRY) != 0;
    out->pin_locked = (lane->token_flags & TOKEN_PIN_LOCKED) != 0;
    out->why = pb_text(lane->state == LANE_UP ? "" : lane->why);
}

void tokens_on_list(struct grpc_call *call, const ProtobufCMessage *message,
                    void *context)
{
    struct service_loop *loop = loop_of((struct services *)context, call);
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    struct core_report *report = loop->health.report;

    (void)message;
    if ((caller->rights->roles & (ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR)) == 0) {
        finish_plain(call, SG_DENIED,
                     "the tokens are shown to the roles officer, reviewer and operator");
        return;
    }
    /* The counts, too: a copy by the number of changes could be older. */
    core_report(loop->services->options.core, report);
    arena_reset(&loop->scratch);
    struct token_list *list =
        (struct token_list *)arena_alloc(&loop->scratch, sizeof(*list));
    MUST(list != NULL);
    segel__v1__list_tokens_response__init(&list->message);
    for (size_t i = 0; i < report->lane_count; i++) {
        tokens_describe(&report->lanes[i], &list->facts[i]);
        list->pointers[i] = &list->facts[i];
    }
    list->message.n_tokens = report->lane_count;
    list->message.tokens = list->pointers;
    if (grpc_send(call, &list->message.base) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/approvals/officers.h"
#include "gateway/service/inside.h"
#include "gateway/service/keys/keys.h"
#include "gateway/service/reading.h"

/* How many signatures a compromised key has made since a moment: the reading thread looks
 * through the log piece by piece after the key was stopped, and nothing waits for it but
 * the answer. */
enum {
    COUNT_US = 20000000, /* then what was counted so far is told */
    SPARE_US = 200000    /* and so long before the call's deadline */
};

/* When to tell it: while somebody still waits. */
static int64_t end_of(const struct asked *asked)
{
    const struct grpc_call *call = server_call(asked->services->server, asked->name);
    int64_t end_us = clock_mono_us() + COUNT_US;
    int64_t deadline_us = call == NULL ? 0 : grpc_call_deadline_us(call);

    return deadline_us - SPARE_US < end_us ? deadline_us - SPARE_US : end_us;
}

static bool go_on(struct asked *asked)
{
    struct question *question = asked->counting;

    return reading_ask(asked->services->reading, question) == SG_OK;
}

bool keys_count(struct asked *asked)
{
    static const char *const types[] = {"outcome"};
    const struct request_order *order = &asked->order;

    if (order->order.kind != ORDER_KEY_COMPROMISE || order->order.status != SG_OK ||
        order->moment_us <= 0) {
        return false;
    }
    asked->counting = (struct question *)calloc(1, sizeof(*asked->counting));
    if (asked->counting == NULL) {
        return false;
    }
    asked->counting->letter.kind = LETTER_COUNTED;
    asked->counting->reply = order->order.reply;
    asked->counting->asker = asked;
    asked->counting->kind = READ_COUNT;
    asked->counting->filter = (struct record_filter){.from_us = order->moment_us,
                                                     .key = order->object,
                                                     .types = types,
                                                     .type_count = SG_COUNT(types)};
    asked->count_until_us = end_of(asked);
    return go_on(asked);
}

void keys_counted(struct service_loop *loop, struct letter *letter)
{
    struct question *question = (struct question *)letter;
    struct asked *asked = (struct asked *)question->asker;
    bool done = question->next >= question->second;

    (void)loop;
    if (question->status == SG_OK) {
        asked->signatures += question->record_count;
        asked->counted = done;
        question->first = question->next;
        bool waited_for = server_call(asked->services->server, asked->name) != NULL;
        if (!done && waited_for && clock_mono_us() < asked->count_until_us &&
            go_on(asked)) {
            return;
        }
    }
    approvals_finish(asked);
}

void keys_counted_late(struct letter *letter)
{
    approvals_release((struct asked *)((struct question *)letter)->asker);
}

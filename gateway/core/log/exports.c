#include "gateway/core/log/exports.h"

#include <stdio.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/officers/requests.h"
#include "proto/digest.h"
#include "proto/text.h"

static void add_time(struct members *members, const char *name, int64_t us,
                     char text[TEXT_TIME_SIZE])
{
    if (us != 0) {
        text_time(us, text);
        members_add(members, name, text);
    }
}

static enum sg_status write(struct core *core, struct request_order *order,
                            struct log_place *place)
{
    const struct export_made *made = &order->made;
    struct members members = {.count = 0};
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];
    char hash[DIGEST_SHA256_SIZE];
    char cert[65];
    char size[24];

    digest_sha256_text(made->sha256, hash);
    text_hex(slice_of(order->order.caller_cert, 32), cert);
    (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)made->tree_size);
    members_add(&members, "subject", made->what);
    members_add(&members, "caller", order->order.officer);
    members_add(&members, "caller_cert", cert);
    members_add(&members, "sha256", hash);
    members_add(&members, "size", size);
    add_time(&members, "from", made->from_us, from);
    add_time(&members, "until", made->until_us, until);
    return members_write(core, "report.export", &members, place);
}

enum sg_status exports_write(struct core *core, struct request_order *order)
{
    struct sg_error why = {0};
    struct log_place place;

    if (order->made.tree_size > ledger_size(core->ledger)) {
        return request_refuse(order,
                              sg_fail(&why, SG_INVALID,
                                      "tree_size: the log has %llu records only",
                                      (unsigned long long)ledger_size(core->ledger)),
                              &why);
    }
    TRY(write(core, order, &place));
    order->order.log_index = place.index;
    memcpy(order->order.log_hash, place.hash, sizeof(place.hash));
    order->order.on_log = true;
    return SG_OK;
}

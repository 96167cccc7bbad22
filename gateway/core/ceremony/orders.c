#include <stdio.h>

#include "gateway/core/ceremony/check.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "proto/text.h"

/* What one officer does for a key on its way to a certificate. */

static enum sg_status find_made(struct core *core, const char *name, size_t *index,
                                struct sg_error *why)
{
    TRY(ceremony_find(core, name, index, why));
    const struct keyreg *row = register_row(core, *index);

    if (row->state == KEY_NONE && row->trouble[0] == '\0') {
        return sg_fail(why, SG_PRECONDITION, "key '%s' is %s", name,
                       life_said(row->state));
    }
    return row->ckaid_len > 0 && row->state != KEY_NONE && row->state != KEY_DESTROYED &&
                   row->state != KEY_COMPROMISED && row->trouble[0] == '\0'
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION, "key '%s' is %s%s%.200s", name,
                         life_said(row->state),
                         row->trouble[0] == '\0' ? ": it was made by no ceremony, or is "
                                                   "at its end"
                                                 : ", but ",
                         row->trouble);
}

static enum sg_status write_backup(struct core *core, const struct request_order *order,
                                   struct log_place *place)
{
    struct members members = {.count = 0};
    char cert[65];

    text_hex(slice_of(order->order.caller_cert, 32), cert);
    members_add(&members, "subject", order->object);
    members_add(&members, "step", "backup");
    members_add(&members, "medium", order->text);
    members_add(&members, "officer", order->order.officer);
    members_add(&members, "caller_cert", cert);
    members_add(&members, "request_id", order->order.request_id);
    return members_write(core, "ceremony.step", &members, place);
}

enum sg_status ceremony_on_backup(struct core *core, struct request_order *order)
{
    struct sg_error why = {0};
    struct log_place place;
    size_t index = 0;
    enum sg_status status = find_made(core, order->object, &index, &why);

    if (status != SG_OK) {
        return request_refuse(order, status, &why);
    }
    struct keyreg *row = register_row(core, index);
    order->already = strcmp(row->backup, order->text) == 0;
    if (order->already) {
        return SG_OK;
    }
    TRY(write_backup(core, order, &place));
    (void)snprintf(row->backup, sizeof(row->backup), "%.128s", order->text);
    return register_keep(core, index, &place);
}

enum sg_status ceremony_check_csr(struct core *core, const struct request_order *order,
                                  struct sg_error *why)
{
    size_t index = 0;

    TRY(find_made(core, order->object, &index, why));
    const struct keyreg *row = register_row(core, index);
    if (row->backup[0] == '\0') {
        return sg_fail(why, SG_PRECONDITION,
                       "the backup of key '%s' is not confirmed yet: 'segel key backup'",
                       row->name);
    }
    enum key_state state = life_state(core, &core->keyring.keys[index]);
    if (core->lockdown.active) {
        return sg_fail(why, SG_PRECONDITION, "there is a lock-down: nothing is signed");
    }
    if (state == KEY_HELD || state == KEY_RETIRED) {
        return sg_fail(why, SG_PRECONDITION, "the key is %s: nothing is signed",
                       key_state_name(state));
    }
    TRY(ceremony_check_lane(core, row->lane, why));
    return ceremony_check_pause(berth_find(core, row->lane), why);
}

enum sg_status ceremony_on_csr(struct core *core, struct request_order *order)
{
    enum { PARKED_MAX = 16 };
    struct sg_error why = {0};
    size_t parked = 0;
    const struct letter *letter;
    enum sg_status status = ceremony_check_csr(core, order, &why);

    STAILQ_FOREACH(letter, &core->ceremony.parked, link)
    {
        parked++;
    }
    if (status == SG_OK && parked >= PARKED_MAX) {
        status =
            sg_fail(&why, SG_BUSY, "%d requests wait for the token already", PARKED_MAX);
    }
    if (status != SG_OK) {
        return request_refuse(order, status, &why);
    }
    order->parked = true;
    return SG_OK;
}

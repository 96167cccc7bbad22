#include <limits.h>
#include <openssl/crypto.h>

#include "hsm/ceremony/inside.h"
#include "hsm/token/pin_file.h"
#include "proto/marks.h"

/* Another PIN for a token. At most one login that fails, whatever breaks off where. */

static bool has_file(const struct ceremony_order *order)
{
    return order->lane.pin_path[0] != '\0';
}

/* --- The login --------------------------------------------------------------------- */

static enum sg_status take_both(struct ceremony_order *order, struct trouble *trouble)
{
    if (has_file(order)) {
        TRY(pin_take(order->pipe, &order->new, trouble));
        return pin_read(order->lane.pin_path, &order->old, trouble);
    }
    TRY(pin_take(order->pipe, &order->old, trouble));
    return pin_split(&order->old, &order->new, trouble);
}

static enum sg_status enter_with(struct ceremony_report *report,
                                 const struct ceremony_order *order,
                                 const struct pin *pin)
{
    const struct token_entry entry = {has_file(order) ? order->lane.pin_path : NULL, -1,
                                      order->last_try, pin, &report->login};
    return token_enter(&report->token, &entry, &report->trouble);
}

/* What the token may have been told is tried; what it cannot have been told needs no
 * login. */
static enum sg_status enter_to_settle(const struct ceremony_order *order,
                                      struct ceremony_report *report)
{
    char tried[PATH_MAX];

    if (!pin_file_tried(order->lane.pin_path, tried)) {
        return SG_OK;
    }
    const struct token_entry entry = {tried, -1, false, NULL, &report->login};
    return token_enter(&report->token, &entry, &report->trouble);
}

enum sg_status ceremony_enter(struct ceremony_order *order,
                              struct ceremony_report *report)
{
    if (order->task == CEREMONY_SETTLE_PIN) {
        return enter_to_settle(order, report);
    }
    if (order->task != CEREMONY_CHANGE_PIN) {
        const struct token_entry entry = {order->lane.pin_path, order->pipe,
                                          order->last_try, NULL, &report->login};
        return token_enter(&report->token, &entry, &report->trouble);
    }
    TRY(take_both(order, &report->trouble));
    return enter_with(report, order, &order->old);
}

/* --- Changing ---------------------------------------------------------------------- */

/* The old PIN was good a moment ago: what the token does not like is the new one, and
 * that latches nothing. */
static enum sg_status not_taken(const struct ceremony_order *order, CK_RV rv,
                                struct ceremony_report *report)
{
    enum sg_status status =
        trouble_rv(&report->trouble, rv, "the token does not take the new PIN");
    if (report->trouble.failure == FAILURE_LATCHED) {
        report->trouble.failure = FAILURE_CONFIG;
        report->untouched = true;
        if (has_file(order)) {
            pin_file_drop(order->lane.pin_path);
        }
    }
    return status;
}

/* It counts when the token has let somebody in with it. */
static enum sg_status prove(const struct ceremony_order *order,
                            struct ceremony_report *report)
{
    CK_RV rv = report->token.fn->C_Logout(report->token.anchor);
    if (rv != CKR_OK) {
        return trouble_rv(&report->trouble, rv, "the token does not end the login");
    }
    return enter_with(report, order, &order->new);
}

enum sg_status ceremony_change_pin(const struct ceremony_order *order,
                                   struct ceremony_report *report)
{
    const struct pin *old = &order->old;
    const struct pin *new = &order->new;
    struct reach reach = ceremony_reach(report);

    if (old->len == new->len && CRYPTO_memcmp(old->data, new->data, old->len) == 0) {
        return trouble_config(&report->trouble, "the new PIN is the old one");
    }
    if (has_file(order)) {
        TRY(pin_file_stage(order->lane.pin_path, new, &report->trouble));
    }
    report->untouched = false;
    report->login = MARK_LOGIN_UNTOLD; /* the token may count this one, too */
    CK_RV rv =
        reach.fn->C_SetPIN(reach.session, old->data, old->len, new->data, new->len);
    if (rv != CKR_OK) {
        return not_taken(order, rv, report);
    }
    TRY(prove(order, report));
    TRY(ceremony_make_durable(&order->lane, &report->trouble));
    return has_file(order) ? pin_file_promote(order->lane.pin_path, &report->trouble)
                           : SG_OK;
}

enum sg_status ceremony_settle_pin(const struct ceremony_order *order,
                                   struct ceremony_report *report)
{
    char tried[PATH_MAX];

    if (!pin_file_tried(order->lane.pin_path, tried)) {
        pin_file_drop(order->lane.pin_path);
        return SG_OK;
    }
    report->untouched = false;
    TRY(ceremony_make_durable(&order->lane, &report->trouble));
    return pin_file_promote(order->lane.pin_path, &report->trouble);
}

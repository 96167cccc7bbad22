#include "hsm/ceremony/inside.h"

/* --- What is there ---------------------------------------------------------------- */

CK_RV ceremony_look(struct reach reach, struct slice id, struct presence *presence)
{
    CK_OBJECT_HANDLE handle;
    *presence = (struct presence){0};
    CK_RV rv = key_find(reach, CKO_PRIVATE_KEY, id, &handle, &presence->private_keys);
    rv = rv != CKR_OK
             ? rv
             : key_find(reach, CKO_PUBLIC_KEY, id, &handle, &presence->public_keys);
    rv = rv != CKR_OK
             ? rv
             : key_find(reach, CKO_CERTIFICATE, id, &handle, &presence->certificates);
    presence->searched = rv == CKR_OK;
    return rv;
}

enum sg_status ceremony_search(const struct ceremony_order *order,
                               struct ceremony_report *report)
{
    CK_RV rv =
        ceremony_look(ceremony_reach(report), ceremony_id(order), &report->presence);
    return rv == CKR_OK
               ? SG_OK
               : trouble_rv(&report->trouble, rv, "the token cannot be searched");
}

/* The key as the token shows it; that there is none is told by presence. */
static enum sg_status read_key(const struct ceremony_order *order,
                               struct ceremony_report *report)
{
    TRY(ceremony_search(order, report));
    if (report->presence.private_keys == 0) {
        report->has_key = false;
        return SG_OK;
    }
    TRY(key_load(ceremony_reach(report), &order->ref, &report->key, &report->trouble));
    report->has_key = true;
    return SG_OK;
}

/* The same, and it can be used. */
enum sg_status ceremony_need_key(const struct ceremony_order *order,
                                 struct ceremony_report *report)
{
    TRY(read_key(order, report));
    if (!report->has_key) {
        return trouble_config(&report->trouble, "the key '%s' is not on the token",
                              order->ref.name);
    }
    return report->key.usable
               ? SG_OK
               : trouble_config(&report->trouble, "%s", report->key.why.text);
}

/* --- Generating ------------------------------------------------------------------- */

/* A module that ran out of room, or broke, may have left half a pair. The id was free
 * before, so what has it now is of this ceremony and of no use. */
static void sweep(const struct ceremony_order *order, struct ceremony_report *report)
{
    struct presence swept = {0};
    CK_RV rv =
        ceremony_look(ceremony_reach(report), ceremony_id(order), &report->presence);
    if (rv == CKR_OK && !ceremony_nothing(&report->presence)) {
        (void)ceremony_sweep(ceremony_reach(report), &order->ref, &swept);
        rv = ceremony_look(ceremony_reach(report), ceremony_id(order), &report->presence);
    }
    report->untouched = rv == CKR_OK && ceremony_nothing(&report->presence);
}

/* Without CKA_ALLOWED_MECHANISMS the token cannot refuse another mechanism; the result
 * tells what was left out, and the policy decides. One that took it has to keep to it. */
static bool is_excused(size_t check, unsigned left_out)
{
    return check == NEGATIVE_MECHANISM && (left_out >> OPTIONAL_ALLOWED & 1U) != 0;
}

static enum sg_status check_refusals(struct ceremony_report *report)
{
    for (size_t i = 0; i < report->check_count; i++) {
        const struct negative_check *check = &report->checks[i];
        if (!check->refused && !is_excused(i, report->left_out)) {
            return check->rv == CKR_OK
                       ? trouble_config(&report->trouble,
                                        "the key was made, but the token did not refuse "
                                        "to %s; do not use this key",
                                        check->name)
                       : trouble_rv(&report->trouble, check->rv,
                                    "the key was made, but to %s could not be tried",
                                    check->name);
        }
    }
    return SG_OK;
}

static enum sg_status verify_made(const struct ceremony_order *order,
                                  struct ceremony_report *report)
{
    TRY(ceremony_need_key(order, report));
    negative_try(&report->token, &report->key, order->plan.allowed, report->checks);
    report->check_count = NEGATIVE_COUNT;
    /* Once more: what the trials may have changed counts. */
    TRY(ceremony_need_key(order, report));
    TRY(check_refusals(report));
    return generate_check(&report->key, report->left_out, &report->trouble);
}

static enum sg_status do_generate(const struct ceremony_order *order,
                                  struct ceremony_report *report)
{
    unsigned left_out = 0;
    struct plan plan = order->plan;
    plan.ref = order->ref;
    plan.label = order->label;
    TRY(generate_id_free(ceremony_reach(report), &plan.ref, &report->trouble));
    report->untouched = false;
    enum sg_status made =
        generate_key(ceremony_reach(report), &plan, &left_out, &report->trouble);
    if (made != SG_OK) {
        sweep(order, report);
        return made;
    }
    report->left_out = left_out;
    return verify_made(order, report);
}

enum sg_status ceremony_do(const struct ceremony_order *order,
                           struct ceremony_report *report)
{
    static enum sg_status (*const tasks[CEREMONY_TASKS])(const struct ceremony_order *,
                                                         struct ceremony_report *) = {
        [CEREMONY_GENERATE] = do_generate,
        [CEREMONY_CSR] = ceremony_csr,
        [CEREMONY_IMPORT] = ceremony_import,
        [CEREMONY_DESTROY] = ceremony_destroy,
        [CEREMONY_FIND] = read_key,
        [CEREMONY_CHANGE_PIN] = ceremony_change_pin,
        [CEREMONY_SETTLE_PIN] = ceremony_settle_pin,
    };
    MUST(order->task > CEREMONY_NONE && order->task < CEREMONY_TASKS);
    return tasks[order->task](order, report);
}

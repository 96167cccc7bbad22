#include "hsm/ceremony/ceremony.h"

#include <unistd.h>

#include "hsm/ceremony/inside.h"
#include "hsm/process/confine.h"
#include "hsm/process/lock.h"
#include "hsm/process/process.h"
#include "hsm/process/sync.h"
#include "proto/marks.h"

/* As with a lane, what cannot be given up is not: the token is worth more than that. */
static void confine(void)
{
    (void)(confine_capabilities() == SG_OK);
    (void)(confine_system_calls() == SG_OK);
}

static enum sg_status open_token(struct ceremony_order *order,
                                 struct ceremony_report *report)
{
    static struct module module;
    const struct lane_config *lane = &order->lane;
    struct trouble *trouble = &report->trouble;
    const struct token_ref wanted = {lane->label, lane->serial, lane->manufacturer,
                                     lane->model};
    TRY(process_protect(trouble));
    TRY(module_load(lane->module, lane->init_args, &module, trouble));
    TRY(token_search(&module, &wanted, &report->token, trouble));
    report->found_token = true;
    TRY(lock_token(&report->token, lane->read_only, lane->read_only_count, LOCK_CEREMONY,
                   trouble));
    TRY(token_open(&report->token, true, trouble));
    TRY(ceremony_enter(order, report));
    confine();
    return SG_OK;
}

enum sg_status ceremony_make_durable(const struct lane_config *lane,
                                     struct trouble *trouble)
{
    enum sg_status status = SG_OK;
    for (size_t i = 0; i < lane->read_only_count; i++) {
        enum sg_status one = sync_tree(lane->read_only[i], trouble);
        status = status == SG_OK ? one : status;
    }
    return status;
}

static void perform(struct ceremony_order *order, struct ceremony_report *report)
{
    struct trouble ignored;
    report->untouched = true;
    report->status = open_token(order, report);
    if (report->status != SG_OK) {
        return;
    }
    report->status = ceremony_do(order, report);
    if (report->status == SG_OK) {
        report->status = ceremony_make_durable(&order->lane, &report->trouble);
    } else if (!report->untouched) {
        (void)(ceremony_make_durable(&order->lane, &ignored) == SG_OK);
    }
}

_Noreturn void ceremony_run(int fd)
{
    static struct wire wire;
    static struct ceremony_order order;
    static struct ceremony_report report;
    if (process_bind_to_parent(fd, -1) != SG_OK) {
        process_end(0, NULL);
    }
    process_ignore_signals();
    if (wire_init(&wire, fd) != SG_OK) {
        process_end(1, "there is no memory for the ceremony");
    }
    enum sg_status status = wire_receive_with(&wire, &order.pipe);
    if (status == SG_SHUTDOWN) {
        process_end(0, NULL);
    }
    status = status == SG_OK ? wire_ceremony(&wire, &order, &report.trouble) : status;
    if (status != SG_OK && report.trouble.failure == FAILURE_NONE) {
        process_end(1, "the ceremony's packet does not say what to do");
    }
    report.status = status;
    report.untouched = true;
    report.login = MARK_LOGIN_AHEAD;
    if (status == SG_OK) {
        perform(&order, &report);
    }
    pin_wipe(&order.old);
    pin_wipe(&order.new);
    if (wire_ceremony_done(fd, &report) != SG_OK) {
        process_end(1, "the ceremony's answer was not heard");
    }
    _exit(0);
}

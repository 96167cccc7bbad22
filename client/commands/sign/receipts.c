#include "client/commands/sign/receipts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/call/log_head.h"
#include "client/channel/moment.h"
#include "client/channel/sentence.h"
#include "client/commands/receipt/check.h"
#include "client/commands/receipt/fetch.h"
#include "client/commands/sign/interrupt.h"
#include "client/console/file.h"
#include "client/pdf/pdf.h"

enum {
    PATH_SIZE = 4096 + 16,
    RECONNECTS = 6,          /* in a row, without a receipt in between */
    FIRST_PAUSE_US = 250000, /* doubled each time: 16 s in all, as letters wait */
    STEP_NS = 100000000      /* from one look at the user's signals to the next */
};

/* --- The list ---------------------------------------------------------------------- */

static bool grow(struct sign_receipts *receipts)
{
    size_t cap = receipts->cap == 0 ? 64 : receipts->cap * 2;
    void *rows = reallocarray(receipts->rows, cap, sizeof(*receipts->rows));

    if (rows == NULL) {
        return false;
    }
    receipts->rows = (struct sign_receipt *)rows;
    receipts->cap = cap;
    return true;
}

void sign_receipts_add(struct sign_receipts *receipts, const char *request_id,
                       const char *output)
{
    size_t id_size = strlen(request_id) + 1;
    size_t output_size = strlen(output) + 1;
    char *texts = (char *)malloc(id_size + output_size);

    if (texts == NULL || (receipts->count == receipts->cap && !grow(receipts))) {
        free(texts);
        receipts->forgotten = true;
        return;
    }
    memcpy(texts, request_id, id_size);
    memcpy(texts + id_size, output, output_size);
    struct sign_receipt *row = &receipts->rows[receipts->count++];
    row->request_id = texts;
    row->output = texts + id_size;
}

void sign_receipts_fini(struct sign_receipts *receipts)
{
    for (size_t i = 0; i < receipts->count; i++) {
        free(receipts->rows[i].request_id);
    }
    free(receipts->rows);
    *receipts = (struct sign_receipts){.count = 0};
}

/* --- Fetching ---------------------------------------------------------------------- */

/* One way through the list. Rows that a lost connection left open are kept for the next
 * connection, in place, in front. */
struct errand {
    struct sign_receipts *receipts;
    struct sign_report *report;
    struct receipt *check; /* owned; room to check one in */
    struct log_trust trust;
    size_t next;
    size_t count;        /* rows of this round */
    size_t open;         /* rows for the next one */
    struct sg_error why; /* of these */
};

static bool next(void *context, struct receipt_order *out)
{
    struct errand *errand = (struct errand *)context;

    if (errand->next == errand->count) {
        return false;
    }
    struct sign_receipt *row = &errand->receipts->rows[errand->next++];
    *out = (struct receipt_order){
        .request_id = row->request_id, .caller = "", .subject = row};
    return true;
}

/* What the gateway sent, before it is kept for years: of this request, and proven, if the
 * log's key is known here. */
static enum sg_status check(struct errand *errand, const struct sign_receipt *row,
                            struct slice text, struct sg_error *why)
{
    struct receipt *receipt = errand->check;

    if (!errand->trust.known) {
        return proof_read(text, receipt->extra, sizeof(receipt->extra),
                          &receipt->proof) == SG_OK
                   ? SG_OK
                   : sg_fail(why, SG_INTERNAL, "the gateway's answer is not a receipt");
    }
    enum receipt_fault fault = receipt_check(text, &errand->trust.key, receipt);
    bool same = fault == RECEIPT_SOUND &&
                strcmp(receipt_member(receipt, "job"), row->request_id) == 0;
    receipt_fini(receipt);
    if (fault != RECEIPT_SOUND) {
        return sg_fail(why, SG_CORRUPT, "%s", receipt_fault_text(fault, false));
    }
    return same ? SG_OK
                : sg_fail(why, SG_CORRUPT, "the gateway sent the receipt of another job");
}

static enum sg_status keep(struct errand *errand, const struct sign_receipt *row,
                           struct slice text, struct sg_error *why)
{
    char path[PATH_SIZE];

    TRY(check(errand, row, text, why));
    (void)snprintf(path, sizeof(path), "%s.tlog-proof", row->output);
    TRY(pdf_write(path, text, slice_of("", 0), why));
    sign_report_receipt(errand->report, row->output, path);
    return SG_OK;
}

static bool is_stopped(enum sg_status status)
{
    return status == SG_CANCELLED && sign_interrupt_count() > 0;
}

static void take(void *context, const struct receipt_order *order, struct slice proof,
                 enum sg_status status, const struct sg_error *why)
{
    struct errand *errand = (struct errand *)context;
    struct sign_receipt *row = (struct sign_receipt *)order->subject;
    struct sg_error own = *why;

    if (channel_lost(status) || is_stopped(status)) {
        errand->open++;
        errand->why = own;
        return;
    }
    if (status == SG_OK) {
        status = keep(errand, row, proof, &own);
    }
    if (status != SG_OK) {
        sign_report_no_receipt(errand->report, row->output, row->request_id, own.text);
    }
    free(row->request_id);
    row->request_id = NULL;
}

/* Moves the rows that are still open to the front. */
static void close_ranks(struct sign_receipts *receipts)
{
    size_t kept = 0;

    for (size_t i = 0; i < receipts->count; i++) {
        if (receipts->rows[i].request_id != NULL) {
            receipts->rows[kept++] = receipts->rows[i];
        }
    }
    receipts->count = kept;
}

static void go_once(struct errand *errand, const struct home *home)
{
    const struct receipt_orders orders = {
        .next = next, .context = errand, .given_up = sign_interrupt_flag()};
    const struct receipt_sink sink = {take, errand};
    struct channel *channel = NULL;
    struct receipt_order order;
    struct sg_error why = {0};

    errand->next = 0;
    errand->open = 0;
    errand->count = errand->receipts->count;
    enum sg_status status =
        home_connect_heeding(home, sign_interrupt_flag(), &channel, &why);
    if (status == SG_OK) {
        status = receipts_fetch(channel, &orders, &sink);
        channel_close(channel);
    }
    if (status != SG_OK && why.text[0] == '\0') {
        sentence(&why, "%s", sg_status_text(status));
    }
    while (next(errand, &order)) { /* none was asked for */
        take(errand, &order, slice_of("", 0), is_stopped(status) ? status : SG_IO, &why);
    }
    close_ranks(errand->receipts);
}

/* A key that is there and is none is reported, not passed over. */
static void load_key(struct errand *errand, const struct home *home)
{
    char path[HOME_PATH_SIZE];
    struct sg_error why = {0};

    home_path(home, HOME_VKEY, path);
    if (file_exists(path) && log_trust_load(path, &errand->trust, &why) != SG_OK) {
        sign_report_note(errand->report, why.text);
    }
}

/* False: the user stopped it. */
static bool back_off(unsigned tries)
{
    int64_t until_us = moment_mono_us() + ((int64_t)FIRST_PAUSE_US << tries);
    const struct timespec step = {.tv_nsec = STEP_NS};

    while (moment_mono_us() < until_us && sign_interrupt_count() == 0) {
        (void)nanosleep(&step, NULL);
    }
    return sign_interrupt_count() == 0;
}

/* A gateway that is started anew costs no receipts. */
static void go(struct errand *errand, const struct home *home)
{
    const struct sign_receipts *receipts = errand->receipts;
    unsigned tries = 0;

    go_once(errand, home);
    while (receipts->count > 0 && tries < RECONNECTS && back_off(tries)) {
        size_t before = receipts->count;
        go_once(errand, home);
        tries = receipts->count < before ? 0 : tries + 1;
    }
}

enum sg_status sign_receipts_fetch(struct sign_receipts *receipts,
                                   const struct home *home, struct sign_report *report,
                                   struct sg_error *why)
{
    struct errand errand = {.receipts = receipts,
                            .report = report,
                            .check = (struct receipt *)calloc(1, sizeof(struct receipt))};

    if (errand.check == NULL || receipts->forgotten) {
        sign_report_note(report, "there is no memory for all receipts: fetch those that "
                                 "are missing with 'segel receipt REQUEST_ID'");
    }
    load_key(&errand, home);
    if (report->bar && receipts->count > 0) {
        sign_report_note(report, "all letters are dealt with; waiting for the log's "
                                 "checkpoint that covers them, and for their receipts");
    }
    if (errand.check != NULL && receipts->count > 0) {
        go(&errand, home);
    }
    free(errand.check);
    if (receipts->count == 0) {
        return SG_OK;
    }
    return sign_interrupt_count() > 0 ? sg_fail(why, SG_CANCELLED, "stopped")
                                      : sg_fail(why, SG_IO, "%s", errand.why.text);
}

bool sign_receipts_leave(const struct sign_receipts *receipts, struct sign_report *report)
{
    for (size_t i = 0; i < receipts->count; i++) {
        sign_report_unfetched(report, receipts->rows[i].output,
                              receipts->rows[i].request_id);
    }
    return receipts->count > 0;
}

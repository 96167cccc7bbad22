#ifndef SEGEL_CLIENT_COMMANDS_SIGN_REPORT_H
#define SEGEL_CLIENT_COMMANDS_SIGN_REPORT_H

#include "segel/v1/signing.pb-c.h"

#include "client/commands/sign/result.h"
#include "proto/base.h"

/* What the person, or the program, in front of `segel sign` gets to see: a line a letter
 * on stdout (or a JSON object), a progress bar on a terminal, a summary on stderr. */
enum { SIGN_REASONS_MAX = 24, SIGN_REASON_SIZE = 64, SIGN_RESULTS_MAX = 2 };
struct sign_report {
    bool json;
    bool bar;
    bool quiet; /* only what was refused, and what is wrong */
    bool dry;   /* nothing is signed: the words say so */
    bool wants_receipts;
    struct sign_result results[SIGN_RESULTS_MAX];
    struct sign_reason {
        char word[SIGN_REASON_SIZE];
        size_t count;
    } reasons[SIGN_REASONS_MAX]; /* of refusals; what finds no room is not counted */
    const char *run;             /* id of this run; borrowed */
    size_t total;
    size_t signed_count;
    size_t refused_count;
    size_t skipped_count;
    size_t downgraded_count; /* of the signed: without the time-stamp asked for */
    size_t receipt_count;
    size_t receiptless_count; /* signed, but the receipt could not be fetched */
    size_t unfetched_count;   /* of those: the run was stopped before */
    size_t unproven_count;    /* there already, without one that is known how to fetch */
    int64_t started_us;
    int64_t answered_us; /* when the last letter was; 0 = not yet */
    int64_t drawn_us;
};

void sign_report_start(struct sign_report *report, size_t total);
/* output: where the signed letter is. less: why it has not the level that was asked for;
 * NULL = it has, or the policy let it go without a time stamp. */
struct sign_success {
    const char *path;
    const char *output;
    const char *level; /* "b-t" */
    const char *less;
    const Segel__V1__SignResult *result;
};
void sign_report_signed(struct sign_report *report, const struct sign_success *success);
/* Output is there; request_id: by which an earlier part of the run had it signed, or "".
 */
void sign_report_skipped(struct sign_report *report, const char *path, const char *output,
                         const char *request_id, uint64_t log_index);
/* A dry run: the gateway would sign it. */
void sign_report_allowed(struct sign_report *report, const char *path);
/* The run stopped before there was an outcome. request_id: "" = it was never asked for.
 */
void sign_report_left(struct sign_report *report, const char *path,
                      const char *request_id, const char *why);
/* Refused here or there. code: stable word; result: may be NULL. */
struct sign_refusal {
    const char *path;
    const char *code;
    const char *text;
    const char *request_id; /* "" = it was never asked for */
    const Segel__V1__SignResult *result;
    bool beside; /* its signature lies in a file of its own, where nothing shows */
};
void sign_report_refused(struct sign_report *report, const struct sign_refusal *refusal);
/* All letters were answered: what follows is not counted into the pace. */
void sign_report_answered(struct sign_report *report);
/* After all letters: output has its receipt at path; or it has none, and how to get it is
 * said. */
void sign_report_receipt(struct sign_report *report, const char *output,
                         const char *path);
void sign_report_no_receipt(struct sign_report *report, const char *output,
                            const char *request_id, const char *text);
/* The user stopped the run before it was fetched. */
void sign_report_unfetched(struct sign_report *report, const char *output,
                           const char *request_id);
/* A sentence about the run: the bar gives way to it. */
void sign_report_note(struct sign_report *report, const char *text);
void sign_report_end(struct sign_report *report);
/* Letters of which nothing was told, or that they are left. */
size_t sign_report_open(const struct sign_report *report);

#endif

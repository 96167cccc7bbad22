#include <stdio.h>
#include <string.h>

#include "gateway/anchor/inside.h"
#include "gateway/clock.h"
#include "proto/text.h"

/* C2SP tlog-witness, the client's side of add-checkpoint. */

enum {
    HTTP_STRANGER = 403,
    HTTP_NO_ORIGIN = 404,
    HTTP_OTHER_SIZE = 409,
    HTTP_NO_PROOF = 422,
    US_PER_S = 1000000
};
static const char SIZE_TYPE[] = "text/x.tlog.size";

uint64_t anchor_latest_s(void)
{
    int64_t now_us = clock_wall_us();

    return (uint64_t)(now_us < 0 ? 0 : now_us / US_PER_S) + CLOCK_SLACK_S;
}

/* --- What is asked --------------------------------------------------------------- */

enum sg_status witness_submission(struct ledger_reader *ledger,
                                  const struct anchor *anchor, uint64_t old,
                                  char out[SUBMISSION_MAX], size_t *len)
{
    struct ledger_path path = {.count = 0};
    struct lines_out lines;
    struct slice text;

    if (old > 0) {
        TRY(ledger_consistency(ledger, old, anchor->offered, &path));
    }
    lines_start(&lines, out, SUBMISSION_MAX);
    lines_text(&lines, "old ");
    lines_uint(&lines, old);
    lines_text(&lines, "\n");
    for (size_t i = 0; i < path.count; i++) {
        lines_b64(&lines, slice_of(path.hash[i], sizeof(path.hash[i])));
        lines_text(&lines, "\n");
    }
    lines_text(&lines, "\n");
    lines_put(&lines, slice_of(anchor->offer, anchor->offer_len));
    TRY(lines_finish(&lines, &text));
    *len = text.len;
    return SG_OK;
}

enum sg_status witness_ask(struct anchor_loop *loop, struct anchor *anchor,
                           struct sg_error *why)
{
    char body[SUBMISSION_MAX];
    size_t len = 0;

    if (anchor->held > anchor->offered) {
        return sg_fail(
            why, SG_CORRUPT,
            "the witness holds a checkpoint of %llu records, but the newest of "
            "this log has %llu: one of the two was rolled back",
            (unsigned long long)anchor->held, (unsigned long long)anchor->offered);
    }
    enum sg_status status =
        witness_submission(loop->ledger, anchor, anchor->held, body, &len);
    if (status != SG_OK) {
        return sg_fail(why, SG_IO, "no proof can be made from the ledger: %s",
                       sg_status_text(status));
    }
    (void)snprintf(anchor->url, sizeof(anchor->url), "%s/add-checkpoint",
                   anchor->config->place);
    struct http_request request = anchor_request(anchor, anchor->url);
    request.type = "text/plain; charset=utf-8";
    request.body = slice_of(body, len);
    return http_begin(loop->http, &request, why);
}

/* --- What is answered ------------------------------------------------------------ */

bool witness_tells_size(const struct http_answer *answer, uint64_t *size)
{
    size_t len = strcspn(answer->type, "; ");
    bool fits = answer->status == SG_OK && answer->code == HTTP_OTHER_SIZE &&
                len == sizeof(SIZE_TYPE) - 1 &&
                strncmp(answer->type, SIZE_TYPE, len) == 0 && answer->len >= 2 &&
                answer->data[answer->len - 1] == '\n';

    return fits &&
           text_uint(slice_of(answer->data, answer->len - 1), INT64_MAX, size) == SG_OK;
}

/* Its state is not what we thought: once, the proof is made anew from there. */
static enum sg_status take_size(struct anchor *anchor, const struct http_answer *answer,
                                struct sg_error *why)
{
    uint64_t size = 0;

    if (!witness_tells_size(answer, &size)) {
        return sg_fail(why, SG_INVALID,
                       "the witness answers 409 without the size that it holds");
    }
    if (size > anchor->offered) {
        return sg_fail(
            why, SG_CORRUPT,
            "the witness holds a checkpoint of %llu records, but the newest of "
            "this log has %llu: one of the two was rolled back",
            (unsigned long long)size, (unsigned long long)anchor->offered);
    }
    if (anchor->second || size == anchor->held) {
        return sg_fail(why, SG_INVALID,
                       "the witness answers 409 and size %llu to what begins there",
                       (unsigned long long)size);
    }
    anchor->held = size;
    return SG_ABORTED;
}

/* The note as it would be with this signature alone. */
static enum sg_status check_line(struct anchor *anchor, struct slice text,
                                 const struct note_signature *signature,
                                 struct note_verdict *verdict)
{
    char alone[OFFER_MAX + ANCHOR_LINE_MAX];
    struct anchor_result *result = &anchor->result;
    struct lines_out lines;
    struct slice bytes;
    struct note note;

    lines_start(&lines, result->line, sizeof(result->line));
    note_repeat_signature(&lines, signature);
    TRY(lines_finish(&lines, &bytes));
    result->line_len = bytes.len;
    lines_start(&lines, alone, sizeof(alone));
    lines_put(&lines, text);
    lines_text(&lines, "\n");
    lines_put(&lines, bytes);
    TRY(lines_finish(&lines, &bytes));
    TRY(note_parse(bytes, &note));
    return note_verify(&note, &anchor->key, verdict);
}

static enum sg_status judge_signature(struct anchor *anchor, struct slice text,
                                      const struct note_signature *signature,
                                      struct sg_error *why)
{
    struct note_verdict verdict = {0};

    if (check_line(anchor, text, signature, &verdict) != SG_OK) {
        return sg_fail(why, SG_CORRUPT,
                       "the witness's signature is false: it is not of this checkpoint, "
                       "or not by the key of its vkey");
    }
    if (verdict.time_s == 0 || verdict.time_s > anchor_latest_s()) {
        return sg_fail(why, SG_INVALID,
                       "the witness's signature %s: its clock or that of this machine is "
                       "wrong",
                       verdict.time_s == 0 ? "has no time"
                                           : "is of a time that has not come yet");
    }
    anchor->result.time_s = verdict.time_s;
    return SG_OK;
}

/* The lines of the answer, behind the text that they should sign. */
static enum sg_status take_lines(struct anchor *anchor, struct slice answer,
                                 struct sg_error *why)
{
    char whole[OFFER_MAX + ANSWER_MAX];
    struct note offered;
    struct note note;
    struct lines_out lines;
    struct slice bytes;

    TRY(note_parse(slice_of(anchor->offer, anchor->offer_len), &offered));
    lines_start(&lines, whole, sizeof(whole));
    lines_put(&lines, offered.text);
    lines_text(&lines, "\n");
    lines_put(&lines, answer);
    if (lines_finish(&lines, &bytes) != SG_OK || note_parse(bytes, &note) != SG_OK ||
        !slice_equal(note.text, offered.text)) {
        return sg_fail(why, SG_INVALID,
                       "the witness answers with something else than "
                       "lines of cosignatures");
    }
    const struct note_signature *signature = note_signature_by(&note, &anchor->key);
    if (signature == NULL) {
        return sg_fail(why, SG_INVALID,
                       "the witness answers without a signature by the key of its vkey");
    }
    return judge_signature(anchor, offered.text, signature, why);
}

static enum sg_status refuse(const struct anchor *anchor, long code, struct sg_error *why)
{
    if (code == HTTP_NO_PROOF) {
        return sg_fail(
            why, SG_CORRUPT,
            "the witness says that checkpoint %llu does not go on from the %llu "
            "records that it holds: the log or the witness was changed",
            (unsigned long long)anchor->offered, (unsigned long long)anchor->held);
    }
    if (code == HTTP_NO_ORIGIN || code == HTTP_STRANGER) {
        return sg_fail(why, SG_DENIED,
                       "the witness does not know %s: give its operator the log's vkey, "
                       "as the log line 'ready' shows it",
                       code == HTTP_NO_ORIGIN ? "this log's origin" : "the log's key");
    }
    return sg_fail(why, SG_IO, "%s answers with HTTP %ld", anchor->url, code);
}

enum sg_status witness_answered(struct anchor *anchor, const struct http_answer *answer,
                                struct sg_error *why)
{
    if (answer->status != SG_OK) {
        return sg_fail(why, answer->status, "%s", answer->why.text);
    }
    if (answer->code == HTTP_OTHER_SIZE) {
        return take_size(anchor, answer, why);
    }
    if (answer->code != HTTP_FINE) {
        return refuse(anchor, answer->code, why);
    }
    return take_lines(anchor, slice_of(answer->data, answer->len), why);
}

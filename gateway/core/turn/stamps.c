#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/turn/inquiry.h"
#include "gateway/core/turn/stamp.h"
#include "gateway/ledger/record_stamp.h"
#include "gateway/ledger/tokens.h"

/* One number for two kinds would be read as the other's struct. */
_Static_assert((int)LETTER_STAMP > (int)LETTER_ANCHOR &&
                   (int)LETTER_ANCHOR > (int)LETTER_INQUIRY &&
                   (int)LETTER_INQUIRY > (int)LETTER_ORDER,
               "each mark is one letter's");

/* --- In --------------------------------------------------------------------------- */

enum sg_status core_stamp(struct core *core, struct stamp *stamp)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (atomic_load_explicit(&core->broken, memory_order_relaxed)) {
        return SG_LEDGER;
    }
    stamp->recorded = true;
    stamp->ask.letter.kind = LETTER_STAMP;
    STAILQ_INSERT_TAIL(&one, &stamp->ask.letter, link);
    return mbox_put(&core->mailbox, &one, 1);
}

static struct record_stamp record_of(const struct stamp *stamp)
{
    const struct tsa_ask *ask = &stamp->ask;
    const struct job *job = stamp->job;
    bool granted = ask->status == SG_OK;

    return (struct record_stamp){
        .decision_id = job == NULL ? NULL : job->decision_id,
        .outcome_index = job == NULL ? 0 : job->log_index,
        .caller = stamp->caller,
        .request_id = stamp->request_id,
        .hash = ask->hash,
        .digest = slice_of(ask->digest, job == NULL ? sg_hash_len(ask->hash) : 0),
        .token = slice_of(ask->token.der, granted ? ask->token.len : 0),
        .time_us = ask->token.time_us,
        .serial = ask->token.serial,
        .authority = ask->token.authority,
        .why = granted ? NULL : ask->why.text,
    };
}

static enum sg_status write_record(struct core *core, struct stamp *stamp)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};
    const struct record_stamp fields = record_of(stamp);

    record_begin(core, &head);
    TRY(record_timestamp(buffer, &head, &fields, &text));
    stamp->log_index = ledger_next_index(core->ledger);
    return ledger_append(core->ledger, text, stamp->log_hash);
}

/* Of two that asked at once, both get the token of the first: the same id, the same
 * bytes.
 */
enum sg_status stamps_write(struct core *core, struct stamp *stamp)
{
    struct tsa_token *token = &stamp->ask.token;

    stamp->status = SG_OK;
    if (stamp->job == NULL) {
        return write_record(core, stamp);
    }
    uint64_t outcome = stamp->job->log_index;
    enum sg_status known = ledger_find_token(core->ledger, outcome, token->der,
                                             sizeof(token->der), &token->len);
    if (known != SG_NOT_FOUND) {
        stamp->ask.status = known;
        return known;
    }
    MUST(stamp->ask.status != SG_OK || token->len > 0);
    TRY(write_record(core, stamp));
    return stamp->ask.status == SG_OK
               ? ledger_keep_token(core->ledger, outcome,
                                   slice_of(token->der, token->len))
               : SG_OK;
}

/* --- Out -------------------------------------------------------------------------- */

void stamps_answer(struct stamp *stamp, bool broken)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (broken) {
        stamp->status = SG_LEDGER;
    }
    STAILQ_INSERT_TAIL(&one, &stamp->ask.letter, link);
    MUST(mbox_put(stamp->ask.reply, &one, 1) == SG_OK);
}

enum sg_status stamps_recall(struct core *core, struct job *job)
{
    struct tsa_token token;

    if (job->status != SG_OK || !sg_profile_stamped(job->profile)) {
        return SG_OK;
    }
    enum sg_status found = ledger_find_token(core->ledger, job->log_index, token.der,
                                             sizeof(token.der), &token.len);
    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    job_set_token(job, slice_of(token.der, token.len));
    return SG_OK;
}

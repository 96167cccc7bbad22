#include "client/commands/sign/ask.h"

#include <stdio.h>

#include "client/batch/place.h"
#include "client/channel/moment.h"
#include "client/commands/sign/plans.h"
#include "client/console/file.h"
#include "client/console/file_hash.h"

/* --- The input --------------------------------------------------------------------- */

/* Size, time and content. What changes afterwards is found by the gateway, which compares
 * digests. */
static enum sg_status look_at(const char *path, struct journal_letter *letter,
                              struct sg_error *why)
{
    struct file_hash found;

    TRY(file_hash(path, "sha256", &found, why));
    MUST(found.len == sizeof(letter->input));
    memcpy(letter->input, found.digest, sizeof(letter->input));
    letter->size = found.size;
    letter->mtime_ns = found.mtime_ns;
    return SG_OK;
}

/* --- Deciding ---------------------------------------------------------------------- */

struct asking {
    struct journal *journal;
    const struct sign_row *row;
    bool leave;
    struct journal_letter *before; /* what the journal has; NULL = nothing */
    struct journal_letter now;
    struct sign_asked *out;
};

/* said: that the sentence is there. */
static enum sg_status refuse(struct sign_asked *out, const char *reason,
                             enum sg_status said)
{
    MUST(said != SG_OK);
    out->what = SIGN_ASK_REFUSE;
    out->reason = reason;
    return SG_OK;
}

enum sg_status sign_place(const struct sign_row *row, char out[JOURNAL_TEXT_MAX],
                          struct sg_error *why)
{
    const char *dir = row->options.out;
    int len = snprintf(out, JOURNAL_TEXT_MAX, "%s/%s", dir, row->output);

    if (len < 0 || len >= JOURNAL_TEXT_MAX) {
        return sg_fail(why, SG_INVALID, "the path of the output is too long");
    }
    if (!place_sound(row->output)) {
        return sg_fail(why, SG_INVALID, "the output would leave the folder %s", dir);
    }
    if (!file_fits(out, row->options.receipts ? ".tlog-proof.part" : ".part")) {
        return sg_fail(why, SG_INVALID,
                       "the name of the output is too long to be written: name it "
                       "shorter, or give its row in a --manifest another 'out'");
    }
    return file_same(row->path, out)
               ? sg_fail(why, SG_CONFLICT,
                         "the signed letter would overwrite the letter itself: choose "
                         "another folder with -o")
               : SG_OK;
}

enum sg_status sign_in_the_way(const char *output, struct sg_error *why)
{
    return sg_fail(why, SG_CONFLICT,
                   "%s is there already: --force overwrites, --resume leaves it", output);
}

static enum sg_status place(const struct sign_row *row, struct sign_asked *out,
                            struct sg_error *why)
{
    TRY(sign_place(row, out->output, why));
    return place_make(row->options.out, row->output, why);
}

/* Who goes on with a run means its letters: what is there of others was signed by other
 * runs, unless this one was begun to overwrite them. */
static bool forces(const struct asking *asking)
{
    return asking->row->options.force &&
           (!asking->leave || asking->before != NULL || journal_forces(asking->journal));
}

/* A letter that no earlier part of the run has met, or that is begun anew. */
static enum sg_status begin(struct asking *asking, struct sg_error *why)
{
    struct sign_asked *out = asking->out;

    if (file_exists(out->output) && !out->force) {
        out->what = SIGN_ASK_THERE;
        return asking->leave ? SG_OK
                             : refuse(out, "output", sign_in_the_way(out->output, why));
    }
    asking->now.signing_time_us = moment_wall_us();
    asking->now.met = true;
    out->what = SIGN_ASK;
    out->letter = asking->now;
    return SG_OK;
}

enum sg_status sign_ask_keep(struct journal *journal, const struct sign_row *row,
                             const struct segel_plan *plan, struct sign_asked *out,
                             struct sg_error *why)
{
    struct journal_letter *letter = &out->letter;

    letter->room = segel_plan_room(plan);
    letter->hash = (uint8_t)sg_hash_parse(segel_plan_hash(plan));
    TRY(journal_add(journal, letter, row->path, row->output, why));
    out->number = letter->number;
    return SG_OK;
}

/* What is no longer as it was; NULL: nothing. */
static const char *changed(const struct asking *asking)
{
    const struct journal_letter *before = asking->before;
    const struct journal_letter *now = &asking->now;

    if (memcmp(before->input, now->input, sizeof(now->input)) != 0) {
        return "the letter has";
    }
    return memcmp(before->terms, now->terms, sizeof(now->terms)) != 0
               ? "the terms of the letter have"
               : NULL;
}

/* The earlier one is given up, though it may be signed: the user said so. */
static enum sg_status replace(struct asking *asking, struct sg_error *why)
{
    const struct journal_letter *before = asking->before;

    if (before->state == JOURNAL_PENDING) {
        TRY(journal_settle(asking->journal, before->number, JOURNAL_REFUSED, 0, why));
    }
    return begin(asking, why);
}

/* The journal has it: it is asked for by the same id, or not at all. */
static enum sg_status go_on(struct asking *asking, struct sg_error *why)
{
    struct journal_letter *before = asking->before;
    struct sign_asked *out = asking->out;
    const char *what = changed(asking);
    bool is_signed = before->state == JOURNAL_SIGNED;

    if (before->state == JOURNAL_REFUSED) {
        return begin(asking, why);
    }
    if (what != NULL && out->force) {
        return replace(asking, why);
    }
    if (what != NULL) {
        return refuse(out, "changed",
                      sg_fail(why, SG_CONFLICT,
                              "%s changed since this run %s it: --resume with --force "
                              "signs those of its letters that changed as new ones",
                              what, is_signed ? "signed" : "sent"));
    }
    out->number = before->number;
    out->again = true;
    before->open = is_signed && !file_exists(out->output);
    out->what = is_signed && !before->open ? SIGN_ASK_DONE : SIGN_ASK;
    return SG_OK;
}

enum sg_status sign_ask(struct journal *journal, const struct sign_row *row, bool leave,
                        struct sign_asked *out, struct sg_error *why)
{
    struct asking asking = {.journal = journal, .row = row, .leave = leave, .out = out};

    out->again = false;
    out->number = 0;
    asking.before = journal_find(journal, row->output);
    if (asking.before != NULL) {
        asking.before->met = true;
    }
    out->force = forces(&asking);
    enum sg_status status = place(row, out, why);
    if (status != SG_OK) {
        return refuse(out, "output", status);
    }
    status = look_at(row->path, &asking.now, why);
    if (status != SG_OK) {
        return refuse(out, "unreadable", status);
    }
    sign_terms_hash(&row->options, asking.now.terms);
    return asking.before == NULL ? begin(&asking, why) : go_on(&asking, why);
}

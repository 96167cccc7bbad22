#include "client/report/evidence.h"

static void keep(struct evidence_note *to, const struct tlog_head *head,
                 struct slice note)
{
    to->head = *head;
    to->is_signed = true;
    to->len = note.len < sizeof(to->note) ? note.len : 0;
    if (to->len > 0) {
        memcpy(to->note, note.data, to->len);
    }
    to->note[to->len] = '\0';
}

void evidence_start(struct evidence *evidence, const struct report_period *period)
{
    *evidence = (struct evidence){.period = period};
}

void evidence_begin(struct evidence *evidence, const struct tlog_frontier *tree)
{
    evidence->start.head.size = tree->size;
    evidence->start.head.root = tlog_frontier_root(tree);
    growth_start(&evidence->growth, tree);
}

void evidence_record(struct evidence *evidence, const struct tlog_hash *leaf,
                     int64_t time_us)
{
    if (evidence->ended) {
        return;
    }
    growth_add(&evidence->growth, leaf);
    evidence->began = evidence->began || time_us >= evidence->period->from_us;
    /* A record from the future is not the end: one of the period may follow. */
    if (time_us >= evidence->period->from_us) {
        evidence->over = time_us >= evidence->period->until_us;
    }
}

/* Nothing of the period was read yet: this checkpoint is nearer to it. */
static void begin_here(struct evidence *evidence, const struct tlog_head *head,
                       struct slice note, const struct tlog_frontier *tree)
{
    keep(&evidence->start, head, note);
    growth_start(&evidence->growth, tree);
}

void evidence_checkpoint(struct evidence *evidence, const struct tlog_head *head,
                         struct slice note, const struct tlog_frontier *tree)
{
    if (evidence->ended) {
        return;
    }
    if (!evidence->began && head->size == tree->size) {
        begin_here(evidence, head, note, tree);
    }
    keep(&evidence->end, head, note);
    evidence->reached = head->size == tree->size;
    evidence->ended = evidence->over && head->size >= evidence->least;
    evidence->proven = head->size == tree->size &&
                       growth_prove(&evidence->growth, head, &evidence->path) == SG_OK;
}

/* A checkpoint over more records than a part of the log holds cannot be reached by its
 * leaves alone. */
static enum sg_status prove(struct evidence *evidence, struct sg_error *why)
{
    if (!evidence->reached) {
        return SG_OK;
    }
    if (growth_prove(&evidence->growth, &evidence->end.head, &evidence->path) != SG_OK) {
        return sg_fail(why, SG_CORRUPT,
                       "the checkpoint at the end does not extend the one at the start");
    }
    evidence->proven = true;
    return SG_OK;
}

enum sg_status evidence_finish(struct evidence *evidence, struct sg_error *why)
{
    if (!evidence->end.is_signed) {
        return sg_fail(why, SG_CORRUPT, "no checkpoint covers these records yet");
    }
    return prove(evidence, why);
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/bundle/examination.h"
#include "proto/text.h"

enum { LENGTH_LINE = 20 };

/* --- Signatures -------------------------------------------------------------------- */

/* Witnesses that have cosigned, a bit each, and the latest of their times. A false
 * cosignature of a known witness makes the whole note worthless, as a false one of the
 * log does. */
static bool find_witnesses(const struct examination *exam, const struct note *note,
                           uint64_t *witnesses, uint64_t *time_s)
{
    const struct trust_policy *trust = exam->trust;

    *witnesses = 0;
    *time_s = 0;
    for (size_t i = 0; i < trust->groups.leaf_count; i++) {
        struct note_verdict said = {0};
        enum sg_status status = note_verify(note, &trust->witnesses[i], &said);
        if (status == SG_CORRUPT) {
            return false;
        }
        if (status == SG_OK && said.signed_by) {
            *witnesses |= (uint64_t)1 << i;
            *time_s = said.time_s > *time_s ? said.time_s : *time_s;
        }
    }
    return true;
}

static void take_anchor(struct examination *exam, uint64_t size, uint64_t witnesses,
                        uint64_t time_s)
{
    struct verdict *verdict = exam->verdict;

    if (verdict->quorum > 0 && trust_reached(exam->trust, witnesses) &&
        size >= verdict->anchored_size) {
        verdict->anchored_size = size;
        verdict->anchored_s = time_s;
    }
}

/* false: a finding says why the note is worth nothing. name: how it is called there. */
static bool open_note(struct examination *exam, struct slice bytes, const char *name,
                      struct tlog_head *out)
{
    struct checkpoint checkpoint;
    struct note note;
    uint64_t witnesses = 0;
    uint64_t time_s = 0;
    enum sg_status status = checkpoint_open(bytes, exam->log, &checkpoint);

    if (status == SG_OK) {
        MUST(note_parse(bytes, &note) == SG_OK);
        status = find_witnesses(exam, &note, &witnesses, &time_s) ? SG_OK : SG_CORRUPT;
    }
    if (status != SG_OK) {
        enum bundle_finding finding = status == SG_CORRUPT     ? FINDING_SIGNED_FALSELY
                                      : status == SG_NOT_FOUND ? FINDING_SIGNED_BY_OTHER
                                                               : FINDING_NO_CHECKPOINT;
        verdict_find(exam->verdict, finding, "%s", name);
        return false;
    }
    *out = checkpoint.head;
    take_anchor(exam, checkpoint.head.size, witnesses, time_s);
    return true;
}

static enum sg_status keep_head(struct examination *exam, struct slice note)
{
    exam->head_note = (uint8_t *)malloc(note.len + 1);
    if (exam->head_note == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(exam->head_note, note.data, note.len);
    exam->head_note_len = note.len;
    return SG_OK;
}

enum sg_status examine_head(struct examination *exam)
{
    const struct manifest_head *head = &exam->verdict->head;
    struct slice bytes = {0};

    exam->log = trust_log(exam->trust, head->origin);
    enum sg_status status =
        bundle_file_open(exam->bundle, BUNDLE_CHECKPOINT, &exam->entries);

    if (status == SG_NOT_FOUND) {
        verdict_find(exam->verdict, FINDING_NO_CHECKPOINT, BUNDLE_CHECKPOINT);
        return SG_OK;
    }
    TRY(status);
    TRY(bundle_file_take(&exam->entries, NOTE_MAX + 1, &bytes));
    exam->head_known = open_note(exam, bytes, BUNDLE_CHECKPOINT, &exam->head);
    if (strcmp(head->origin, exam->log->name) != 0) {
        verdict_find(exam->verdict, FINDING_SIGNED_BY_OTHER, BUNDLE_MANIFEST);
    }
    if (exam->head_known && head->tree_size != exam->head.size) {
        verdict_find(exam->verdict, FINDING_OTHER_TREE, "%" PRIu64 ", %" PRIu64,
                     head->tree_size, exam->head.size);
        exam->head_known = false;
    }
    return exam->head_known && exam->reader != NULL ? keep_head(exam, bytes) : SG_OK;
}

static enum sg_status show(const struct examination *exam, const struct tlog_head *head,
                           struct slice note)
{
    return exam->reader == NULL || exam->reader->checkpoint(exam->reader->context, head,
                                                            note, &exam->audit)
               ? SG_OK
               : SG_NO_MEMORY;
}

enum sg_status show_head(struct examination *exam)
{
    return exam->head_note != NULL
               ? show(exam, &exam->head, slice_of(exam->head_note, exam->head_note_len))
               : SG_OK;
}

/* --- The earlier ones -------------------------------------------------------------- */

static enum sg_status broken(struct examination *exam)
{
    exam->notes.more = false;
    verdict_find(exam->verdict, FINDING_CHECKPOINT_FORM, "%" PRIu64,
                 exam->notes.last_size);
    return SG_OK;
}

static enum sg_status place_note(struct examination *exam)
{
    struct notes *notes = &exam->notes;
    const struct manifest_head *head = &exam->verdict->head;

    notes->more = notes->next.size > notes->last_size &&
                  notes->next.size >= head->first && notes->next.size <= head->end &&
                  notes->next.size < head->tree_size;
    if (!notes->more) {
        verdict_find(exam->verdict, FINDING_CHECKPOINT_PLACE, "%" PRIu64,
                     notes->next.size);
    }
    notes->last_size = notes->next.size;
    return SG_OK;
}

/* A decimal length on a line of its own, then so many bytes. */
static enum sg_status next_note(struct examination *exam)
{
    struct notes *notes = &exam->notes;
    struct slice bytes = {0};
    uint64_t len = 0;
    char name[64];

    enum sg_status status = bundle_file_line(&notes->file, LENGTH_LINE, &bytes);
    notes->more = false;
    if (status == SG_NOT_FOUND) {
        return SG_OK;
    }
    if (status == SG_IO) {
        return status;
    }
    if (status != SG_OK || text_uint(bytes, NOTE_MAX, &len) != SG_OK) {
        return broken(exam);
    }
    TRY(bundle_file_take(&notes->file, (size_t)len, &bytes));
    if (bytes.len != len) {
        return broken(exam);
    }
    notes->bytes = bytes;
    (void)snprintf(name, sizeof(name), "checkpoints: the one after %" PRIu64,
                   notes->last_size);
    return open_note(exam, bytes, name, &notes->next) ? place_note(exam) : SG_OK;
}

enum sg_status notes_start(struct examination *exam)
{
    enum sg_status status =
        bundle_file_open(exam->bundle, BUNDLE_CHECKPOINTS, &exam->notes.file);

    if (status == SG_NOT_FOUND) {
        return broken(exam);
    }
    TRY(status);
    return next_note(exam);
}

/* A root of records without a known tree before them would say nothing. */
static enum sg_status show_note(const struct examination *exam)
{
    return exam->tree_known ? show(exam, &exam->notes.next, exam->notes.bytes) : SG_OK;
}

/* What the tree was at that size, to which the records have been read. One that is not
 * the one in the tree says nothing against a checkpoint: as long as they are sound the
 * tiles answer. */
static struct tlog_hash root_at(const struct examination *exam, uint64_t size)
{
    struct tlog_frontier tree = exam->audit.tree;

    if (exam->tiles_sound) {
        climb_before(&exam->climb, size, &tree);
    }
    return tlog_frontier_root(&tree);
}

enum sg_status notes_reach(struct examination *exam, uint64_t size)
{
    struct notes *notes = &exam->notes;

    while (notes->more && notes->next.size == size) {
        if (exam->tree_known) {
            struct tlog_hash root = root_at(exam, size);
            exam->verdict->checkpoints++;
            if (!tlog_hash_equal(&root, &notes->next.root)) {
                verdict_find(exam->verdict, FINDING_CHECKPOINT_ROOT, "%" PRIu64, size);
            }
        }
        TRY(show_note(exam));
        TRY(next_note(exam));
    }
    return SG_OK;
}

void notes_end(struct examination *exam)
{
    if (exam->notes.more) {
        verdict_find(exam->verdict, FINDING_CHECKPOINT_PLACE, "%" PRIu64,
                     exam->notes.next.size);
    } else if (exam->tree_known) {
        verdict_done(exam->verdict, CHECK_CHECKPOINTS);
    }
    if (exam->head_known) {
        verdict_done(exam->verdict, CHECK_SIGNATURE);
    }
}

void examine_anchors(struct examination *exam)
{
    struct verdict *verdict = exam->verdict;

    if (verdict->quorum == 0) {
        return;
    }
    if (verdict->anchored_size < verdict->head.end) {
        verdict_find(verdict, FINDING_UNANCHORED, "%" PRIu64,
                     verdict->anchored_size > verdict->head.first ? verdict->anchored_size
                                                                  : verdict->head.first);
    }
    verdict_done(verdict, CHECK_ANCHOR);
}

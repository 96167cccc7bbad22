#include "client/bundle/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/bundle/examination.h"

static void free_examination(struct examination **exam)
{
    if (*exam != NULL) {
        audit_fini(&(*exam)->audit);
        climb_fini(&(*exam)->climb);
        bundle_file_fini(&(*exam)->notes.file);
        bundle_file_fini(&(*exam)->file);
        bundle_file_fini(&(*exam)->entries);
        free((*exam)->head_note);
    }
    free(*exam);
}

/* The root that the tiles come to is the one that was signed. */
static void examine_tree(struct examination *exam)
{
    const struct manifest_head *head = &exam->verdict->head;

    if (!exam->head_known) {
        return; /* there is nothing to hold it against */
    }
    exam->tiles_sound =
        climb_start(&exam->climb, exam->bundle, head->tree_size, exam->verdict) == SG_OK;
    if (exam->tiles_sound && !tlog_hash_equal(&exam->climb.root, &exam->head.root)) {
        verdict_find(exam->verdict, FINDING_ROOT, "%s", BUNDLE_CHECKPOINT);
        exam->tiles_sound = false;
    }
}

static enum sg_status examine_log(struct examination *exam)
{
    TRY(examine_head(exam));
    examine_tree(exam);
    TRY(examine_records(exam));
    TRY(show_head(exam));
    examine_named(exam);
    examine_anchors(exam);
    return SG_OK;
}

static enum sg_status examine(struct examination *exam)
{
    TRY(examine_files(exam));
    hashes_begin(exam);
    enum sg_status status = examine_log(exam);
    enum sg_status hashed = hashes_end(exam);
    return status != SG_OK ? status : hashed;
}

enum sg_status bundle_check(struct bundle *bundle, const struct trust_policy *trust,
                            struct verdict *verdict, struct sg_error *why)
{
    return bundle_read(bundle, trust, NULL, verdict, why);
}

enum sg_status bundle_read(struct bundle *bundle, const struct trust_policy *trust,
                           const struct bundle_reader *reader, struct verdict *verdict,
                           struct sg_error *why)
{
    AUTO(free_examination)
    struct examination *exam = (struct examination *)calloc(1, sizeof(*exam));

    if (exam == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    exam->bundle = bundle;
    exam->trust = trust;
    exam->verdict = verdict;
    exam->reader = reader;
    exam->why = why;
    verdict->quorum = trust_fewest(trust);
    why->text[0] = '\0';
    enum sg_status status = examine(exam);
    if (status != SG_OK && why->text[0] == '\0') {
        return sg_fail(why, status, "the bundle cannot be read to its end: %s",
                       sg_status_text(status));
    }
    return status;
}

#ifndef SEGEL_CLIENT_BUNDLE_EXAMINATION_H
#define SEGEL_CLIENT_BUNDLE_EXAMINATION_H

#include "client/audit/audit.h"
#include "client/bundle/check.h"
#include "client/bundle/climb.h"
#include "client/bundle/named.h"
#include "proto/base.h"
#include "proto/tlog/checkpoint.h"

/* The inside of bundle_check: one examination, shared by its parts. */

/* Files by kind, as the manifest lists them. */
struct listing {
    uint64_t parts;
    uint64_t tiles;
    uint64_t entries;
    uint64_t notes; /* checkpoint, checkpoints */
};

/* The earlier checkpoints, one at a time. */
struct notes {
    struct bundle_file file;
    struct tlog_head next; /* valid while more */
    bool more;
    uint64_t last_size;
};

struct examination {
    struct bundle *bundle;            /* borrowed */
    const struct bundle_trust *trust; /* borrowed */
    struct verdict *verdict;          /* borrowed */
    struct sg_error *why;             /* borrowed */
    struct listing listing;
    struct tlog_head head; /* of the last checkpoint */
    bool head_known;
    bool tiles_sound; /* so far */
    bool tree_known;  /* audit.tree is the tree before the records */
    struct climb climb;
    struct notes notes;
    struct named policies;
    struct named certificates;
    struct audit audit;
    struct bundle_file file;    /* manifest, or records */
    struct bundle_file entries; /* or any other file */
};

/* check_files.c: MANIFEST and every file that it names. SG_INVALID: it is no manifest. */
SG_MUST_USE enum sg_status examine_files(struct examination *exam);
/* Which policies and certificates are there. */
SG_MUST_USE enum sg_status take_named_file(struct examination *exam,
                                           const struct manifest_file *file);
void examine_named(struct examination *exam);

/* check_notes.c: the last checkpoint; the others, which are read on as they are met. */
SG_MUST_USE enum sg_status examine_head(struct examination *exam);
SG_MUST_USE enum sg_status notes_start(struct examination *exam);
/* Holds all notes of this size against the tree, and goes on to the next one. */
SG_MUST_USE enum sg_status notes_reach(struct examination *exam, uint64_t size);
void notes_end(struct examination *exam);
void examine_anchors(struct examination *exam);

/* check_records.c */
SG_MUST_USE enum sg_status examine_records(struct examination *exam);

#endif

#ifndef SEGEL_CLIENT_BUNDLE_EXAMINATION_H
#define SEGEL_CLIENT_BUNDLE_EXAMINATION_H

#include <pthread.h>

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
    struct slice bytes;    /* its note, in the file's buffer */
    bool more;
    uint64_t last_size;
};

/* The hashes of all files, on a thread of their own while the records are read: with its
 * own eyes on the bundle and its own findings. */
struct hashing {
    bool running;
    pthread_t thread;
    struct bundle bundle; /* fd and index are the examination's */
    struct verdict verdict;
    struct bundle_file manifest;
    struct bundle_file file;
    enum sg_status status;
};

struct examination {
    struct bundle *bundle;              /* borrowed */
    const struct trust_policy *trust;   /* borrowed */
    const struct note_key *log;         /* of the trust: the one whose bundle this is */
    struct verdict *verdict;            /* borrowed */
    struct sg_error *why;               /* borrowed */
    const struct bundle_reader *reader; /* borrowed; NULL: nobody looks on */
    struct hashing hashing;
    struct listing listing;
    struct tlog_head head; /* of the last checkpoint */
    uint8_t *head_note;    /* owned; NULL: nobody looks on */
    size_t head_note_len;
    bool head_known;
    bool tiles_sound;   /* so far */
    bool begins_before; /* the first record is older than the period */
    bool begins_inside; /* it stands in the period, and is not the log's first */
    bool tree_known;    /* audit.tree is the tree before the records */
    struct climb climb;
    struct notes notes;
    struct named policies;
    struct named certificates;
    struct audit audit;
    struct bundle_file file;    /* manifest, or records */
    struct bundle_file entries; /* or any other file */
};

/* check_files.c: MANIFEST, and what kinds of files it names. SG_INVALID: it is no
 * manifest. */
SG_MUST_USE enum sg_status examine_files(struct examination *exam);
/* Whether the file may have that length: false for one of no known kind, too. */
bool file_may_have(const char *path, uint64_t size);
/* check_strays.c: names the files that the manifest does not name, of which there are too
 * many. SG_IO, SG_NO_MEMORY. */
SG_MUST_USE enum sg_status find_strays(struct examination *exam, uint64_t too_many);
/* check_hashes.c: every file is the one that the manifest names. To be ended in any case
 * when it was begun. */
void hashes_begin(struct examination *exam);
SG_MUST_USE enum sg_status hashes_end(struct examination *exam);
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
/* Shows the last checkpoint to the reader, when all that it covers was read. */
SG_MUST_USE enum sg_status show_head(struct examination *exam);
void examine_anchors(struct examination *exam);

/* check_records.c */
SG_MUST_USE enum sg_status examine_records(struct examination *exam);

#endif

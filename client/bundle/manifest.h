#ifndef SEGEL_CLIENT_BUNDLE_MANIFEST_H
#define SEGEL_CLIENT_BUNDLE_MANIFEST_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

/* MANIFEST, the first file of a bundle: what it is about, and every other file. It is
 * signed by nobody and believed in nothing: it says what to look for. docs/BUNDLE.md has
 * the format. Pure functions. */
enum {
    BUNDLE_PATH_MAX = 99,          /* what the name field of a tar header holds */
    BUNDLE_FILES_MAX = 1 << 22,    /* enough for 500 million records */
    BUNDLE_PART_RECORDS = 1 << 18, /* records of one file */
    BUNDLE_RECORD_MAX = 65535,
    BUNDLE_POLICY_MAX = 1 << 24,
    BUNDLE_CERTIFICATE_MAX = 16384,
    MANIFEST_HEAD_MAX = 1024,
    MANIFEST_LINE_MAX = 64 + 1 + 20 + 1 + BUNDLE_PATH_MAX
};
#define BUNDLE_MANIFEST    "MANIFEST"
#define BUNDLE_CHECKPOINT  "checkpoint"
#define BUNDLE_CHECKPOINTS "checkpoints"

struct manifest_head {
    char origin[NOTE_NAME_MAX + 1];
    uint64_t tree_size;
    uint64_t first;   /* records [first, end), at least one */
    uint64_t end;     /* at most tree_size */
    int64_t from_us;  /* INT64_MIN: from the beginning */
    int64_t until_us; /* INT64_MAX: to the checkpoint */
    uint64_t files;   /* lines that follow */
};
struct manifest_file {
    struct tlog_hash sha256;
    uint64_t size;
    char path[BUNDLE_PATH_MAX + 1];
};

/* 1 to BUNDLE_PATH_MAX bytes of [A-Za-z0-9._-] and '/', no part of it empty, "." or "..".
 */
bool bundle_path_valid(struct slice path);
/* "records/00000000.jsonl" */
void bundle_part_path(uint64_t part, char out[BUNDLE_PATH_MAX + 1]);

/* The lines of the head, in order: line 0 is the first one. SG_INVALID: this is not
 * what stands there. After the last one, manifest_head_sound says whether they fit
 * together. */
enum { MANIFEST_HEAD_LINES = 6 };
SG_MUST_USE enum sg_status manifest_head_line(unsigned number, struct slice line,
                                              struct manifest_head *head);
bool manifest_head_sound(const struct manifest_head *head);
/* All records of the tree. */
bool manifest_head_whole(const struct manifest_head *head);
/* "<sha256> <size> <path>" */
SG_MUST_USE enum sg_status manifest_file_line(struct slice line,
                                              struct manifest_file *file);

/* A time of `period` as the manifest writes it, or "-". */
void manifest_write_moment(int64_t time_us, char out[TEXT_TIME_SIZE]);
/* With their line ends; SG_TOO_LARGE: an origin that is too long. */
SG_MUST_USE enum sg_status manifest_write_head(const struct manifest_head *head,
                                               char out[MANIFEST_HEAD_MAX], size_t *len);
size_t manifest_write_file(const struct manifest_file *file,
                           char out[MANIFEST_LINE_MAX + 2]);

#endif

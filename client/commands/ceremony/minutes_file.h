#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_FILE_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_FILE_H

#include <stdio.h>

#include "client/console/file.h"
#include "client/witness/folder.h"
#include "proto/quorum/minutes.h"

/* Minutes in a file: a signed note, or its text and an empty line while nobody has signed
 * yet. The zero state is valid for _free. */
struct minutes_file {
    struct file_bytes bytes; /* owned; what follows points into them */
    struct slice text;
    size_t signatures;
    struct minutes minutes;
};
/* SG_IO. SG_INVALID, SG_TOO_LARGE: these are no minutes; why says what is wrong. */
SG_MUST_USE enum sg_status minutes_file_load(const char *path, struct minutes_file *out,
                                             struct sg_error *why);
/* The same of bytes that are in the file already; name: what they are called in why. */
SG_MUST_USE enum sg_status minutes_file_open(struct minutes_file *file, const char *name,
                                             struct sg_error *why);
void minutes_file_free(struct minutes_file *file);

/* For people: line by line, and harmless to a terminal. */
void minutes_file_print(struct slice text, FILE *out);

/* Puts the bytes in the place of the file; on SG_OK they are on the disk, and so is its
 * name. SG_INVALID: the path is too long. SG_IO. */
SG_MUST_USE enum sg_status minutes_file_keep(const char *path, struct slice bytes,
                                             struct sg_error *why);
/* Keeps others out of the file's place until folder_close. SG_BUSY: another process has
 * it; why is not set. SG_INVALID, SG_IO. */
SG_MUST_USE enum sg_status minutes_file_lock(const char *path, struct folder *out,
                                             struct sg_error *why);

#endif

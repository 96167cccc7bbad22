#ifndef SEGEL_GATEWAY_TRANSPORT_DESCRIPTORS_H
#define SEGEL_GATEWAY_TRANSPORT_DESCRIPTORS_H

#include "proto/base.h"
#include "proto/slice.h"

/* A google.protobuf.FileDescriptorSet as protoc writes it with --include_imports: which
 * files there are, what they import, and what is declared where. Nothing is copied and
 * nothing allocated: a file is a part of the set's own bytes and is handed out as it
 * stands there (descriptor.proto of protobuf has the numbers). */

enum {
    DESCRIPTOR_FILES_MAX = 64,      /* of one set: a bit each */
    DESCRIPTOR_DEPTH_MAX = 16,      /* nested messages; the file counts 1 */
    DESCRIPTOR_NAMES_MAX = 1 << 16, /* declared names of a set */
    DESCRIPTOR_BYTES_MAX = 4 << 20  /* of a set */
};

enum descriptor_kind {
    DESCRIPTOR_FILE,
    DESCRIPTOR_MESSAGE,
    DESCRIPTOR_FIELD,
    DESCRIPTOR_EXTENSION,
    DESCRIPTOR_ONEOF,
    DESCRIPTOR_ENUM,
    DESCRIPTOR_VALUE, /* of an enum: its name is declared beside the enum, not in it */
    DESCRIPTOR_SERVICE,
    DESCRIPTOR_METHOD
};

struct descriptor_file {
    struct slice bytes;   /* one FileDescriptorProto; borrowed from the set */
    struct slice name;    /* "segel/v1/signing.proto" */
    struct slice package; /* may be empty */
    uint64_t needs;       /* a bit for itself and each file it imports, directly or not */
};

struct descriptors {
    struct descriptor_file files[DESCRIPTOR_FILES_MAX];
    size_t count;
};

/* Where something is declared. */
struct descriptor_place {
    size_t file;
    enum descriptor_kind kind;
    bool takes_stream; /* of a method */
    bool gives_stream;
};

/* Walks the whole set and keeps slices of it: the bytes must outlive *set.
 * SG_INVALID: malformed, a name that is none, a file that stands twice or comes before
 * one that it imports. SG_TOO_LARGE: beyond a bound above. On a failure *set is empty. */
SG_MUST_USE enum sg_status descriptors_read(struct descriptors *set, struct slice bytes,
                                            struct sg_error *why);

/* SG_NOT_FOUND, or the index of the file. */
SG_MUST_USE enum sg_status descriptors_file(const struct descriptors *set,
                                            struct slice name, size_t *file);
/* A full name without a dot in front: "segel.v1.SigningService.Sign". SG_NOT_FOUND. */
SG_MUST_USE enum sg_status descriptors_symbol(const struct descriptors *set,
                                              struct slice name,
                                              struct descriptor_place *place);
/* The file that extends a message by the field of this number. SG_NOT_FOUND. */
SG_MUST_USE enum sg_status descriptors_extension(const struct descriptors *set,
                                                 struct slice type, int32_t number,
                                                 size_t *file);
/* Numbers of all fields by which the set extends a message, ascending; at most cap. */
size_t descriptors_extension_numbers(const struct descriptors *set, struct slice type,
                                     int32_t *out, size_t cap);

#endif

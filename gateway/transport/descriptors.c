#include "gateway/transport/descriptors.h"

#include <stdlib.h>

#include "gateway/transport/descriptor_walk.h"
#include "proto/text.h"

enum {
    SET_FILE = 1, /* FileDescriptorSet.file */
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    EXTENSION_EXTENDEE = 2,
    EXTENSION_NUMBER = 3,
    METHOD_CLIENT_STREAMING = 5,
    METHOD_SERVER_STREAMING = 6
};

/* --- Reading --------------------------------------------------------------------- */

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* An identifier, or several with dots between them. */
static bool is_name(struct slice text, bool dotted)
{
    bool starts = true;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool digit = byte >= '0' && byte <= '9';
        if (dotted && byte == '.' && !starts) {
            starts = true;
        } else if (is_letter(byte) || (digit && !starts)) {
            starts = false;
        } else {
            return false;
        }
    }
    return !starts;
}

static enum sg_status malformed(struct sg_error *why, const char *what)
{
    return sg_fail(why, SG_INVALID,
                   "the descriptors of the services %s; build them again with protoc "
                   "--include_imports --descriptor_set_out",
                   what);
}

static enum sg_status take_import(const struct descriptors *set,
                                  struct descriptor_file *file, struct slice name,
                                  struct sg_error *why)
{
    size_t at = 0;

    if (descriptors_file(set, name, &at) != SG_OK) {
        return malformed(why, "name an import that does not stand before its user");
    }
    file->needs |= set->files[at].needs;
    return SG_OK;
}

static enum sg_status read_head_field(const struct descriptors *set,
                                      struct descriptor_file *file,
                                      const struct wire_field *field,
                                      struct sg_error *why)
{
    switch (field->number) {
    case FILE_NAME:
        file->name = field->bytes;
        break;
    case FILE_PACKAGE:
        file->package = field->bytes;
        break;
    case FILE_DEPENDENCY:
        return take_import(set, file, field->bytes, why);
    default:
        break;
    }
    return SG_OK;
}

static enum sg_status read_head(const struct descriptors *set,
                                struct descriptor_file *file, struct sg_error *why)
{
    struct slice rest = file->bytes;
    struct wire_field field;
    enum sg_status status;

    while ((status = wire_next(&rest, &field)) == SG_OK) {
        TRY(read_head_field(set, file, &field, why));
    }
    return status == SG_NOT_FOUND ? SG_OK : malformed(why, "hold a file that is cut off");
}

static enum sg_status check_head(const struct descriptors *set,
                                 const struct descriptor_file *file, struct sg_error *why)
{
    size_t twin = 0;

    if (file->name.len == 0 || !text_utf8(file->name)) {
        return malformed(why, "hold a file without a name");
    }
    if (descriptors_file(set, file->name, &twin) == SG_OK) {
        return malformed(why, "hold a file twice");
    }
    if (file->package.len > 0 && !is_name(file->package, true)) {
        return malformed(why, "hold a package whose name is none");
    }
    return SG_OK;
}

static enum sg_status check_body(const struct descriptor_file *file, size_t *names,
                                 struct sg_error *why)
{
    struct descriptor_walk walk;
    struct descriptor found;
    enum sg_status status;

    descriptor_walk_start(&walk, file->bytes);
    while ((status = descriptor_walk_next(&walk, &found)) == SG_OK) {
        if (!is_name(found.name, false)) {
            return malformed(why, "declare a name that is none");
        }
        if (++*names > DESCRIPTOR_NAMES_MAX) {
            return sg_fail(why, SG_TOO_LARGE,
                           "the descriptors of the services declare more than %d names",
                           DESCRIPTOR_NAMES_MAX);
        }
    }
    if (status == SG_TOO_LARGE) {
        return sg_fail(why, SG_TOO_LARGE,
                       "the descriptors of the services nest more than %d levels deep",
                       DESCRIPTOR_DEPTH_MAX);
    }
    return status == SG_NOT_FOUND ? SG_OK
                                  : malformed(why, "hold a declaration that is cut off");
}

static enum sg_status read_file(struct descriptors *set, struct slice bytes,
                                size_t *names, struct sg_error *why)
{
    struct descriptor_file file = {.bytes = bytes};

    if (set->count >= DESCRIPTOR_FILES_MAX) {
        return sg_fail(why, SG_TOO_LARGE,
                       "the descriptors of the services hold more than %d files",
                       DESCRIPTOR_FILES_MAX);
    }
    TRY(read_head(set, &file, why));
    TRY(check_head(set, &file, why));
    TRY(check_body(&file, names, why));
    file.needs |= UINT64_C(1) << set->count;
    set->files[set->count++] = file;
    return SG_OK;
}

static enum sg_status read_set(struct descriptors *set, struct slice bytes,
                               struct sg_error *why)
{
    struct wire_field field;
    enum sg_status status;
    size_t names = 0;

    while ((status = wire_next(&bytes, &field)) == SG_OK) {
        if (field.number != SET_FILE || !field.is_bytes) {
            return malformed(why, "are no FileDescriptorSet");
        }
        TRY(read_file(set, field.bytes, &names, why));
    }
    return status == SG_NOT_FOUND ? SG_OK : malformed(why, "are cut off");
}

enum sg_status descriptors_read(struct descriptors *set, struct slice bytes,
                                struct sg_error *why)
{
    set->count = 0;
    if (bytes.len > DESCRIPTOR_BYTES_MAX) {
        return sg_fail(why, SG_TOO_LARGE,
                       "the descriptors of the services are larger than %d bytes",
                       DESCRIPTOR_BYTES_MAX);
    }
    enum sg_status status = read_set(set, bytes, why);
    if (status != SG_OK) {
        set->count = 0;
    }
    return status;
}

/* --- Looking up ------------------------------------------------------------------ */

enum sg_status descriptors_file(const struct descriptors *set, struct slice name,
                                size_t *file)
{
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal(set->files[i].name, name)) {
            *file = i;
            return SG_OK;
        }
    }
    return SG_NOT_FOUND;
}

/* Cuts the first part off: "A.b" gives "A" and leaves "b". */
static struct slice cut_part(struct slice *name)
{
    size_t len = 0;

    while (len < name->len && name->data[len] != '.') {
        len++;
    }
    struct slice part = slice_of(name->data, len);
    size_t used = len < name->len ? len + 1 : len;
    *name = slice_of(name->data + used, name->len - used);
    return part;
}

static bool has_value(struct slice rest, struct slice name)
{
    struct descriptor value;

    while (descriptor_next(DESCRIPTOR_ENUM, &rest, &value) == SG_OK) {
        if (slice_equal(value.name, name)) {
            return true;
        }
    }
    return false;
}

/* What is known by this name directly in a scope; the values of an enum stand beside it.
 */
static enum sg_status find_in(const struct descriptor *scope, struct slice name,
                              struct descriptor *found)
{
    struct slice rest = scope->bytes;

    for (;;) {
        TRY(descriptor_next(scope->kind, &rest, found));
        if (slice_equal(found->name, name)) {
            return SG_OK;
        }
        if (found->kind == DESCRIPTOR_ENUM && has_value(found->bytes, name)) {
            found->kind = DESCRIPTOR_VALUE;
            found->bytes = slice_of(NULL, 0);
            return SG_OK;
        }
    }
}

static bool opens_scope(enum descriptor_kind kind)
{
    return kind == DESCRIPTOR_MESSAGE || kind == DESCRIPTOR_SERVICE;
}

/* The name without the package in front of it. */
static bool strip_package(struct slice package, struct slice *name)
{
    if (package.len == 0) {
        return true;
    }
    bool inside = name->len > package.len && name->data[package.len] == '.' &&
                  memcmp(name->data, package.data, package.len) == 0;
    if (inside) {
        *name = slice_of(name->data + package.len + 1, name->len - package.len - 1);
    }
    return inside;
}

static enum sg_status find_in_file(const struct descriptor_file *file, struct slice name,
                                   struct descriptor *found)
{
    struct descriptor scope = {.kind = DESCRIPTOR_FILE, .bytes = file->bytes};

    if (!is_name(name, true) || !strip_package(file->package, &name)) {
        return SG_NOT_FOUND;
    }
    for (;;) {
        TRY(find_in(&scope, cut_part(&name), found));
        if (name.len == 0) {
            return SG_OK;
        }
        if (!opens_scope(found->kind)) {
            return SG_NOT_FOUND;
        }
        scope = *found;
    }
}

static void read_method(struct slice rest, struct descriptor_place *place)
{
    struct wire_field field;

    while (wire_next(&rest, &field) == SG_OK) {
        if (field.number == METHOD_CLIENT_STREAMING) {
            place->takes_stream = field.value != 0;
        } else if (field.number == METHOD_SERVER_STREAMING) {
            place->gives_stream = field.value != 0;
        }
    }
}

enum sg_status descriptors_symbol(const struct descriptors *set, struct slice name,
                                  struct descriptor_place *place)
{
    struct descriptor found;

    for (size_t i = 0; i < set->count; i++) {
        if (find_in_file(&set->files[i], name, &found) == SG_OK) {
            *place = (struct descriptor_place){.file = i, .kind = found.kind};
            if (found.kind == DESCRIPTOR_METHOD) {
                read_method(found.bytes, place);
            }
            return SG_OK;
        }
    }
    return SG_NOT_FOUND;
}

/* Whether it extends the message; extendees are written with a dot in front. */
static bool extends(const struct descriptor *extension, struct slice type,
                    int32_t *number)
{
    struct slice rest = extension->bytes;
    struct wire_field field;
    bool same = false;

    *number = 0;
    while (wire_next(&rest, &field) == SG_OK) {
        if (field.number == EXTENSION_NUMBER) {
            *number = (int32_t)(uint32_t)field.value;
        } else if (field.number == EXTENSION_EXTENDEE) {
            struct slice name = field.bytes;
            same = name.len > 0 && name.data[0] == '.' &&
                   slice_equal(slice_of(name.data + 1, name.len - 1), type);
        }
    }
    return same;
}

/* Numbers of the extensions of a message in one file. */
static size_t numbers_in(const struct descriptor_file *file, struct slice type,
                         int32_t *out, size_t cap)
{
    struct descriptor_walk walk;
    struct descriptor found;
    size_t count = 0;

    descriptor_walk_start(&walk, file->bytes);
    while (count < cap && descriptor_walk_next(&walk, &found) == SG_OK) {
        if (found.kind == DESCRIPTOR_EXTENSION && extends(&found, type, &out[count])) {
            count++;
        }
    }
    return count;
}

enum sg_status descriptors_extension(const struct descriptors *set, struct slice type,
                                     int32_t number, size_t *file)
{
    struct descriptor_walk walk;
    struct descriptor found;
    int32_t at = 0;

    for (size_t i = 0; i < set->count; i++) {
        descriptor_walk_start(&walk, set->files[i].bytes);
        while (descriptor_walk_next(&walk, &found) == SG_OK) {
            if (found.kind == DESCRIPTOR_EXTENSION && extends(&found, type, &at) &&
                at == number) {
                *file = i;
                return SG_OK;
            }
        }
    }
    return SG_NOT_FOUND;
}

static int by_number(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;

    return (left > right) - (left < right);
}

size_t descriptors_extension_numbers(const struct descriptors *set, struct slice type,
                                     int32_t *out, size_t cap)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        count += numbers_in(&set->files[i], type, out + count, cap - count);
    }
    qsort(out, count, sizeof(*out), by_number);
    return count;
}

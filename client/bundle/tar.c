#include "client/bundle/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* POSIX.1-2017, pax: the header block of ustar. */
enum {
    AT_NAME = 0,
    AT_MODE = 100,
    AT_UID = 108,
    AT_GID = 116,
    AT_SIZE = 124,
    AT_TIME = 136,
    AT_SUM = 148,
    AT_TYPE = 156,
    AT_MAGIC = 257,
    SUM_SIZE = 8,
    NUMBER_DIGITS = 11
};

static unsigned checksum(const uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;

    for (unsigned i = 0; i < TAR_BLOCK; i++) {
        sum += i >= AT_SUM && i < AT_SUM + SUM_SIZE ? (unsigned)' ' : block[i];
    }
    return sum;
}

void tar_header_write(const char *path, uint64_t size, uint8_t out[TAR_BLOCK])
{
    static const char mode[8] = "0000644";
    static const char nobody[8] = "0000000";
    static const char epoch[12] = "00000000000";
    static const char magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
    char number[32];

    MUST(bundle_path_valid(slice_str(path)) && size < UINT64_C(1) << 33);
    memset(out, 0, TAR_BLOCK);
    memcpy(out + AT_NAME, path, strlen(path) + 1);
    memcpy(out + AT_MODE, mode, sizeof(mode));
    memcpy(out + AT_UID, nobody, sizeof(nobody));
    memcpy(out + AT_GID, nobody, sizeof(nobody));
    (void)snprintf(number, sizeof(number), "%011" PRIo64, size);
    memcpy(out + AT_SIZE, number, NUMBER_DIGITS + 1);
    memcpy(out + AT_TIME, epoch, sizeof(epoch));
    out[AT_TYPE] = '0';
    memcpy(out + AT_MAGIC, magic, sizeof(magic));
    (void)snprintf(number, sizeof(number), "%06o", checksum(out));
    memcpy(out + AT_SUM, number, 7);
    out[AT_SUM + 7] = ' ';
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool read_size(const uint8_t *field, uint64_t *size)
{
    *size = 0;
    for (int i = 0; i < NUMBER_DIGITS; i++) {
        if (field[i] < '0' || field[i] > '7') {
            return false;
        }
        *size = *size * 8 + (uint64_t)(field[i] - '0');
    }
    return field[NUMBER_DIGITS] == 0;
}

enum sg_status tar_header_read(const uint8_t block[TAR_BLOCK],
                               char path[BUNDLE_PATH_MAX + 1], uint64_t *size)
{
    uint8_t again[TAR_BLOCK];
    size_t len = strnlen((const char *)block, BUNDLE_PATH_MAX + 1);

    if (all_zero(block, TAR_BLOCK)) {
        return SG_NOT_FOUND;
    }
    if (!bundle_path_valid(slice_of(block, len)) || !read_size(block + AT_SIZE, size)) {
        return SG_INVALID;
    }
    memcpy(path, block, len);
    path[len] = '\0';
    /* There is one way to write it: links, devices and long names have another. */
    tar_header_write(path, *size, again);
    return memcmp(block, again, TAR_BLOCK) == 0 ? SG_OK : SG_INVALID;
}

/* --- Index ------------------------------------------------------------------------- */

static enum sg_status read_at(int fd, uint64_t at, uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = pread(fd, out + done, len - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return SG_IO;
        }
        done += (size_t)got;
    }
    return SG_OK;
}

static enum sg_status keep_header(struct tar_index *index, uint64_t at)
{
    if (index->count > BUNDLE_FILES_MAX) {
        return SG_TOO_LARGE;
    }
    if (index->count == index->cap) {
        size_t cap = index->cap == 0 ? 256 : index->cap * 2;
        uint64_t *more = (uint64_t *)realloc(index->headers, cap * sizeof(*more));
        if (more == NULL) {
            return SG_NO_MEMORY;
        }
        index->headers = more;
        index->cap = cap;
    }
    index->headers[index->count++] = at;
    return SG_OK;
}

/* Zeros to the end of the file, and not many. */
static bool ends_well(int fd, uint64_t at, uint64_t size)
{
    uint8_t block[TAR_BLOCK];

    if (size - at < (uint64_t)2 * TAR_BLOCK || size - at > TAR_END_MAX) {
        return false;
    }
    for (; at < size; at += TAR_BLOCK) {
        if (read_at(fd, at, block, TAR_BLOCK) != SG_OK || !all_zero(block, TAR_BLOCK)) {
            return false;
        }
    }
    return true;
}

/* What fills a member's last block says nothing, and so has one form. */
static bool filled_well(const struct tar_index *index, uint64_t at, uint64_t size)
{
    uint8_t block[TAR_BLOCK];
    size_t len = (size_t)(tar_padded(size) - size);

    return read_at(index->fd, at + size, block, len) == SG_OK && all_zero(block, len);
}

/* One member; *at moves behind it. SG_NOT_FOUND: the end. */
static enum sg_status take_member(struct tar_index *index, uint64_t total, uint64_t *at,
                                  char before[BUNDLE_PATH_MAX + 1])
{
    uint8_t block[TAR_BLOCK];
    char path[BUNDLE_PATH_MAX + 1];
    uint64_t size = 0;

    if (total - *at < TAR_BLOCK) {
        return SG_INVALID;
    }
    TRY(read_at(index->fd, *at, block, TAR_BLOCK));
    TRY(tar_header_read(block, path, &size));
    if (strcmp(before, path) >= 0 || tar_padded(size) > total - *at - TAR_BLOCK ||
        !filled_well(index, *at + TAR_BLOCK, size)) {
        return SG_INVALID;
    }
    TRY(keep_header(index, *at));
    memcpy(before, path, sizeof(path));
    *at += TAR_BLOCK + tar_padded(size);
    return SG_OK;
}

enum sg_status tar_index_make(struct tar_index *index, int fd, uint64_t size,
                              struct sg_error *why)
{
    char before[BUNDLE_PATH_MAX + 1] = "";
    enum sg_status status = SG_OK;
    uint64_t at = 0;

    *index = (struct tar_index){.fd = fd};
    if (size % TAR_BLOCK != 0) {
        return sg_fail(why, SG_INVALID, "it is no tar file of a bundle: its length");
    }
    while (status == SG_OK) {
        status = take_member(index, size, &at, before);
    }
    if (status == SG_NOT_FOUND && ends_well(fd, at, size)) {
        return SG_OK;
    }
    if (status == SG_NOT_FOUND || status == SG_INVALID) {
        return sg_fail(why, SG_INVALID,
                       "it is no tar file of a bundle: it may hold plain files only, in "
                       "the order of their names; see after '%s'",
                       before);
    }
    return sg_fail(why, status, "%s", sg_status_text(status));
}

/* How the member at a place compares with path. */
static enum sg_status look(const struct tar_index *index, size_t place, const char *path,
                           int *order, uint64_t *size)
{
    uint8_t block[TAR_BLOCK];
    char found[BUNDLE_PATH_MAX + 1];

    TRY(read_at(index->fd, index->headers[place], block, TAR_BLOCK));
    if (tar_header_read(block, found, size) != SG_OK) {
        return SG_IO; /* it was changed meanwhile */
    }
    *order = strcmp(found, path);
    return SG_OK;
}

/* Counts only when the name is the one asked for: the size then goes out too. */
static enum sg_status search(const struct tar_index *index, const char *path,
                             size_t *place, uint64_t *size)
{
    size_t low = 0;
    size_t high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = 0;
        TRY(look(index, middle, path, &order, size));
        if (order == 0) {
            *place = middle;
            return SG_OK;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return SG_NOT_FOUND;
}

enum sg_status tar_index_find(struct tar_index *index, const char *path, uint64_t *at,
                              uint64_t *size)
{
    size_t place = index->hint + 1;
    int order = 1;

    if (place < index->count) {
        TRY(look(index, place, path, &order, size));
    }
    if (order != 0) {
        TRY(search(index, path, &place, size));
    }
    index->hint = place;
    *at = index->headers[place] + TAR_BLOCK;
    return SG_OK;
}

enum sg_status tar_index_path(const struct tar_index *index, size_t place,
                              char path[BUNDLE_PATH_MAX + 1])
{
    uint8_t block[TAR_BLOCK];
    uint64_t size = 0;

    TRY(read_at(index->fd, index->headers[place], block, TAR_BLOCK));
    return tar_header_read(block, path, &size) == SG_OK ? SG_OK : SG_IO;
}

void tar_index_fini(struct tar_index *index)
{
    free(index->headers);
    *index = (struct tar_index){0};
}

#include "client/bundle/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8, PREFIX_MAX = DEPTH_MAX * 256 };

enum sg_status bundle_open(const char *path, struct bundle *out, struct sg_error *why)
{
    struct stat info;

    *out = (struct bundle){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (out->fd < 0 || fstat(out->fd, &info) != 0) {
        return sg_fail(why, SG_IO, "%s cannot be opened", path);
    }
    if (S_ISDIR(info.st_mode)) {
        return SG_OK;
    }
    if (!S_ISREG(info.st_mode)) {
        return sg_fail(why, SG_INVALID, "%s is neither a folder nor a file", path);
    }
    out->is_tar = true;
    return tar_index_make(&out->index, out->fd, (uint64_t)info.st_size, why);
}

void bundle_close(struct bundle *bundle)
{
    tar_index_fini(&bundle->index);
    if (bundle->fd >= 0) {
        (void)close(bundle->fd);
    }
    bundle->fd = -1;
}

/* --- Counting ---------------------------------------------------------------------- */

struct walk {
    DIR *dirs[DEPTH_MAX];
    size_t lens[DEPTH_MAX];      /* of the prefix of what lies in each */
    char prefix[PREFIX_MAX + 1]; /* "tile/entries/" */
    size_t depth;
    uint64_t count;
    uint64_t odd;
    struct bundle_names *names; /* borrowed; NULL: they are counted only */
    enum sg_status status;      /* of keeping them */
};

static size_t prefix_len(const struct walk *walk)
{
    return walk->depth == 0 ? 0 : walk->lens[walk->depth - 1];
}

static bool enter(struct walk *walk, int fd, const char *name)
{
    DIR *dir = fd < 0 || walk->depth == DEPTH_MAX ? NULL : fdopendir(fd);
    size_t len = prefix_len(walk);

    if (dir == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    (void)snprintf(walk->prefix + len, sizeof(walk->prefix) - len, "%s%s", name,
                   name[0] == '\0' ? "" : "/");
    walk->dirs[walk->depth] = dir;
    walk->lens[walk->depth++] = strlen(walk->prefix);
    return true;
}

static enum sg_status keep_name(struct bundle_names *names, const char *prefix,
                                const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room == 0 ? 256 : 2 * names->room;
        char **more = (char **)realloc(names->at, room * sizeof(*more));
        if (more == NULL) {
            return SG_NO_MEMORY;
        }
        names->at = more;
        names->room = room;
    }
    size_t size = strlen(prefix) + strlen(name) + 1;
    char *path = (char *)malloc(size);
    if (path == NULL) {
        return SG_NO_MEMORY;
    }
    (void)snprintf(path, size, "%s%s", prefix, name);
    names->at[names->count++] = path;
    return SG_OK;
}

static void take_file(struct walk *walk, const char *name)
{
    walk->count++;
    if (walk->names != NULL && walk->status == SG_OK) {
        walk->prefix[prefix_len(walk)] = '\0';
        walk->status = keep_name(walk->names, walk->prefix, name);
    }
}

static void look_at(struct walk *walk, int dir, const char *name)
{
    struct stat info;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return;
    }
    bool known = fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (known && S_ISREG(info.st_mode)) {
        take_file(walk, name);
    } else if (!known || !S_ISDIR(info.st_mode) ||
               !enter(walk,
                      openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                      name)) {
        walk->odd++;
    }
}

static void step(struct walk *walk)
{
    DIR *dir = walk->dirs[walk->depth - 1];
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): this stream is nobody else's */
    const struct dirent *entry = readdir(dir);

    if (entry != NULL) {
        look_at(walk, dirfd(dir), entry->d_name);
        return;
    }
    (void)closedir(dir);
    walk->depth--;
}

static enum sg_status walk_through(const struct bundle *bundle, uint64_t most,
                                   struct walk *walk)
{
    if (!enter(walk, openat(bundle->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "")) {
        return SG_IO;
    }
    while (walk->depth > 0 && walk->count <= most && walk->odd == 0) {
        step(walk);
    }
    while (walk->depth > 0) {
        (void)closedir(walk->dirs[--walk->depth]);
    }
    return walk->status;
}

enum sg_status bundle_count(struct bundle *bundle, uint64_t most, uint64_t *count,
                            uint64_t *odd)
{
    struct walk walk = {.depth = 0};

    *odd = 0;
    *count = bundle->index.count;
    if (bundle->is_tar) {
        return SG_OK;
    }
    TRY(walk_through(bundle, most, &walk));
    *count = walk.count;
    *odd = walk.odd;
    return SG_OK;
}

static int by_bytes(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

enum sg_status bundle_names(struct bundle *bundle, uint64_t most,
                            struct bundle_names *out)
{
    struct walk walk = {.names = out};
    char path[BUNDLE_PATH_MAX + 1];

    if (!bundle->is_tar) {
        TRY(walk_through(bundle, most, &walk));
        qsort(out->at, out->count, sizeof(*out->at), by_bytes);
        return SG_OK;
    }
    for (size_t i = 0; i < bundle->index.count && i <= most; i++) {
        TRY(tar_index_path(&bundle->index, i, path));
        TRY(keep_name(out, "", path));
    }
    return SG_OK;
}

void bundle_names_fini(struct bundle_names *names)
{
    while (names->count > 0) {
        free(names->at[--names->count]);
    }
    free(names->at);
    *names = (struct bundle_names){0};
}

/* --- Opening ----------------------------------------------------------------------- */

/* What the path's folders lead to, without a link on the way. The caller closes it. */
static int open_inside(int dir, const char *path)
{
    char part[BUNDLE_PATH_MAX + 1];
    int at = dir;

    for (;;) {
        size_t len = strcspn(path, "/");
        bool last = path[len] == '\0';
        memcpy(part, path, len);
        part[len] = '\0';
        int next = openat(at, part,
                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
                              (last ? 0 : O_DIRECTORY));
        if (at != dir) {
            (void)close(at);
        }
        if (next < 0 || last) {
            return next;
        }
        at = next;
        path += len + 1;
    }
}

static enum sg_status open_in_folder(struct bundle *bundle, const char *path,
                                     struct bundle_file *file)
{
    struct stat info;

    file->fd = open_inside(bundle->fd, path);
    if (file->fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? SG_NOT_FOUND
                                                                     : SG_IO;
    }
    file->owned = true;
    if (fstat(file->fd, &info) != 0) {
        return SG_IO;
    }
    if (!S_ISREG(info.st_mode)) {
        return SG_NOT_FOUND;
    }
    file->at = 0;
    file->size = (uint64_t)info.st_size;
    return SG_OK;
}

static void shut(struct bundle_file *file)
{
    if (file->owned) {
        (void)close(file->fd);
    }
    file->owned = false;
    file->open = false;
    file->size = 0;
}

enum sg_status bundle_file_open(struct bundle *bundle, const char *path,
                                struct bundle_file *file)
{
    MUST(bundle_path_valid(slice_str(path)));
    shut(file);
    if (file->buffer == NULL) {
        file->buffer = (uint8_t *)malloc(BUNDLE_BUFFER);
    }
    if (file->buffer == NULL) {
        return SG_NO_MEMORY;
    }
    file->fd = bundle->fd;
    TRY(bundle->is_tar ? tar_index_find(&bundle->index, path, &file->at, &file->size)
                       : open_in_folder(bundle, path, file));
    file->left = file->size;
    file->start = 0;
    file->fill = 0;
    file->open = true;
    return SG_OK;
}

void bundle_file_fini(struct bundle_file *file)
{
    shut(file);
    free(file->buffer);
    *file = (struct bundle_file){0};
}

/* --- Reading ----------------------------------------------------------------------- */

/* Brings at least len bytes into the buffer, less only at the end. */
static enum sg_status fill_to(struct bundle_file *file, size_t len)
{
    MUST(file->open && len <= BUNDLE_BUFFER);
    if (file->fill - file->start >= len || file->left == 0) {
        return SG_OK;
    }
    memmove(file->buffer, file->buffer + file->start, file->fill - file->start);
    file->fill -= file->start;
    file->start = 0;
    while (file->left > 0 && file->fill < len) {
        size_t room = BUNDLE_BUFFER - file->fill;
        size_t want = file->left < room ? (size_t)file->left : room;
        ssize_t got = pread(file->fd, file->buffer + file->fill, want, (off_t)file->at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return SG_IO;
        }
        file->fill += (size_t)got;
        file->at += (uint64_t)got;
        file->left -= (uint64_t)got;
    }
    return SG_OK;
}

enum sg_status bundle_file_take(struct bundle_file *file, size_t len, struct slice *bytes)
{
    TRY(fill_to(file, len));
    size_t there = file->fill - file->start;
    *bytes = slice_of(file->buffer + file->start, there < len ? there : len);
    file->start += bytes->len;
    return SG_OK;
}

enum sg_status bundle_file_line(struct bundle_file *file, size_t max, struct slice *line)
{
    size_t there = file->fill - file->start;
    const uint8_t *start = file->buffer + file->start;
    const uint8_t *end = (const uint8_t *)memchr(start, '\n', there);

    if (end == NULL) {
        TRY(fill_to(file, max + 1));
        there = file->fill - file->start;
        start = file->buffer + file->start;
        end = (const uint8_t *)memchr(start, '\n', there);
    }
    if (there == 0) {
        return SG_NOT_FOUND;
    }
    if (end == NULL || (size_t)(end - start) > max) {
        return SG_INVALID;
    }
    *line = slice_of(start, (size_t)(end - start));
    file->start += line->len + 1;
    return SG_OK;
}

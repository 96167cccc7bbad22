#define _GNU_SOURCE /* O_CLOEXEC, O_NOFOLLOW */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/anchor/parcel.h"
#include "gateway/log.h"
#include "proto/text.h"
#include "proto/write_all.h"

/* A second disk has the newest checkpoint only; a drop folder each, by its size, until
 * the assessor takes them away. A checkpoint is no secret: who may enter the folder may
 * read it. */

static const char NEWEST[] = "checkpoint";
static const char BESIDE[] = ".checkpoint.new"; /* one name: a crash leaves one file */
static const char ENDING[] = ".checkpoint";
enum {
    NAME_SIZE = 40,
    CANDIDATES = 512,
    TOLD_MAX = 8,
    ENTRIES_MAX = 20000000,
    MODE = 0644
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status failed(const char *what, const char *place, struct sg_error *why)
{
    char reason[128] = "";
    int error = errno;

    return sg_fail(why, SG_IO, "cannot %s %s: %s", what, place,
                   strerror_r(error, reason, sizeof(reason)));
}

/* A folder that is not there is not made: below a disk that is not mounted it would be on
 * the first one. */
static enum sg_status open_folder(const char *place, int *fd, struct sg_error *why)
{
    *fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? SG_OK : failed("open the folder", place, why);
}

static bool write_beside(int folder, struct slice note)
{
    AUTO(close_fd)
    int fd = openat(folder, BESIDE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                    MODE);

    return fd >= 0 && write_all(fd, note) && fsync(fd) == 0;
}

static enum sg_status read_whole(int fd, size_t size, struct held *out)
{
    while (out->len < size) {
        ssize_t done = read(fd, out->note + out->len, size - out->len);
        if (done == 0) {
            errno = EIO;
        }
        if (done == 0 || (done < 0 && errno != EINTR)) {
            return SG_IO;
        }
        out->len += done > 0 ? (size_t)done : 0;
    }
    return SG_OK;
}

/* SG_NOT_FOUND: there is no such file. SG_INVALID: it is none, or too long. SG_IO, with
 * errno: nobody knows what is in it, so it must not pass for nothing. */
static enum sg_status read_file(int folder, const char *name, struct held *out)
{
    struct stat about;
    AUTO(close_fd)
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    out->len = 0;
    if (fd < 0) {
        bool other = errno == ELOOP || errno == ENXIO; /* a link, a socket */
        return errno == ENOENT ? SG_NOT_FOUND : (other ? SG_INVALID : SG_IO);
    }
    if (fstat(fd, &about) != 0) {
        return SG_IO;
    }
    return S_ISREG(about.st_mode) && about.st_size > 0 && about.st_size <= HELD_MAX
               ? read_whole(fd, (size_t)about.st_size, out)
               : SG_INVALID;
}

static enum sg_status read_known(const struct parcel *parcel, int folder,
                                 const char *name, struct held *out, struct sg_error *why)
{
    char path[PATH_MAX + NAME_SIZE];
    enum sg_status status = read_file(folder, name, out);

    if (status != SG_IO) {
        return status;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", parcel->place, name);
    return failed("read", path, why);
}

/* --- Delivery -------------------------------------------------------------------- */

static void name_of(const struct parcel *parcel, char out[NAME_SIZE])
{
    if (parcel->kind == ANCHOR_DISK) {
        (void)snprintf(out, NAME_SIZE, "%s", NEWEST);
    } else {
        (void)snprintf(out, NAME_SIZE, "%llu%s", (unsigned long long)parcel->size,
                       ENDING);
    }
}

/* Whole or not there. */
static enum sg_status put(const char *place, int folder, const char *name,
                          struct slice bytes, struct sg_error *why)
{
    if (!write_beside(folder, bytes)) {
        return failed("write into", place, why);
    }
    return renameat(folder, BESIDE, folder, name) == 0 && fsync(folder) == 0
               ? SG_OK
               : failed("put a file into", place, why);
}

/* What was dropped stays as it is, and so does what a second disk has of a longer log. */
static enum sg_status look_before(const struct parcel *parcel, int folder,
                                  const char *name, struct sg_error *why)
{
    struct held held;
    struct checkpoint offered;
    struct checkpoint found;
    const struct note_key *key = &parcel->log_key;

    enum sg_status status = read_known(parcel, folder, name, &held, why);
    if (status == SG_IO) {
        return status;
    }
    if (status != SG_OK ||
        checkpoint_open(slice_of(held.note, held.len), key, &found) != SG_OK) {
        return SG_NOT_FOUND;
    }
    TRY(checkpoint_open(slice_of(parcel->note, parcel->note_len), key, &offered));
    if (parcel->kind == ANCHOR_DISK && found.head.size < offered.head.size) {
        return SG_NOT_FOUND;
    }
    if (parcel->kind == ANCHOR_DISK && found.head.size > offered.head.size) {
        return sg_fail(
            why, SG_CORRUPT,
            "%s/%s is a checkpoint of %llu records, but the newest of this log "
            "has %llu: the log was put back to an older copy; keep both",
            parcel->place, name, (unsigned long long)found.head.size,
            (unsigned long long)offered.head.size);
    }
    return found.head.size == offered.head.size &&
                   tlog_hash_equal(&found.head.root, &offered.head.root)
               ? SG_OK
               : sg_fail(why, SG_CORRUPT,
                         "%s/%s is another checkpoint of the same size: the log was "
                         "forked; keep both",
                         parcel->place, name);
}

enum sg_status folder_deliver(const struct parcel *parcel, struct sg_error *why)
{
    char name[NAME_SIZE];
    AUTO(close_fd) int folder = -1;

    name_of(parcel, name);
    TRY(open_folder(parcel->place, &folder, why));
    enum sg_status before = look_before(parcel, folder, name, why);
    if (before != SG_NOT_FOUND) {
        return before;
    }
    return put(parcel->place, folder, name, slice_of(parcel->note, parcel->note_len),
               why);
}

enum sg_status folder_keep(const char *place, const char *name, struct slice bytes,
                           struct sg_error *why)
{
    AUTO(close_fd) int folder = -1;

    TRY(open_folder(place, &folder, why));
    return put(place, folder, name, bytes, why);
}

/* --- Looking back ---------------------------------------------------------------- */

/* The largest sizes of a folder below another, the largest first. */
struct sizes {
    uint64_t below;
    uint64_t size[CANDIDATES];
    size_t count;
};

static void sizes_add(struct sizes *sizes, uint64_t size)
{
    size_t at = sizes->count;

    if (sizes->count < CANDIDATES) {
        sizes->count++;
    } else if (size <= sizes->size[CANDIDATES - 1]) {
        return;
    } else {
        at = CANDIDATES - 1;
    }
    for (; at > 0 && sizes->size[at - 1] < size; at--) {
        sizes->size[at] = sizes->size[at - 1];
    }
    sizes->size[at] = size;
}

static bool size_of_name(const char *name, uint64_t *size)
{
    size_t len = strlen(name);
    size_t end = sizeof(ENDING) - 1;

    return len > end && strcmp(name + len - end, ENDING) == 0 &&
           text_uint(slice_of(name, len - end), INT64_MAX, size) == SG_OK;
}

static enum sg_status list_sizes(const struct parcel *parcel, struct sizes *sizes,
                                 struct sg_error *why)
{
    DIR *dir = opendir(parcel->place);
    const struct dirent *entry = NULL;
    enum sg_status status = SG_OK;
    uint64_t size = 0;

    if (dir == NULL) {
        return failed("open the folder", parcel->place, why);
    }
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        errno = 0;
        entry = readdir(dir); /* NOLINT(concurrency-mt-unsafe): nobody else has dir */
        if (entry == NULL) {
            break;
        }
        if (size_of_name(entry->d_name, &size) && size < sizes->below) {
            sizes_add(sizes, size);
        }
    }
    if (entry == NULL && errno != 0) {
        status = failed("read the folder", parcel->place, why);
    }
    (void)closedir(dir);
    return status;
}

struct search {
    const struct parcel *parcel; /* borrowed, as the next two */
    struct held *out;
    struct sg_error *why;
    int folder;
    unsigned ignored;
};

/* What is no checkpoint of this log is told, and does not count. Whoever may write there
 * can make a million. */
static void ignore(struct search *search, const char *name)
{
    if (search->ignored++ < TOLD_MAX) {
        log_event(LOG_WARN, "anchor.ignored", "anchor", search->parcel->name, "file",
                  name, "why", "it is no checkpoint by the key of this log", NULL);
    }
}

static enum sg_status take_file(struct search *search, const char *name)
{
    const struct parcel *parcel = search->parcel;
    struct held *out = search->out;
    struct checkpoint found;

    enum sg_status status = read_known(parcel, search->folder, name, out, search->why);
    if (status == SG_IO) {
        return status;
    }
    if (status == SG_OK) {
        status = checkpoint_open(slice_of(out->note, out->len), &parcel->log_key, &found);
    }
    if (status == SG_OK) {
        out->head = found.head;
    } else if (status != SG_NOT_FOUND || out->len > 0) {
        ignore(search, name);
        return SG_NOT_FOUND;
    }
    return status;
}

/* The largest one that counts; what is larger and does not must not hide it. */
static enum sg_status take_largest(struct search *search)
{
    struct sizes sizes = {.below = UINT64_MAX};
    char name[NAME_SIZE];
    enum sg_status none = SG_NOT_FOUND;

    do {
        sizes.count = 0;
        TRY(list_sizes(search->parcel, &sizes, search->why));
        for (size_t i = 0; i < sizes.count; i++) {
            sizes.below = sizes.size[i];
            (void)snprintf(name, sizeof(name), "%llu%s", (unsigned long long)sizes.below,
                           ENDING);
            enum sg_status status = take_file(search, name);
            if (status == SG_OK) {
                return SG_OK;
            }
            none = status == SG_IO ? status : none;
        }
    } while (sizes.count == CANDIDATES);
    return none;
}

enum sg_status folder_newest(const struct parcel *parcel, struct held *out,
                             struct sg_error *why)
{
    AUTO(close_fd) int folder = -1;

    TRY(open_folder(parcel->place, &folder, why));
    struct search search = {.parcel = parcel, .out = out, .why = why, .folder = folder};
    return parcel->kind == ANCHOR_DISK ? take_file(&search, NEWEST)
                                       : take_largest(&search);
}

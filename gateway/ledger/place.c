#include "gateway/ledger/place.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEEDED_ALWAYS = 2 };

/* What is lost without the first two is records. The others keep a second writer out. */
static const char *const ends[PLACE_FILES] = {"", "-wal", "-shm", ".lock"};
static const char mark[] = "a ledger with records is kept beside this file\n";

static void name_of(const struct place *place, size_t file, char out[PLACE_NAME])
{
    (void)snprintf(out, PLACE_NAME, "%s%s", place->path, ends[file]);
}

enum sg_status place_take(struct place *place, const char *path, struct sg_error *why)
{
    char name[PLACE_NAME];
    struct stat found;

    if (strlen(path) >= sizeof(place->path)) {
        return sg_fail(why, SG_INVALID, "the path of the ledger is too long");
    }
    (void)snprintf(place->path, sizeof(place->path), "%s", path);
    for (size_t i = 0; i < PLACE_FILES; i++) {
        name_of(place, i, name);
        if (stat(name, &found) != 0) {
            return sg_fail(why, SG_LEDGER,
                           "the ledger's '%s' is not there though it was just opened: "
                           "does something else work in its folder?",
                           name);
        }
        place->files[i].device = found.st_dev;
        place->files[i].inode = found.st_ino;
    }
    return SG_OK;
}

static bool holds(const struct place *place, size_t count, struct place_gone *gone)
{
    struct stat found;

    for (size_t i = 0; i < count; i++) {
        gone->records = i < NEEDED_ALWAYS;
        name_of(place, i, gone->name);
        if (stat(gone->name, &found) != 0 || found.st_dev != place->files[i].device ||
            found.st_ino != place->files[i].inode) {
            return false;
        }
    }
    return true;
}

bool place_holds(const struct place *place, struct place_gone *gone)
{
    return holds(place, NEEDED_ALWAYS, gone);
}

bool place_holds_all(const struct place *place, struct place_gone *gone)
{
    return holds(place, PLACE_FILES, gone);
}

enum sg_status place_mark(int lock_fd)
{
    /* Also one that stands there already: whether it was synced nobody knows. */
    bool written = pwrite(lock_fd, mark, strlen(mark), 0) == (ssize_t)strlen(mark) &&
                   fsync(lock_fd) == 0;
    return written ? SG_OK : SG_LEDGER;
}

/* SQLite goes behind the link: its WAL would stand beside the target, and our lock would
 * be another one than that of who names the target. */
enum sg_status place_is_direct(const char *path, struct sg_error *why)
{
    struct stat found;

    if (lstat(path, &found) != 0 || !S_ISLNK(found.st_mode)) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "ledger.path names '%s', which is a symbolic link: name the file "
                   "itself, or make its folder the link",
                   path);
}

enum sg_status place_check(const char *path, struct sg_error *why)
{
    char name[PLACE_NAME];
    struct stat lock;
    struct stat found;

    (void)snprintf(name, sizeof(name), "%s.lock", path);
    if (stat(name, &lock) != 0 || lock.st_size == 0) {
        return SG_OK;
    }
    if (stat(path, &found) == 0 && found.st_size > 0) {
        return SG_OK;
    }
    return sg_fail(why, SG_LEDGER,
                   "a ledger was kept as '%s', and the file is gone or empty: put it "
                   "back, or its newest backup; only where another log shall begin, "
                   "remove '%s.lock' first",
                   path, path);
}

#define _GNU_SOURCE /* renameat2 */
#include "client/batch/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/batch/journal_inside.h"
#include "client/batch/journal_line.h"

/* --- Opening and closing ----------------------------------------------------------- */

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    if (journal->file != NULL) {
        (void)fclose(journal->file); /* closes fd */
    } else if (journal->fd >= 0) {
        (void)close(journal->fd);
    }
    free(journal->path);
    free(journal->letters);
    free(journal->table);
    free(journal);
}

void journal_remove(struct journal *journal)
{
    (void)unlink(journal->path);
    journal_close(journal);
}

static enum sg_status open_failed(const char *path, struct sg_error *why)
{
    if (errno == EEXIST) {
        return sg_fail(why, SG_CONFLICT, "%s is there: --resume goes on with it", path);
    }
    if (errno == ENOENT) {
        return sg_fail(why, SG_NOT_FOUND, "there is no journal %s", path);
    }
    return sg_fail(why, SG_IO, "the journal %s cannot be opened for writing", path);
}

static enum sg_status open_file(struct journal *journal, const char *path, int flags,
                                struct sg_error *why)
{
    struct stat facts;

    journal->path = strdup(path);
    journal->fd =
        open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600);
    if (journal->fd < 0) {
        return open_failed(path, why);
    }
    if (fstat(journal->fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return sg_fail(why, SG_CORRUPT, "%s is no journal of segel sign", path);
    }
    if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0) {
        return sg_fail(why, SG_BUSY, "another segel sign is at work with %s", path);
    }
    journal->file = fdopen(journal->fd, "a");
    return journal->path == NULL || journal->file == NULL
               ? sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY))
               : SG_OK;
}

/* A folder's entry is only on disk when the folder is synced. */
static void sync_folder(const char *path)
{
    char folder[JOURNAL_TEXT_MAX];
    const char *slash = strrchr(path, '/');

    (void)snprintf(folder, sizeof(folder), "%.*s",
                   slash == NULL ? 1 : (int)(slash - path) + 1,
                   slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static enum sg_status put_line(struct journal *journal, const struct journal_line *line,
                               struct sg_error *why)
{
    char text[JOURNAL_LINE_MAX];
    size_t len = 0;

    if (journal_line_write(line, text, &len) != SG_OK) {
        return sg_fail(why, SG_TOO_LARGE, "the path of a letter is too long");
    }
    journal->unsynced += len;
    return fwrite(text, 1, len, journal->file) == len
               ? SG_OK
               : sg_fail(why, SG_IO,
                         "the journal %s cannot be written: is the disk full?",
                         journal->path);
}

static enum sg_status begin(struct journal *journal, const char *run, bool force,
                            struct sg_error *why)
{
    struct journal_line *line = (struct journal_line *)calloc(1, sizeof(*line));

    if (line == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    (void)snprintf(journal->run, sizeof(journal->run), "%s", run);
    memcpy(line->run, journal->run, sizeof(line->run));
    journal->force = force;
    line->force = force;
    line->version = JOURNAL_VERSION;
    line->kind = JOURNAL_HEAD;
    enum sg_status status = put_line(journal, line, why);
    free(line);
    TRY(status);
    return journal_sync(journal, why);
}

static enum sg_status make_empty(struct journal **out, struct sg_error *why)
{
    *out = (struct journal *)calloc(1, sizeof(**out));
    if (*out == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    (*out)->fd = -1;
    return journal_grow(*out);
}

static void close_unless_done(struct journal **journal)
{
    journal_close(*journal);
}

/* Puts nothing in the place of another file. FAT and exFAT know no second name of a file,
 * NFS no rename that leaves what is there. 0, or the errno. */
static int name_it(const char *made, const char *path)
{
    if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    int error = errno;
    if (error == EINVAL || error == ENOSYS) {
        error = link(made, path) == 0 ? 0 : errno;
    }
    (void)unlink(made);
    return error;
}

/* Nobody sees a journal that is not whole, or not locked. */
static enum sg_status publish(struct journal *journal, const char *made, const char *path,
                              struct sg_error *why)
{
    int error = name_it(made, path);

    free(journal->path);
    journal->path = strdup(path);
    if (journal->path == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    errno = error;
    if (error == EPERM || error == EOPNOTSUPP || error == ENOSYS) {
        return sg_fail(why, SG_IO,
                       "the journal %s cannot be begun: its file system can neither "
                       "rename without replacing nor link; --journal names a file "
                       "elsewhere",
                       path);
    }
    if (error != 0) {
        return open_failed(path, why);
    }
    sync_folder(path);
    return SG_OK;
}

enum sg_status journal_make(const char *path, const char *run, bool force,
                            struct journal **out, struct sg_error *why)
{
    char made[JOURNAL_TEXT_MAX];
    AUTO(close_unless_done) struct journal *journal = NULL;

    TRY(make_empty(&journal, why));
    if (snprintf(made, sizeof(made), "%s.%s.new", path, run) >= (int)sizeof(made)) {
        return sg_fail(why, SG_TOO_LARGE, "the path of the journal is too long");
    }
    TRY(open_file(journal, made, O_CREAT | O_EXCL, why));
    TRY(begin(journal, run, force, why));
    TRY(publish(journal, made, path, why));
    *out = journal;
    journal = NULL;
    return SG_OK;
}

enum sg_status journal_open(const char *path, struct journal **out, struct sg_error *why)
{
    AUTO(close_unless_done) struct journal *journal = NULL;

    TRY(make_empty(&journal, why));
    TRY(open_file(journal, path, 0, why));
    TRY(journal_load(journal, why));
    *out = journal;
    journal = NULL;
    return SG_OK;
}

/* --- Writing ----------------------------------------------------------------------- */

enum sg_status journal_sync(struct journal *journal, struct sg_error *why)
{
    if (fflush(journal->file) != 0 || fdatasync(journal->fd) != 0) {
        return sg_fail(why, SG_IO, "the journal %s cannot be written: is the disk full?",
                       journal->path);
    }
    journal->unsynced = 0;
    return SG_OK;
}

static enum sg_status sync_soon(struct journal *journal, struct sg_error *why)
{
    return journal->unsynced > JOURNAL_TORN_MAX / 4 ? journal_sync(journal, why) : SG_OK;
}

enum sg_status journal_add(struct journal *journal, struct journal_letter *letter,
                           const char *path, const char *output, struct sg_error *why)
{
    if (strlen(path) >= JOURNAL_TEXT_MAX || strlen(output) >= JOURNAL_TEXT_MAX ||
        journal->count == JOURNAL_LETTERS_MAX) {
        return sg_fail(why, SG_TOO_LARGE,
                       "the path of a letter, or the run, is too long");
    }
    struct journal_line *line = (struct journal_line *)calloc(1, sizeof(*line));
    if (line == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    letter->number = (uint32_t)journal->count + 1;
    letter->state = JOURNAL_PENDING;
    letter->log_index = 0;
    journal_name(output, letter->name);
    line->kind = JOURNAL_LETTER;
    line->letter = *letter;
    (void)snprintf(line->path, sizeof(line->path), "%s", path);
    (void)snprintf(line->output, sizeof(line->output), "%s", output);
    enum sg_status status = put_line(journal, line, why);
    free(line);
    TRY(status);
    if (journal_remember(journal, letter) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    return sync_soon(journal, why);
}

enum sg_status journal_settle(struct journal *journal, uint32_t number,
                              enum journal_state state, uint64_t log_index,
                              struct sg_error *why)
{
    struct journal_line line = {.kind = JOURNAL_OUTCOME};

    MUST(number > 0 && number <= journal->count);
    journal->letters[number - 1].state = (uint8_t)state;
    journal->letters[number - 1].log_index = log_index;
    journal->letters[number - 1].open = false;
    line.letter.number = number;
    line.letter.state = (uint8_t)state;
    line.letter.log_index = log_index;
    TRY(put_line(journal, &line, why));
    if (fflush(journal->file) != 0) {
        return sg_fail(why, SG_IO, "the journal %s cannot be written: is the disk full?",
                       journal->path);
    }
    return sync_soon(journal, why);
}

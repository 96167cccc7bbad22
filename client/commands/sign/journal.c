#include "client/commands/sign/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/console/file.h"
#include "client/console/screen.h"
#include "proto/text.h"

static const char prefix[] = ".segel-run-";
static const char suffix[] = ".journal";

static enum sg_status make_run_id(char out[JOURNAL_RUN_SIZE], struct sg_error *why)
{
    uint8_t bytes[(JOURNAL_RUN_SIZE - 1) / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return sg_fail(why, SG_INTERNAL, "the system gives no random numbers");
    }
    text_hex(slice_of(bytes, sizeof(bytes)), out);
    return SG_OK;
}

/* --- Those of earlier runs --------------------------------------------------------- */

static int is_journal(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > sizeof(prefix) + sizeof(suffix) &&
           strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
           strcmp(entry->d_name + len - strlen(suffix), suffix) == 0;
}

static enum sg_status fail_at_work(const char *dir, struct sg_error *why)
{
    return sg_fail(why, SG_PRECONDITION,
                   "another segel sign is at work in %s: wait until it has ended, or "
                   "name another folder with -o",
                   dir);
}

/* Opens the only one in the folder. What another process has ends the search: its letters
 * are under way, and would be signed a second time. */
static enum sg_status find_open(const char *dir, const struct dirent *const *names,
                                int count, struct journal **out, struct sg_error *why)
{
    char path[JOURNAL_TEXT_MAX];

    for (int i = 0; i < count; i++) {
        struct journal *found = NULL;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
        enum sg_status status = journal_open(path, &found, why);
        if (status == SG_BUSY) {
            return fail_at_work(dir, why);
        }
        if (status != SG_OK && status != SG_NOT_FOUND) {
            return status;
        }
        if (status == SG_OK && *out != NULL) {
            journal_close(found);
            return sg_fail(why, SG_INVALID,
                           "several runs are not finished in %s (%s, %s): move all "
                           "journals but one elsewhere, go on with that run by --resume, "
                           "then with the next",
                           dir, journal_path(*out), path);
        }
        *out = status == SG_OK ? found : *out;
    }
    return SG_OK;
}

/* *out stays NULL when there is none. What cannot be looked through may hold one. */
static enum sg_status find_earlier(const char *dir, struct journal **out,
                                   struct sg_error *why)
{
    struct dirent **names = NULL;
    int count = scandir(dir, &names, is_journal, alphasort);
    enum sg_status status = SG_OK;

    if (count < 0 && errno != ENOENT) {
        return file_unreadable(dir, errno, why);
    }
    if (count >= 0) {
        status = find_open(dir, (const struct dirent *const *)names, count, out, why);
    }
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free((void *)names);
    if (status != SG_OK) {
        journal_close(*out);
        *out = NULL;
    }
    return status;
}

/* --- Opening ----------------------------------------------------------------------- */

static enum sg_status make(const struct sign_options *options, struct sign_journal *out,
                           struct sg_error *why)
{
    char path[JOURNAL_TEXT_MAX];
    char run[JOURNAL_RUN_SIZE];

    TRY(make_run_id(run, why));
    int len = options->journal != NULL
                  ? snprintf(path, sizeof(path), "%s", options->journal)
                  : snprintf(path, sizeof(path), "%s/%s%s%s", options->out, prefix, run,
                             suffix);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return sg_fail(why, SG_INVALID, "the path of the journal is too long");
    }
    return journal_make(path, run, options->force && !options->resume, &out->journal,
                        why);
}

/* Held to the run's end: whatever journal another run would keep, its letters could be
 * those of this one. Where a folder cannot be locked (NFS), the journals' locks tell. */
static enum sg_status lock_folder(const char *dir, struct sign_journal *out,
                                  struct sg_error *why)
{
    out->folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    out->has_folder = out->folder >= 0;
    return out->has_folder && flock(out->folder, LOCK_EX | LOCK_NB) != 0 &&
                   errno == EWOULDBLOCK
               ? fail_at_work(dir, why)
               : SG_OK;
}

/* Takes the journal of a run that was not finished in the folder: also where another one
 * is named, letters of this run may be those that it had under way. */
static enum sg_status go_on(const struct sign_options *options, struct journal *earlier,
                            struct sign_journal *out, struct sg_error *why)
{
    bool is_meant =
        options->journal == NULL || file_same(options->journal, journal_path(earlier));

    if (options->resume && is_meant) {
        out->journal = earlier;
        return SG_OK;
    }
    enum sg_status status =
        options->resume
            ? sg_fail(why, SG_PRECONDITION,
                      "an earlier run in %s is not finished, and %s is not its journal: "
                      "go on with %s first",
                      options->out, options->journal, journal_path(earlier))
            : sg_fail(why, SG_PRECONDITION,
                      "an earlier run in %s is not finished: the same command with "
                      "--resume goes on with it. To give it up, remove %s: what it had "
                      "under way may then be signed a second time",
                      options->out, journal_path(earlier));
    journal_close(earlier);
    return status;
}

enum sg_status sign_journal_open(const struct sign_options *options,
                                 struct sign_journal *out, struct sg_error *why)
{
    struct journal *earlier = NULL;

    *out = (struct sign_journal){.journal = NULL};
    TRY(lock_folder(options->out, out, why));
    TRY(find_earlier(options->out, &earlier, why));
    if (earlier != NULL) {
        return go_on(options, earlier, out, why);
    }
    return options->resume && options->journal != NULL
               ? journal_open(options->journal, &out->journal, why)
               : make(options, out, why);
}

/* --- Closing ----------------------------------------------------------------------- */

/* Letters that may have been signed, and nobody knows, or that are signed, and are not
 * there; *unmet: that were not among those of this run. */
static size_t count_open(struct journal *journal, size_t *unmet)
{
    size_t open = 0;

    *unmet = 0;
    for (size_t i = 0; i < journal_count(journal); i++) {
        const struct journal_letter *letter = journal_at(journal, i);
        bool pending = letter->state == JOURNAL_PENDING;
        open += pending || letter->open ? 1 : 0;
        *unmet += pending && !letter->met ? 1 : 0;
    }
    return open;
}

static void unlock_folder(struct sign_journal *journal)
{
    if (journal->has_folder) {
        (void)close(journal->folder);
        journal->has_folder = false;
    }
}

size_t sign_journal_close(struct sign_journal *journal, bool whole)
{
    size_t unmet = 0;
    char text[256];

    if (journal->journal == NULL) {
        unlock_folder(journal);
        return 0;
    }
    size_t open = count_open(journal->journal, &unmet);
    bool kept = open > 0 || (!whole && journal_count(journal->journal) > 0);
    if (whole && unmet > 0) {
        (void)snprintf(text, sizeof(text),
                       "%zu letters that an earlier part of this run had under way were "
                       "not named now: whether they are signed is not known yet",
                       unmet);
        screen_complain(text);
    }
    if (kept) {
        journal_close(journal->journal);
    } else {
        journal_remove(journal->journal);
    }
    journal->journal = NULL;
    unlock_folder(journal);
    return open;
}

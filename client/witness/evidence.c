#include "client/witness/evidence.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/text.h"

static const char ending[] = ".checkpoint";
enum { ORIGIN_BYTES = 8, ORIGIN_LEN = 2 * ORIGIN_BYTES, ENDING_LEN = sizeof(ending) - 1 };

static enum sg_status path_of(const char *state_path, char out[FOLDER_PATH_MAX],
                              struct sg_error *why)
{
    int len = snprintf(out, FOLDER_PATH_MAX, "%s/evidence", state_path);

    return len > 0 && len < FOLDER_PATH_MAX
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the path of the state folder is too long");
}

/* The root is whole: trees whose roots begin alike are a matter of trying. */
static void name_of(const struct checkpoint *checkpoint, char out[EVIDENCE_NAME_SIZE])
{
    struct tlog_hash origin = tlog_sha256(checkpoint->origin);
    char origin_hex[ORIGIN_LEN + 1];
    char root_hex[2 * TLOG_HASH_SIZE + 1];

    text_hex(slice_of(origin.bytes, ORIGIN_BYTES), origin_hex);
    text_hex(slice_of(checkpoint->head.root.bytes, TLOG_HASH_SIZE), root_hex);
    int len = snprintf(out, EVIDENCE_NAME_SIZE, "%s-%llu-%s%s", origin_hex,
                       (unsigned long long)checkpoint->head.size, root_hex, ending);
    MUST(len > 0 && len < EVIDENCE_NAME_SIZE);
}

static bool is_evidence(const char *name)
{
    size_t len = strlen(name);

    return len > ENDING_LEN && strcmp(name + len - ENDING_LEN, ending) == 0;
}

/* Of all notes whose names begin with these bytes. */
static size_t count_alike(const char *path, struct slice begin)
{
    size_t count = 0;
    DIR *folder = opendir(path);

    if (folder == NULL) {
        return 0;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    for (const struct dirent *each; (each = readdir(folder)) != NULL;) {
        bool alike = strncmp(each->d_name, (const char *)begin.data, begin.len) == 0;
        count += alike && is_evidence(each->d_name) ? 1 : 0;
    }
    (void)closedir(folder);
    return count;
}

size_t evidence_count(const char *state_path)
{
    char path[FOLDER_PATH_MAX];

    return path_of(state_path, path, NULL) == SG_OK ? count_alike(path, slice_str(""))
                                                    : 0;
}

enum sg_status evidence_keep(const struct folder *state,
                             const struct checkpoint *checkpoint, struct slice note,
                             struct sg_error *why)
{
    char path[FOLDER_PATH_MAX];
    char name[EVIDENCE_NAME_SIZE];
    char file[FOLDER_PATH_MAX + EVIDENCE_NAME_SIZE];
    struct folder folder;
    struct stat about;

    TRY(path_of(state->path, path, why));
    name_of(checkpoint, name);
    (void)snprintf(file, sizeof(file), "%s/%s", path, name);
    if (lstat(file, &about) == 0) {
        return SG_OK;
    }
    if (count_alike(path, slice_of(name, ORIGIN_LEN)) >= EVIDENCE_MAX) {
        return sg_fail(why, SG_BUSY, "%s holds %d notes of this log: no more are kept",
                       path, (int)EVIDENCE_MAX);
    }
    TRY(folder_make(path, why));
    TRY(folder_open(path, &folder, why));
    enum sg_status status = folder_replace(&folder, name, note, why);
    folder_close(&folder);
    return status;
}

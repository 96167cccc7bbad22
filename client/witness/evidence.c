#include "client/witness/evidence.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/text.h"

static const char ending[] = ".checkpoint";
enum { HEX_BYTES = 8, ENDING_LEN = sizeof(ending) - 1 };

static enum sg_status path_of(const char *state_path, char out[FOLDER_PATH_MAX],
                              struct sg_error *why)
{
    int len = snprintf(out, FOLDER_PATH_MAX, "%s/evidence", state_path);

    return len > 0 && len < FOLDER_PATH_MAX
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the path of the state folder is too long");
}

static void name_of(const struct checkpoint *checkpoint, char out[EVIDENCE_NAME_SIZE])
{
    struct tlog_hash origin = tlog_sha256(checkpoint->origin);
    char origin_hex[2 * HEX_BYTES + 1];
    char root_hex[2 * HEX_BYTES + 1];

    text_hex(slice_of(origin.bytes, HEX_BYTES), origin_hex);
    text_hex(slice_of(checkpoint->head.root.bytes, HEX_BYTES), root_hex);
    int len = snprintf(out, EVIDENCE_NAME_SIZE, "%s-%llu-%s%s", origin_hex,
                       (unsigned long long)checkpoint->head.size, root_hex, ending);
    MUST(len > 0 && len < EVIDENCE_NAME_SIZE);
}

static bool is_evidence(const char *name)
{
    size_t len = strlen(name);

    return len > ENDING_LEN && strcmp(name + len - ENDING_LEN, ending) == 0;
}

size_t evidence_count(const char *state_path)
{
    char path[FOLDER_PATH_MAX];
    size_t count = 0;

    if (path_of(state_path, path, NULL) != SG_OK) {
        return 0;
    }
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return 0;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    for (const struct dirent *each; (each = readdir(folder)) != NULL;) {
        count += is_evidence(each->d_name) ? 1 : 0;
    }
    (void)closedir(folder);
    return count;
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
    if (evidence_count(state->path) >= EVIDENCE_MAX) {
        return sg_fail(why, SG_BUSY, "%s holds %d notes: no more are kept", path,
                       (int)EVIDENCE_MAX);
    }
    TRY(folder_make(path, why));
    TRY(folder_open(path, &folder, why));
    enum sg_status status = folder_replace(&folder, name, note, why);
    folder_close(&folder);
    return status;
}

#include <inttypes.h>

#include "client/bundle/examination.h"

/* Files in the bundle beside those of the manifest: both are in order, and so gone
 * through once. */

/* The next path of the manifest; "" behind the last. examine_files has read it before. */
static enum sg_status next_path(struct examination *exam, struct manifest_file *file)
{
    struct slice line = {0};
    enum sg_status status = bundle_file_line(&exam->file, MANIFEST_LINE_MAX, &line);

    file->path[0] = '\0';
    if (status != SG_OK) {
        return status == SG_NOT_FOUND ? SG_OK : SG_IO;
    }
    return manifest_file_line(line, file) == SG_OK ? SG_OK : SG_IO;
}

static enum sg_status begin(struct examination *exam, struct manifest_file *file)
{
    struct slice line = {0};

    TRY(bundle_file_open(exam->bundle, BUNDLE_MANIFEST, &exam->file));
    for (unsigned i = 0; i < MANIFEST_HEAD_LINES; i++) {
        TRY(bundle_file_line(&exam->file, MANIFEST_HEAD_MAX, &line));
    }
    return next_path(exam, file);
}

/* A folder may hold names of any bytes. */
static void tell(struct examination *exam, char *path)
{
    for (char *at = path; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7E) {
            *at = '?';
        }
    }
    verdict_find(exam->verdict, FINDING_FILE_STRAY, "%s", path);
}

/* Up to the path, or behind it where the manifest does not name it. */
static enum sg_status go_to(struct examination *exam, const char *path,
                            struct manifest_file *file)
{
    while (file->path[0] != '\0' && strcmp(file->path, path) < 0) {
        TRY(next_path(exam, file));
    }
    return SG_OK;
}

static enum sg_status compare(struct examination *exam, const struct bundle_names *names,
                              uint64_t *told)
{
    struct manifest_file file = {.size = 0};

    TRY(begin(exam, &file));
    for (size_t i = 0; i < names->count; i++) {
        char *path = names->at[i];
        TRY(go_to(exam, path, &file));
        if (strcmp(file.path, path) != 0 && strcmp(path, BUNDLE_MANIFEST) != 0) {
            tell(exam, path);
            ++*told;
        }
    }
    return SG_OK;
}

enum sg_status find_strays(struct examination *exam, uint64_t too_many)
{
    AUTO(bundle_names_fini) struct bundle_names names = {0};
    uint64_t told = 0;

    /* Of a manifest that is out of order, which has been told, nothing would be true. */
    if (exam->verdict->counts[CHECK_FILES] == 0) {
        TRY(bundle_names(exam->bundle, exam->verdict->head.files + 1, &names));
        TRY(compare(exam, &names, &told));
    }
    if (told == 0) {
        verdict_find(exam->verdict, FINDING_FILE_TOO_MANY, "%" PRIu64, too_many);
    }
    return SG_OK;
}

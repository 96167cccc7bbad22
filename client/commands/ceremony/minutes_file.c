#include "client/commands/ceremony/minutes_file.h"

#include <limits.h>
#include <stdio.h>

#include "client/console/screen.h"

enum { NAME_LONGEST = 100 };

void minutes_file_free(struct minutes_file *file)
{
    file_free(&file->bytes);
}

/* Text and empty line, without signatures. */
static bool is_bare(struct slice bytes)
{
    return bytes.len > 2 && bytes.data[bytes.len - 1] == '\n' &&
           bytes.data[bytes.len - 2] == '\n';
}

enum sg_status minutes_file_open(struct minutes_file *file, const char *path,
                                 struct sg_error *why)
{
    struct slice bytes = slice_of(file->bytes.data, file->bytes.len);
    struct note note;
    struct sg_error plain = {0};

    file->text = bytes;
    if (note_parse(bytes, &note) == SG_OK) {
        file->text = note.text;
        file->signatures = note.count;
    } else if (is_bare(bytes)) {
        file->text.len--;
    }
    enum sg_status status = minutes_read(file->text, &file->minutes, &plain);
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%s: %s", path, plain.text);
}

enum sg_status minutes_file_load(const char *path, struct minutes_file *out,
                                 struct sg_error *why)
{
    *out = (struct minutes_file){.signatures = 0};
    TRY(file_read(path, MINUTES_NOTE_MAX, &out->bytes, why));
    enum sg_status status = minutes_file_open(out, path, why);
    if (status != SG_OK) {
        minutes_file_free(out);
    }
    return status;
}

void minutes_file_print(struct slice text, FILE *out)
{
    enum { LINE_SIZE = MINUTES_VALUE_MAX + 32 };
    char line[LINE_SIZE];
    struct slice one;

    while (lines_next(&text, &one)) {
        (void)snprintf(line, sizeof(line), "%.*s", (int)one.len, (const char *)one.data);
        (void)fputs("  ", out);
        screen_text(out, line);
        (void)fputc('\n', out);
    }
}

/* The folder that the file is in. */
static enum sg_status open_place(const char *path, struct folder *out,
                                 struct sg_error *why)
{
    const char *name = file_name(path);
    char dir[PATH_MAX];
    int len = snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);

    if (len < 0 || (size_t)len >= sizeof(dir) || strlen(name) > NAME_LONGEST ||
        name[0] == '\0') {
        return sg_fail(why, SG_INVALID,
                       "'%.80s' is no name for minutes: choose one of at most %d bytes",
                       path, NAME_LONGEST);
    }
    return folder_open(len == 0 ? "." : dir, out, why);
}

enum sg_status minutes_file_keep(const char *path, struct slice bytes,
                                 struct sg_error *why)
{
    AUTO(folder_close) struct folder folder = {.fd = -1, .lock_fd = -1};

    TRY(open_place(path, &folder, why));
    return folder_replace(&folder, file_name(path), bytes, why);
}

enum sg_status minutes_file_lock(const char *path, struct folder *out,
                                 struct sg_error *why)
{
    TRY(open_place(path, out, why));
    return folder_lock_by(out, file_name(path), why);
}

#include "client/commands/sign/source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/batch/tree.h"
#include "client/commands/sign/beside.h"
#include "client/commands/sign/inside.h"
#include "client/console/file.h"

enum { PATH_SIZE = 4096, LOOK_AHEAD = 65536 };

/* --- Rows -------------------------------------------------------------------------- */

void sign_row_fini(struct sign_row *row)
{
    free(row->block);
    row->block = NULL;
}

enum sg_status sign_row_texts(struct sign_row *row, const char *path, const char *output,
                              struct slice more, char **more_out)
{
    size_t path_size = strlen(path) + 1;
    size_t output_size = strlen(output) + 1;

    size_t end_size = sizeof(SIGN_BESIDE_END) - 1;
    row->block = (char *)malloc(path_size + output_size + end_size + more.len + 1);
    if (row->block == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(row->block, path, path_size);
    memcpy(row->block + path_size, output, output_size);
    row->path = row->block;
    row->output = row->block + path_size;
    *more_out = row->block + path_size + output_size + end_size;
    if (more.len > 0) {
        memcpy(*more_out, more.data, more.len);
    }
    return SG_OK;
}

static enum sg_status no_memory(struct sg_error *why)
{
    return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
}

static enum sg_status take_texts(struct sign_row *row, const char *path,
                                 const char *output, struct sg_error *why)
{
    char *none = NULL;

    return sign_row_texts(row, path, output, slice_of("", 0), &none) == SG_OK
               ? SG_OK
               : no_memory(why);
}

/* --- Files to read from ------------------------------------------------------------ */

static bool copy_all(FILE *from, FILE *copy)
{
    char buffer[4096];
    size_t len = 1;
    bool kept = true;

    while (kept && len > 0) {
        len = fread(buffer, 1, sizeof(buffer), from);
        kept = fwrite(buffer, 1, len, copy) == len;
    }
    return kept && fflush(copy) == 0;
}

/* What comes through a pipe can be read once only: a copy without a name is kept. */
static enum sg_status spool(FILE *from, const char *name, FILE **out,
                            struct sg_error *why)
{
    FILE *copy = file_nameless();
    bool kept = copy != NULL && copy_all(from, copy);

    if (kept && !ferror(from)) {
        rewind(copy);
        *out = copy;
        return SG_OK;
    }
    int error = errno;
    if (copy != NULL) {
        (void)fclose(copy);
    }
    return kept ? file_unreadable(name, error, why)
                : sg_fail(why, SG_IO, "%s cannot be kept in $TMPDIR", name);
}

static enum sg_status open_text(const char *name, FILE **out, struct sg_error *why)
{
    struct stat facts;
    FILE *file = stdin;

    if (strcmp(name, "-") != 0) {
        int fd = -1;
        TRY(file_open(name, &fd, why));
        file = fdopen(fd, "r");
        if (file == NULL) {
            (void)close(fd);
            return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
        }
    }
    if (fstat(fileno(file), &facts) == 0 && S_ISREG(facts.st_mode) && file != stdin) {
        *out = file;
        return SG_OK;
    }
    enum sg_status status = spool(file, name, out, why);
    if (file != stdin) {
        (void)fclose(file);
    }
    return status;
}

/* Names are parted by NUL where there is one, as of find -print0. */
static int find_delimiter(FILE *file)
{
    char *buffer = (char *)malloc(LOOK_AHEAD);
    size_t len = buffer == NULL ? 0 : fread(buffer, 1, LOOK_AHEAD, file);
    bool by_nul = len > 0 && memchr(buffer, '\0', len) != NULL;

    free(buffer);
    rewind(file);
    return by_nul ? (int)'\0' : (int)'\n';
}

/* --- Opening ----------------------------------------------------------------------- */

static enum sg_status check_kinds(const struct sign_options *options,
                                  const struct words *words, struct sg_error *why)
{
    int kinds = (words->count > 0 ? 1 : 0) + (options->from != NULL ? 1 : 0) +
                (options->manifest != NULL ? 1 : 0);

    if (kinds == 0) {
        return sg_fail(why, SG_INVALID,
                       "name the letters: segel sign … FILE.pdf… or FOLDER…, --from LIST "
                       "or --manifest TABLE.csv");
    }
    return kinds == 1 ? SG_OK
                      : sg_fail(why, SG_INVALID,
                                "files and folders, --from and --manifest exclude each "
                                "other: sign them in several runs");
}

static enum sg_status start_manifest(struct sign_source *source, struct sg_error *why)
{
    rewind(source->file);
    sign_manifest_close(source->manifest);
    source->manifest = NULL;
    return sign_manifest_open(source->file, source->options->manifest, source->folder,
                              &source->manifest, why);
}

static enum sg_status start(struct sign_source *source, struct sg_error *why)
{
    const char *name = source->options->manifest;

    if (name == NULL && source->options->from == NULL) {
        return SG_OK;
    }
    if (name == NULL) {
        TRY(open_text(source->options->from, &source->file, why));
        source->delimiter = find_delimiter(source->file);
        return SG_OK;
    }
    TRY(open_text(name, &source->file, why));
    int len = (int)(file_name(name) - name);
    if (snprintf(source->folder, sizeof(source->folder), "%.*s", len, name) != len) {
        return sg_fail(why, SG_INVALID, "the path of the manifest is too long");
    }
    return start_manifest(source, why);
}

enum sg_status sign_source_open(const struct sign_options *options,
                                const struct words *words, struct sign_source **out,
                                struct sg_error *why)
{
    TRY(check_kinds(options, words, why));
    struct sign_source *source = (struct sign_source *)calloc(1, sizeof(*source));
    if (source == NULL) {
        return no_memory(why);
    }
    source->options = options;
    source->words = words;
    enum sg_status status = start(source, why);
    if (status != SG_OK) {
        sign_source_close(source);
        return status;
    }
    *out = source;
    return SG_OK;
}

void sign_source_close(struct sign_source *source)
{
    if (source != NULL) {
        tree_close(source->tree);
        sign_manifest_close(source->manifest);
        if (source->file != NULL) {
            (void)fclose(source->file);
        }
        free(source->word);
        free(source);
    }
}

enum sg_status sign_source_rewind(struct sign_source *source, struct sg_error *why)
{
    tree_close(source->tree);
    source->tree = NULL;
    source->next = 0;
    if (source->manifest != NULL) {
        return start_manifest(source, why);
    }
    if (source->file != NULL) {
        rewind(source->file);
    }
    return SG_OK;
}

char sign_source_separator(const struct sign_source *source)
{
    if (source->manifest == NULL) {
        return ',';
    }
    return sign_manifest_separator(source->manifest);
}

/* --- Files and folders ------------------------------------------------------------- */

/* The next one of the list; *out NULL: there is none. A list that breaks off has not come
 * to its end. */
static enum sg_status next_name(struct sign_source *source, const char **out,
                                struct sg_error *why)
{
    ssize_t len = 1;

    *out = NULL;
    while (len > 0) {
        errno = 0;
        len = getdelim(&source->word, &source->word_cap, source->delimiter, source->file);
        if (len > 0 && (unsigned char)source->word[len - 1] == source->delimiter) {
            source->word[--len] = '\0';
            if (source->delimiter == '\n' && len > 0 && source->word[len - 1] == '\r') {
                source->word[--len] = '\0'; /* a list that Windows wrote */
            }
            len = len == 0 ? 1 : len; /* an empty line is passed over */
        }
        if (len > 0 && source->word[0] != '\0') {
            *out = source->word;
            return SG_OK;
        }
    }
    return feof(source->file) ? SG_OK
                              : file_unreadable(source->options->from, errno, why);
}

static enum sg_status open_tree(struct sign_source *source, const char *root,
                                struct sg_error *why)
{
    struct stat out_dir;
    bool has_out =
        source->options->out != NULL && stat(source->options->out, &out_dir) == 0;

    if (snprintf(source->root, sizeof(source->root), "%s", root) >=
        (int)sizeof(source->root)) {
        return sg_fail(why, SG_TOO_LARGE, "the path of a folder is too long");
    }
    TRY(tree_open(source->root, has_out ? &out_dir : NULL, &source->tree, why));
    if (sign_beside(source->options)) {
        tree_take_all_but(source->tree, sign_beside_own);
    }
    return SG_OK;
}

/* What this run writes while it goes through the documents is none of them, whatever its
 * name; '*' may name it, too. */
static bool is_of_run(const struct sign_options *options, const char *path)
{
    const char *const written[] = {options->result[0], options->result[1],
                                   options->journal};

    for (size_t i = 0; i < SG_COUNT(written); i++) {
        if (written[i] != NULL && file_same(written[i], path)) {
            return true;
        }
    }
    return false;
}

static enum sg_status any_word(struct sign_source *source, const char **out,
                               struct sg_error *why)
{
    if (source->file != NULL) {
        return next_name(source, out, why);
    }
    *out = source->next < source->words->count ? source->words->at[source->next++] : NULL;
    return SG_OK;
}

/* SG_NOT_FOUND: that was all. */
static enum sg_status next_word(struct sign_source *source, const char **out,
                                struct sg_error *why)
{
    do {
        TRY(any_word(source, out, why));
    } while (*out != NULL && is_of_run(source->options, *out));
    return *out != NULL ? SG_OK : SG_NOT_FOUND;
}

/* SG_NOT_FOUND: the folder has no more. */
static enum sg_status next_of_tree(struct sign_source *source, struct sign_row *out,
                                   struct sg_error *why)
{
    char path[PATH_SIZE];
    const char *below = NULL;
    size_t len = strlen(source->root);
    const char *slash = source->root[len - 1] == '/' ? "" : "/";

    do {
        enum sg_status status = tree_next(source->tree, &below, why);
        if (status == SG_NOT_FOUND) {
            tree_close(source->tree);
            source->tree = NULL;
        }
        TRY(status);
        if (snprintf(path, sizeof(path), "%s%s%s", source->root, slash, below) >=
            (int)sizeof(path)) {
            return sg_fail(why, SG_TOO_LARGE, "the path of a letter is too long");
        }
    } while (is_of_run(source->options, path));
    return take_texts(out, path, below, why);
}

static bool is_folder(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static enum sg_status next_of_words(struct sign_source *source, struct sign_row *out,
                                    struct sg_error *why)
{
    *out = (struct sign_row){.options = *source->options};
    while (true) {
        if (source->tree != NULL) {
            enum sg_status status = next_of_tree(source, out, why);
            if (status != SG_NOT_FOUND) {
                return status;
            }
        }
        const char *word = NULL;
        TRY(next_word(source, &word, why));
        if (!is_folder(word)) {
            return take_texts(out, word, file_name(word), why);
        }
        TRY(open_tree(source, word, why));
    }
}

enum sg_status sign_source_next(struct sign_source *source, struct sign_row *out,
                                struct sg_error *why)
{
    TRY(source->manifest != NULL
            ? sign_manifest_next(source->manifest, source->options, out, why)
            : next_of_words(source, out, why));
    if (sign_beside(&out->options) && !out->is_named) {
        size_t path_size = strlen(out->path) + 1;
        memcpy(out->block + path_size + strlen(out->output), SIGN_BESIDE_END,
               sizeof(SIGN_BESIDE_END));
    }
    return SG_OK;
}

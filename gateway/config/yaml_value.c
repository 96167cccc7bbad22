#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/config/yaml.h"
#include "proto/text.h"

/* What callers do with a document: read it from a file, find keys, convert scalars. */

enum { READ_MAX = 1024 * 1024 + 1, WORD_MAX = 64 };

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

static enum sg_status file_failed(const char *path, int error, struct sg_error *why)
{
    char reason[128] = "";

    (void)strerror_r(error, reason, sizeof(reason));
    return sg_fail(why, error == ENOENT ? SG_NOT_FOUND : SG_IO, "cannot read %s: %s",
                   path, reason);
}

/* A pipe without a writer, or a terminal, would hold up whoever reads: signals wait
 * meanwhile, and so does every job. */
static enum sg_status open_regular(const char *path, FILE **out, struct sg_error *why)
{
    struct stat found;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return file_failed(path, errno, why);
    }
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        (void)close(fd);
        return sg_fail(why, SG_IO, "cannot read %s: it is no regular file", path);
    }
    *out = fdopen(fd, "rb");
    if (*out == NULL) {
        (void)close(fd);
        return SG_NO_MEMORY;
    }
    return SG_OK;
}

/* One byte more than is allowed is read, so that the reader sees what is too large. */
enum sg_status yaml_file_bytes(const char *path, uint8_t **bytes, size_t *len,
                               struct sg_error *why)
{
    AUTO(close_file) FILE *file = NULL;

    TRY(open_regular(path, &file, why));
    uint8_t *read = malloc(READ_MAX);
    if (read == NULL) {
        return SG_NO_MEMORY;
    }
    *len = fread(read, 1, READ_MAX, file);
    if (ferror(file) != 0) {
        int error = errno;
        free(read);
        return file_failed(path, error, why);
    }
    *bytes = read;
    return SG_OK;
}

enum sg_status yaml_read_file(const char *path, struct yaml **out, struct sg_error *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;

    TRY(yaml_file_bytes(path, &bytes, &len, why));
    enum sg_status status = yaml_read(slice_of(bytes, len), path, out, why);
    free(bytes);
    return status;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i].text, key) == 0) {
            return &map->items[i];
        }
    }
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, drop, change, swap neighbours) that make one word of the other. */
static size_t edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1] = {{0}};

    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before2 = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = a[i - 1] == b[j - 1];
            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], before2[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

const char *yaml_nearest(const char *word, const char *const *words)
{
    size_t len = strlen(word);
    const char *nearest = NULL;
    /* A third of the word may be wrong: "levle" is near "level", "mode" is not. */
    size_t best = len / 3 + 2;

    for (size_t i = 0; len <= WORD_MAX && words[i] != NULL; i++) {
        size_t other = strlen(words[i]);
        size_t distance = other <= WORD_MAX ? edits(word, len, words[i], other) : best;
        if (distance < best && distance < len) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

static const char *kind_name(enum yaml_kind kind)
{
    static const char *const names[] = {
        [YAML_SCALAR] = "a value", [YAML_LIST] = "a list", [YAML_MAP] = "a map"};

    return names[kind];
}

enum sg_status yaml_str(const struct yaml *doc, const struct yaml_node *node,
                        const char **out, struct sg_error *why)
{
    if (node->kind != YAML_SCALAR) {
        return yaml_fail(doc, node, why, "wanted is one value, found is %s",
                         kind_name(node->kind));
    }
    if (node->text[0] == '\0' && !node->quoted) {
        return yaml_fail(doc, node, why, "the value is missing");
    }
    *out = node->text;
    return SG_OK;
}

/* The text of a scalar that has a type other than text: quotes would say otherwise. */
static enum sg_status bare(const struct yaml *doc, const struct yaml_node *node,
                           const char *wanted, struct sg_error *why)
{
    const char *text = NULL;

    TRY(yaml_str(doc, node, &text, why));
    if (node->quoted) {
        return yaml_fail(doc, node, why,
                         "wanted is %s, found is the text \"%s\"; remove the quotes",
                         wanted, text);
    }
    return SG_OK;
}

enum sg_status yaml_bool(const struct yaml *doc, const struct yaml_node *node, bool *out,
                         struct sg_error *why)
{
    TRY(bare(doc, node, "true or false", why));
    if (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0) {
        return yaml_fail(doc, node, why, "wanted is true or false, found is '%s'",
                         node->text);
    }
    *out = node->text[0] == 't';
    return SG_OK;
}

enum sg_status yaml_int(const struct yaml *doc, const struct yaml_node *node,
                        struct yaml_range range, int64_t *out, struct sg_error *why)
{
    uint64_t digits = 0;

    TRY(bare(doc, node, "a whole number", why));
    bool negative = node->text[0] == '-';
    enum sg_status status =
        text_uint(slice_str(node->text + (negative ? 1 : 0)), INT64_MAX, &digits);
    if (status != SG_OK || (negative && digits == 0)) {
        return yaml_fail(doc, node, why, "wanted is a whole number, found is '%s'",
                         node->text);
    }
    int64_t value = negative ? -(int64_t)digits : (int64_t)digits;
    if (value < range.min || value > range.max) {
        return yaml_fail(doc, node, why, "wanted is a number from %lld to %lld, found %s",
                         (long long)range.min, (long long)range.max, node->text);
    }
    *out = value;
    return SG_OK;
}

enum sg_status yaml_time(const struct yaml *doc, const struct yaml_node *node,
                         int64_t east_min, int64_t *unix_us, struct sg_error *why)
{
    static const int64_t us_per_min = 60000000;
    char full[64];
    const char *text = "";

    TRY(yaml_str(doc, node, &text, why));
    bool pure = strlen(text) == YAML_DATE_LEN;
    (void)snprintf(full, sizeof(full), "%s%s", text, pure ? "T00:00:00Z" : "");
    if (text_time_parse(slice_str(full), unix_us) != SG_OK) {
        return yaml_fail(doc, node, why,
                         "wanted is a date (2026-05-02) or a time with its zone "
                         "(2026-05-02T08:00:00+07:00), found is '%s'",
                         text);
    }
    *unix_us -= pure ? east_min * us_per_min : 0;
    return SG_OK;
}

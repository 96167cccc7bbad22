#include "gateway/service/status/installed.h"

#include <stdio.h>

enum { LINE_SIZE = 1024, LIST_BYTES_MAX = 64 << 20 };

/* One package's paragraph of the list, as far as it was read. */
struct paragraph {
    struct installed *subject; /* NULL: nobody wants this one */
    bool installed;
};

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

/* The value of a field that this line holds; NULL: it holds another. */
static const char *value_of(const char *line, const char *field)
{
    size_t len = strlen(field);

    return strncmp(line, field, len) == 0 ? line + len : NULL;
}

static struct installed *find(struct installed *wanted, size_t count, const char *package)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wanted[i].package, package) == 0) {
            return &wanted[i];
        }
    }
    return NULL;
}

static void keep(struct installed *subject, const char *version)
{
    /* One that does not fit would be another version. */
    if (strlen(version) < sizeof(subject->version)) {
        (void)snprintf(subject->version, sizeof(subject->version), "%s", version);
    }
}

/* dpkg writes Package first, and Status above Version. */
static void take(struct paragraph *at, const char *line, struct installed *wanted,
                 size_t count)
{
    const char *value = NULL;

    if (line[0] == '\0') {
        *at = (struct paragraph){0};
    } else if ((value = value_of(line, "Package: ")) != NULL) {
        *at = (struct paragraph){.subject = find(wanted, count, value)};
    } else if ((value = value_of(line, "Status: ")) != NULL) {
        at->installed = strcmp(value, "install ok installed") == 0 ||
                        strcmp(value, "hold ok installed") == 0;
    } else if (at->subject != NULL && at->installed &&
               (value = value_of(line, "Version: ")) != NULL) {
        keep(at->subject, value);
    }
}

void installed_look(const char *path, struct installed *wanted, size_t count)
{
    AUTO(close_file) FILE *file = fopen(path, "re");
    struct paragraph at = {0};
    char line[LINE_SIZE];
    size_t seen = 0;
    bool begins = true; /* of a line; the rest of a long one is no field */

    for (size_t i = 0; i < count; i++) {
        wanted[i].version[0] = '\0';
    }
    while (file != NULL && seen < LIST_BYTES_MAX &&
           fgets(line, sizeof(line), file) != NULL) {
        size_t len = strlen(line);
        bool ends = len > 0 && line[len - 1] == '\n';
        seen += len + 1;
        line[ends ? len - 1 : len] = '\0';
        if (begins) {
            take(&at, line, wanted, count);
        }
        begins = ends;
    }
}

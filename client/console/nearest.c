#include "client/console/nearest.h"

#include <string.h>

enum { WORD_MAX = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance: letters to add, drop or change. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t len = strlen(b);

    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t change = corner + (a[i] == b[j] ? 0 : 1);
            corner = row[j + 1];
            row[j + 1] = least(change, least(row[j], row[j + 1]) + 1);
        }
    }
    return row[len];
}

const char *nearest(const char *word, const char *const *names, size_t count)
{
    size_t len = strlen(word);
    size_t best_distance = len / 3 + 1;
    const char *best = NULL;

    if (len < 2 || len > WORD_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(names[i], word, len) == 0) {
            return names[i];
        }
        size_t here = strlen(names[i]) > WORD_MAX ? WORD_MAX : distance(word, names[i]);
        if (here <= best_distance && (best == NULL || here < best_distance)) {
            best = names[i];
            best_distance = here;
        }
    }
    return best;
}

#define _GNU_SOURCE /* qsort_r */
#include "client/report/figures.h"

#include <stdlib.h>

/* --- Order ------------------------------------------------------------------------- */

/* How the rows of a table are ordered: by one count, most first, then by keys; a key is a
 * plain number, or stands for a name. */
enum { BY_NO_COUNT = CELL_COUNTS };
struct order {
    size_t count; /* BY_NO_COUNT: none */
    const struct names *names[CELL_KEYS];
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : (a > b ? 1 : 0);
}

/* Names first, by their bytes; then the others, by their numbers. */
static int compare_keys(const struct names *names, uint16_t a, uint16_t b)
{
    const char *left = names == NULL ? NULL : names_text(names, a);
    const char *right = names == NULL ? NULL : names_text(names, b);

    if (left == NULL || right == NULL) {
        return compare_numbers(a, b);
    }
    return strcmp(left, right);
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct cell *left = (const struct cell *)a;
    const struct cell *right = (const struct cell *)b;
    const struct order *order = (const struct order *)context;
    int result = 0;

    if (order->count != BY_NO_COUNT) {
        result = compare_numbers(right->count[order->count], left->count[order->count]);
    }
    for (size_t i = 0; i < CELL_KEYS && result == 0; i++) {
        result = compare_keys(order->names[i], left->key[i], right->key[i]);
    }
    return result;
}

static enum sg_status sorted(const struct cells *cells, const struct order *order,
                             struct figure_rows *out)
{
    struct order copy = *order;

    out->rows = (struct cell *)calloc(cells->count + 1, sizeof(*out->rows));
    if (out->rows == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(out->rows, cells->rows, cells->count * sizeof(*out->rows));
    out->count = cells->count;
    qsort_r(out->rows, out->count, sizeof(*out->rows), compare_rows, &copy);
    return SG_OK;
}

/* --- Classes of few ---------------------------------------------------------------- */

/* A job that was tried five times is one: attempts would let it pass for five. */
struct merging {
    uint16_t to[CLASS_MERGED + 1];
    uint64_t jobs[CLASS_MERGED + 1];
    bool there[CLASS_MERGED + 1]; /* maybe with later attempts alone */
};

static uint16_t smallest_left(const struct merging *merging)
{
    const uint64_t *jobs = merging->jobs;
    uint16_t best = CLASS_MERGED;

    for (size_t i = 0; i <= REPORT_CLASSES; i++) {
        if (merging->to[i] == i && merging->there[i] &&
            (best == CLASS_MERGED || jobs[i] < jobs[best])) {
            best = (uint16_t)i;
        }
    }
    return best;
}

/* One small class alone would be told by its being the only merged one, and two that come
 * to fewer than FEW are still few. */
static void merge_few(struct merging *merging)
{
    const uint64_t *jobs = merging->jobs;
    uint64_t merged = 0;
    size_t classes = 0;

    for (uint16_t next = smallest_left(merging); next != CLASS_MERGED;
         next = smallest_left(merging)) {
        bool needed = jobs[next] < FEW || (classes > 0 && merged < FEW);
        if (!needed) {
            return;
        }
        merging->to[next] = CLASS_MERGED;
        merged += jobs[next];
        classes++;
    }
}

static void find_merging(const struct report *report, bool merge, struct merging *out)
{
    *out = (struct merging){.to = {0}};
    for (size_t i = 0; i <= CLASS_MERGED; i++) {
        out->to[i] = (uint16_t)i;
    }
    for (size_t i = 0; i < report->use.count; i++) {
        const struct cell *row = &report->use.rows[i];
        out->jobs[row->key[3]] += row->count[USE_JOBS];
        out->there[row->key[3]] = true;
    }
    if (merge) {
        merge_few(out);
    }
}

/* --- Sums -------------------------------------------------------------------------- */

/* Which keys of the use table a sum keeps. */
struct keeping {
    bool key[CELL_KEYS];
};

static enum sg_status sum_up(const struct report *report, const struct merging *merging,
                             struct keeping keeping, struct cells *out)
{
    static const uint16_t rest[CELL_KEYS] = {UINT16_MAX};

    TRY(cells_init(out, report->use.count));
    for (size_t i = 0; i < report->use.count; i++) {
        const struct cell *row = &report->use.rows[i];
        uint16_t key[CELL_KEYS] = {0};
        for (size_t j = 0; j < CELL_KEYS; j++) {
            key[j] = keeping.key[j] ? row->key[j] : 0;
        }
        key[3] = keeping.key[3] ? merging->to[row->key[3]] : 0;
        uint64_t *counts = cells_at(out, key, rest);
        for (size_t j = 0; j < CELL_COUNTS; j++) {
            counts[j] += row->count[j];
        }
    }
    return SG_OK;
}

static void free_cells(struct cells *cells)
{
    cells_fini(cells);
}

static enum sg_status sum_use(const struct report *report, const struct merging *merging,
                              struct keeping keeping, size_t by, struct figure_rows *out)
{
    AUTO(free_cells) struct cells sums = {0};
    const struct order order = {.count = by,
                                .names = {NULL, keeping.key[1] ? &report->callers : NULL,
                                          keeping.key[2] ? &report->keys : NULL,
                                          keeping.key[3] ? &report->classes : NULL}};

    TRY(sum_up(report, merging, keeping, &sums));
    return sorted(&sums, &order, out);
}

static enum sg_status sum_deciders(const struct report *report, struct figure_rows *out)
{
    AUTO(free_cells) struct cells sums = {0};
    static const uint16_t rest[CELL_KEYS] = {REPORT_RULES};
    const struct order order = {.count = RULE_DECIDED, .names = {&report->rules}};

    TRY(cells_init(&sums, REPORT_RULES + 1));
    for (size_t i = 0; i < report->refused.count; i++) {
        const struct cell *row = &report->refused.rows[i];
        const uint16_t key[CELL_KEYS] = {row->key[0]};
        if (row->count[RULE_DECIDED] > 0) {
            cells_at(&sums, key, rest)[RULE_DECIDED] += row->count[RULE_DECIDED];
        }
    }
    return sorted(&sums, &order, out);
}

static enum sg_status make_use(const struct report *report, bool merge,
                               struct figures *out)
{
    static const struct keeping all = {{true, true, true, true}};
    static const struct keeping lines = {{false, true, true, true}};
    static const struct keeping series = {{false, true, false, true}};
    static const struct keeping classes = {{false, false, false, true}};
    struct merging merging;

    find_merging(report, merge, &merging);
    TRY(sum_use(report, &merging, all, BY_NO_COUNT, &out->use));
    TRY(sum_use(report, &merging, lines, BY_NO_COUNT, &out->lines));
    TRY(sum_use(report, &merging, series, FATE_SIGNED, &out->series));
    return sum_use(report, &merging, classes, FATE_SIGNED, &out->classes);
}

enum sg_status figures_make(const struct report *report, bool merge, struct figures *out)
{
    const struct order systems = {.count = BY_NO_COUNT, .names = {&report->callers}};
    const struct order denials = {.count = BY_NO_COUNT,
                                  .names = {NULL, &report->callers, &report->rules}};
    const struct order refused = {
        .count = RULE_DECIDED,
        .names = {&report->rules, &report->sections, &report->codes}};
    const struct order shadows = {.count = RULE_SHADOW, .names = {&report->rules}};
    const struct order failed = {.count = BY_NO_COUNT, .names = {&report->failures}};

    *out = (struct figures){.use = {.rows = NULL}};
    TRY(make_use(report, merge, out));
    TRY(sum_deciders(report, &out->deciders));
    TRY(sorted(&report->systems, &systems, &out->systems));
    TRY(sorted(&report->denials, &denials, &out->denials));
    TRY(sorted(&report->refused, &refused, &out->refused));
    TRY(sorted(&report->shadows, &shadows, &out->shadows));
    return sorted(&report->failed, &failed, &out->failed);
}

void figures_fini(struct figures *figures)
{
    struct figure_rows *const all[] = {
        &figures->use,     &figures->lines,   &figures->series,  &figures->classes,
        &figures->systems, &figures->denials, &figures->refused, &figures->deciders,
        &figures->shadows, &figures->failed};

    for (size_t i = 0; i < SG_COUNT(all); i++) {
        free(all[i]->rows);
    }
    *figures = (struct figures){.use = {.rows = NULL}};
}

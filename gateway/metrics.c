#include "gateway/metrics.h"

#include <inttypes.h>

#include "proto/text.h"

static const struct metric_row rows[] = {
#define METRIC(id, name, type, labels, help) {name, type, labels, help},
#include "gateway/metrics.def"
#undef METRIC
};

const struct metric_row *metrics_row(enum metric metric)
{
    MUST((size_t)metric < SG_COUNT(rows));
    return &rows[metric];
}

void metrics_begin(FILE *out, enum metric metric)
{
    const struct metric_row *row = metrics_row(metric);

    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                  row->type);
}

/* A value may come from a token: backslash, quotes and line ends are escaped as the
 * format asks, and it stays valid UTF-8. */
static void write_value(FILE *out, const char *value)
{
    bool sound = text_utf8(slice_str(value));

    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte == '\n') {
            (void)fputs("\\n", out);
        } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !sound)) {
            (void)fputc('?', out);
        } else {
            if (byte == '\\' || byte == '"') {
                (void)fputc('\\', out);
            }
            (void)fputc(byte, out);
        }
    }
}

/* suffix: of a histogram's series; more: a label behind those of the row, or NULL. */
struct series {
    enum metric metric;
    const char *suffix;
    const char *more;
};

static void write_one(FILE *out, const struct series *series, const char *const *values)
{
    enum metric metric = series->metric;
    const struct metric_row *row = metrics_row(metric);
    const char *label = row->labels;
    size_t count = 0;

    (void)fprintf(out, "%s%s", row->name, series->suffix);
    while (*label != '\0') {
        size_t len = strcspn(label, ",");
        MUST(count < METRIC_LABELS_MAX && values != NULL && values[count] != NULL);
        (void)fprintf(out, "%c%.*s=\"", count == 0 ? '{' : ',', (int)len, label);
        write_value(out, values[count]);
        (void)fputc('"', out);
        label += len + (label[len] == ',' ? 1 : 0);
        count++;
    }
    if (series->more != NULL) {
        (void)fprintf(out, "%cle=\"%s\"", count == 0 ? '{' : ',', series->more);
        count++;
    }
    (void)fputs(count > 0 ? "} " : " ", out);
}

static void write_series(FILE *out, enum metric metric, const char *const *values)
{
    const struct series series = {.metric = metric, .suffix = ""};

    write_one(out, &series, values);
}

void metrics_uint(FILE *out, enum metric metric, const char *const *values,
                  uint64_t value)
{
    write_series(out, metric, values);
    (void)fprintf(out, "%" PRIu64 "\n", value);
}

/* Without floating point: no digit is lost, and no locale has a say. A clock that was set
 * before 1970 is not worth a sign. */
void metrics_seconds(FILE *out, enum metric metric, const char *const *values,
                     int64_t value_us)
{
    uint64_t us = value_us < 0 ? 0 : (uint64_t)value_us;

    write_series(out, metric, values);
    (void)fprintf(out, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

/* As a float of the format is usually written: "0.0025", "1". */
static void write_bound(char *text, size_t cap, int64_t us)
{
    int len = snprintf(text, cap, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);

    while (text[len - 1] == '0') {
        text[--len] = '\0';
    }
    if (text[len - 1] == '.') {
        text[len - 1] = '\0';
    }
}

void metrics_histogram(FILE *out, enum metric metric, const char *const *values,
                       const struct metric_histogram *histogram)
{
    char bound[32];
    struct series series = {.metric = metric, .suffix = "_bucket", .more = bound};
    uint64_t total = 0;

    for (size_t i = 0; i < histogram->bound_count; i++) {
        total += histogram->counts[i];
        write_bound(bound, sizeof(bound), histogram->bounds_us[i]);
        write_one(out, &series, values);
        (void)fprintf(out, "%" PRIu64 "\n", total);
    }
    total += histogram->counts[histogram->bound_count];
    series.more = "+Inf";
    write_one(out, &series, values);
    (void)fprintf(out, "%" PRIu64 "\n", total);
    series = (struct series){.metric = metric, .suffix = "_sum"};
    write_one(out, &series, values);
    (void)fprintf(out, "%" PRIu64 ".%06" PRIu64 "\n", histogram->sum_us / 1000000,
                  histogram->sum_us % 1000000);
    series.suffix = "_count";
    write_one(out, &series, values);
    (void)fprintf(out, "%" PRIu64 "\n", total);
}

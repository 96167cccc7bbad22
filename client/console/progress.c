#include "client/console/progress.h"

#include <stdio.h>
#include <string.h>

enum { CELLS = 20 };

static void left_text(double seconds, char *out, size_t cap)
{
    unsigned whole = seconds > 359999 ? 359999 : (unsigned)(seconds + 0.5);

    if (whole >= 3600) {
        (void)snprintf(out, cap, "%u h %02u min left", whole / 3600, whole / 60 % 60);
    } else if (whole >= 60) {
        (void)snprintf(out, cap, "%u min %02u s left", whole / 60, whole % 60);
    } else {
        (void)snprintf(out, cap, "%u s left", whole);
    }
}

void progress_line(const struct progress *progress, char out[PROGRESS_SIZE])
{
    char bar[CELLS + 1];
    char left[32] = "";
    char refused[32] = "";
    double seconds = (double)progress->elapsed_us / 1e6;
    double rate = seconds > 0 ? (double)progress->done / seconds : 0;
    double part =
        progress->total == 0 ? 1 : (double)progress->done / (double)progress->total;

    for (int i = 0; i < CELLS; i++) {
        bar[i] = (double)i < part * CELLS ? '#' : '-';
    }
    bar[CELLS] = '\0';
    if (rate > 0 && progress->done < progress->total) {
        left_text((double)(progress->total - progress->done) / rate, left, sizeof(left));
    }
    if (progress->refused > 0) {
        (void)snprintf(refused, sizeof(refused), "  %zu refused", progress->refused);
    }
    (void)snprintf(out, PROGRESS_SIZE, "[%s] %3.0f %%  %zu/%zu  %.1f/s%s  %s", bar,
                   part * 100, progress->done, progress->total, rate, refused, left);
    size_t len = strlen(out);
    while (len > 0 && out[len - 1] == ' ') {
        out[--len] = '\0';
    }
}

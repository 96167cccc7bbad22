#include "client/witness/journal.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20 };

void journal_begin(struct journal *line, const char *level, const char *event)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    json_start(&line->out, line->text, sizeof(line->text) - 1);
    json_open_object(&line->out, NULL);
    json_time(&line->out, "ts", (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    json_str(&line->out, "level", level);
    json_str(&line->out, "event", event);
}

void journal_end(struct journal *line)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    struct slice text = {0};

    json_end(&line->out);
    if (json_finish(&line->out, &text) != SG_OK) {
        return;
    }
    line->text[text.len] = '\n';
    if (poll(&out, 1, PATIENCE_MS) == 1) {
        ssize_t written = write(STDERR_FILENO, line->text, text.len + 1);
        (void)written; /* nowhere to complain to */
    }
}

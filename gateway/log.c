#include "gateway/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "proto/json.h"
#include "proto/text.h"

enum { LINE_MAX = 4096, PATIENCE_MS = 20 };

static enum log_level threshold = LOG_INFO;
static enum log_format format_in_use = LOG_TEXT;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(enum log_level level, enum log_format format)
{
    threshold = level;
    format_in_use = format;
}

static size_t write_json(char *line, const char *level, const char *event, va_list pairs)
{
    struct json_out out;
    struct slice text = {0};

    json_start(&out, line, LINE_MAX - 1);
    json_open_object(&out, NULL);
    json_time(&out, "ts", clock_wall_us());
    json_str(&out, "level", level);
    json_str(&out, "event", event);
    for (const char *name; (name = va_arg(pairs, const char *)) != NULL;) {
        json_str(&out, name, va_arg(pairs, const char *));
    }
    json_end(&out);
    return json_finish(&out, &text) == SG_OK ? text.len : 0;
}

/* Appends text; a control character would break the one-line rule and becomes a blank. */
static size_t append(char *line, size_t len, const char *text)
{
    for (; text != NULL && *text != '\0' && len < LINE_MAX - 1; text++, len++) {
        bool control = (unsigned char)*text < 0x20 || *text == 0x7F;
        line[len] = *text;
        if (control) {
            line[len] = ' ';
        }
    }
    return len;
}

static size_t write_text(char *line, const char *level, const char *event, va_list pairs)
{
    char now[TEXT_TIME_SIZE];
    size_t len;

    text_time(clock_wall_us(), now);
    len = append(line, 0, now);
    len = append(line, len, " ");
    len = append(line, len, level);
    len = append(line, len, " ");
    len = append(line, len, event);
    for (const char *name; (name = va_arg(pairs, const char *)) != NULL;) {
        const char *value = va_arg(pairs, const char *);
        bool quote = value != NULL && strchr(value, ' ') != NULL;
        len = append(line, len, " ");
        len = append(line, len, name);
        len = append(line, len, quote ? "=\"" : "=");
        len = append(line, len, value);
        len = append(line, len, quote ? "\"" : "");
    }
    return len;
}

/* Who reads our lines may hang: signing does not wait for it, the line is lost. A pipe
 * that is ready takes a whole line. */
static void put_line(const char *line, size_t len)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&out, 1, PATIENCE_MS) == 1) {
        ssize_t written = write(STDERR_FILENO, line, len);
        (void)written; /* nowhere to complain to */
    }
}

bool log_wants(enum log_level level)
{
    return level <= threshold;
}

void log_event(enum log_level level, const char *event, ...)
{
    char line[LINE_MAX];
    va_list pairs;

    if (!log_wants(level)) {
        return;
    }
    va_start(pairs, event);
    size_t len = format_in_use == LOG_JSON
                     ? write_json(line, level_names[level], event, pairs)
                     : write_text(line, level_names[level], event, pairs);
    va_end(pairs);
    line[len++] = '\n';
    put_line(line, len);
}

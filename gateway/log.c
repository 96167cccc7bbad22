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

/* Set again by a reload, while others write. */
static _Atomic(enum log_level) threshold = LOG_INFO;
static _Atomic(enum log_format) format_in_use = LOG_TEXT;

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

static size_t put(char *line, size_t len, char byte)
{
    if (len < LINE_MAX - 1) {
        line[len++] = byte;
    }
    return len;
}

static size_t append(char *line, size_t len, const char *text)
{
    for (; *text != '\0'; text++) {
        len = put(line, len, *text);
    }
    return len;
}

/* What stands without quotes can be neither two words nor another name. */
static bool is_bare(const char *value)
{
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte <= ' ' || byte >= 0x7F || strchr("\"\\=", byte) != NULL) {
            return false;
        }
    }
    return true;
}

/* Bytes of a value come from callers: none ends the line, the quotes or the terminal's
 * peace. What is no character of UTF-8, or does something to a screen, becomes a blank.
 */
static size_t append_quoted(char *line, size_t len, struct slice value)
{
    len = put(line, len, '"');
    for (size_t i = 0; i < value.len;) {
        uint8_t byte = value.data[i];
        size_t whole = text_character(value, i);
        bool unseen =
            whole == 0 || byte < 0x20 || byte == 0x7F || text_hidden(value, i) > 0;
        if (unseen) {
            len = put(line, len, ' ');
        } else if (byte == '"' || byte == '\\') {
            len = put(line, len, '\\');
        }
        for (size_t k = 0; !unseen && k < whole; k++) {
            len = put(line, len, (char)value.data[i + k]);
        }
        i += whole == 0 ? 1 : whole;
    }
    return put(line, len, '"');
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
        value = value == NULL ? "" : value;
        len = append(line, len, " ");
        len = append(line, len, name);
        len = append(line, len, "=");
        len = is_bare(value) ? append(line, len, value)
                             : append_quoted(line, len, slice_str(value));
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

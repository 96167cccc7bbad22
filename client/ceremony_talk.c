#include "client/ceremony_talk.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "client/screen.h"
#include "proto/text.h"

/* Byte by byte: what follows the line is another program's, of which some are started
 * from here. */
static bool read_line(char out[TALK_LINE_MAX], size_t *len)
{
    char byte = 0;

    *len = 0;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n') {
            return true;
        }
        if (*len < TALK_LINE_MAX - 1) {
            out[(*len)++] = byte;
        }
    }
    return false;
}

static void trim(char *text, size_t len)
{
    size_t begin = 0;

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\r')) {
        len--;
    }
    while (begin < len && text[begin] == ' ') {
        begin++;
    }
    memmove(text, text + begin, len - begin);
    text[len - begin] = '\0';
}

static enum sg_status take_line(char out[TALK_LINE_MAX], struct sg_error *why)
{
    size_t len = 0;

    if (!read_line(out, &len)) {
        return sg_fail(why, SG_ABORTED, "the terminal has gone");
    }
    if (len == TALK_LINE_MAX - 1) {
        return sg_fail(why, SG_INVALID, "that is too long");
    }
    trim(out, len);
    if (strcmp(out, "stop") == 0 || strcmp(out, "berhenti") == 0) {
        return sg_fail(why, SG_ABORTED, "somebody stopped it");
    }
    return out[0] == '\0' || text_plain(slice_str(out))
               ? SG_OK
               : sg_fail(why, SG_INVALID, "that is no plain text");
}

enum sg_status talk_ask(const char *question, char out[TALK_LINE_MAX],
                        struct sg_error *why)
{
    (void)printf("    %s ", question);
    (void)fflush(stdout);
    return take_line(out, why);
}

enum sg_status talk_wait(int timeout_ms, char out[TALK_LINE_MAX], struct sg_error *why)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    (void)fflush(stdout);
    int ready = poll(&input, 1, timeout_ms);
    if (ready <= 0) {
        return ready == 0 ? SG_TIMEOUT : sg_fail(why, SG_ABORTED, "it was interrupted");
    }
    return take_line(out, why);
}

void talk_heading(size_t at, size_t of, const char *text)
{
    (void)printf("\n%2zu/%zu ", at, of);
    screen_folded(stdout, text, 6);
    (void)fputc('\n', stdout);
}

void talk_passed(bool good, bool indonesian, const char *text)
{
    const char *word = good ? "pass" : "FAIL";

    if (indonesian) {
        word = good ? "baik" : "GAGAL";
    }
    (void)printf("    %s%s%s  ", screen_colour(stdout, good ? SCREEN_GREEN : SCREEN_RED),
                 word, screen_colour(stdout, SCREEN_PLAIN));
    screen_folded(stdout, text, 10);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
}

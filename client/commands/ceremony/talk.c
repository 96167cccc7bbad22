#define _GNU_SOURCE /* ppoll */
#include "client/commands/ceremony/talk.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "client/console/screen.h"
#include "proto/text.h"

static volatile sig_atomic_t was_interrupted;

static void wake_up(int number)
{
    (void)number;
    was_interrupted = 1;
}

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

void talk_catch_signals(void)
{
    struct sigaction action = {.sa_handler = wake_up};

    for (size_t i = 0; i < SG_COUNT(ending); i++) {
        (void)sigaction(ending[i], &action, NULL);
    }
}

/* Waits for input; a signal that comes before the wait is not missed. 1: there is some;
 * 0: none in time; -1: interrupted. */
static int wait_input(const struct timespec *timeout)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t blocked;
    sigset_t before;
    int ready = -1;

    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < SG_COUNT(ending); i++) {
        (void)sigaddset(&blocked, ending[i]);
    }
    (void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
    if (was_interrupted == 0) {
        ready = ppoll(&input, 1, timeout, &before);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ready;
}

/* Byte by byte: what follows the line is another program's, of which some are started
 * from here. */
static bool read_line(char out[TALK_LINE_MAX], size_t *len)
{
    char byte = 0;

    *len = 0;
    while (wait_input(NULL) == 1 && read(STDIN_FILENO, &byte, 1) == 1) {
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
        return sg_fail(why, SG_ABORTED,
                       was_interrupted != 0 ? "it was interrupted"
                                            : "the terminal has gone");
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
    const struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                                     .tv_nsec = (long)(timeout_ms % 1000) * 1000000};

    (void)fflush(stdout);
    if (wait_input(&timeout) == 0) {
        return SG_TIMEOUT;
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

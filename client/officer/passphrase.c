#define _GNU_SOURCE /* ppoll */
#include "client/officer/passphrase.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "proto/text.h"

void passphrase_wipe(struct passphrase *passphrase)
{
    OPENSSL_cleanse(passphrase, sizeof(*passphrase));
}

/* What is asked for, and the option that takes its descriptor. */
struct kind {
    const char *called;
    const char *option;
};
static const struct kind kinds[] = {
    [PASSPHRASE_OF_KEY] = {"passphrase", "--passphrase-fd"},
    [PASSPHRASE_PIN] = {"PIN", "--pin-fd"},
    [PASSPHRASE_HALF] = {"half", "--pin-fd"},
    [PASSPHRASE_HALF_TO_JOIN] = {"half", "--halves-fd"},
};

/* Up to the line end, byte by byte: what follows is another's. */
static enum sg_status read_line(int fd, const struct kind *kind, struct passphrase *out,
                                struct sg_error *why)
{
    out->len = 0;
    while (out->len < sizeof(out->text) - 1 && read(fd, out->text + out->len, 1) == 1 &&
           out->text[out->len] != '\n') {
        out->len++;
    }
    out->text[out->len] = '\0';
    if (out->len == 0 || out->len > PASSPHRASE_MAX) {
        return sg_fail(why, SG_INVALID, "a %s has 1 to %d bytes, then a line end",
                       kind->called, PASSPHRASE_MAX);
    }
    return SG_OK;
}

/* --- On the terminal --------------------------------------------------------------- */

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static void say(int fd, const char *text)
{
    (void)!write(fd, text, strlen(text));
}

/* Whoever is interrupted gets back a terminal that shows what is typed. The signals come
 * through only while the line is waited for. */
static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
static volatile sig_atomic_t caught;

struct handlers {
    struct sigaction actions[SG_COUNT(signals)];
    sigset_t mask;
};

static void on_signal(int number)
{
    caught = number;
}

static void catch_signals(struct handlers *before)
{
    const struct sigaction ours = {.sa_handler = on_signal};
    sigset_t held;

    caught = 0;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < SG_COUNT(signals); i++) {
        (void)sigaddset(&held, signals[i]);
    }
    MUST(pthread_sigmask(SIG_BLOCK, &held, &before->mask) == 0);
    for (size_t i = 0; i < SG_COUNT(signals); i++) {
        MUST(sigaction(signals[i], &ours, &before->actions[i]) == 0);
    }
}

static void give_back(const struct handlers *before, struct passphrase *out)
{
    for (size_t i = 0; i < SG_COUNT(signals); i++) {
        MUST(sigaction(signals[i], &before->actions[i], NULL) == 0);
    }
    if (caught != 0) {
        passphrase_wipe(out);
        (void)raise(caught);
    }
    MUST(pthread_sigmask(SIG_SETMASK, &before->mask, NULL) == 0);
}

/* A whole line; false: a signal came. */
static bool line_is_there(int fd, const sigset_t *mask)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};

    return ppoll(&wanted, 1, NULL, mask) == 1 && caught == 0;
}

struct question {
    const char *text;
    const struct kind *kind;
    const sigset_t *mask; /* while it is waited for */
};

static enum sg_status ask_quietly(int fd, const struct question *question,
                                  struct passphrase *out, struct sg_error *why)
{
    struct termios before;

    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        return sg_fail(why, SG_INVALID,
                       "there is no terminal to ask for the %s on: use one, or "
                       "give %s",
                       question->kind->called, question->kind->option);
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE; /* stopped, it would leave the terminal mute */
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
        return sg_fail(why, SG_IO, "the terminal cannot be kept from showing it");
    }
    say(fd, question->text);
    enum sg_status status = line_is_there(fd, question->mask)
                                ? read_line(fd, question->kind, out, why)
                                : sg_fail(why, SG_ABORTED, "broken off");
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    say(fd, "\n");
    return status;
}

static enum sg_status ask(const char *text, const struct kind *kind,
                          struct passphrase *out, struct sg_error *why)
{
    AUTO(close_fd) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct handlers before;
    const struct question question = {text, kind, &before.mask};

    out->len = 0;
    catch_signals(&before);
    enum sg_status status = ask_quietly(fd, &question, out, why);
    give_back(&before, out);
    return status;
}

enum sg_status passphrase_ask_as(enum passphrase_kind kind, const char *question,
                                 struct passphrase *out, struct sg_error *why)
{
    return ask(question, &kinds[kind], out, why);
}

enum sg_status passphrase_ask(const char *question, struct passphrase *out,
                              struct sg_error *why)
{
    return passphrase_ask_as(PASSPHRASE_OF_KEY, question, out, why);
}

enum sg_status passphrase_ask_pin(const char *question, struct passphrase *out,
                                  struct sg_error *why)
{
    return passphrase_ask_as(PASSPHRASE_PIN, question, out, why);
}

static enum sg_status check_new(enum passphrase_kind kind,
                                const struct passphrase *passphrase, struct sg_error *why)
{
    return passphrase->len >= PASSPHRASE_MIN
               ? SG_OK
               : sg_fail(why, SG_INVALID, "a %s of at least %d characters is asked for",
                         kinds[kind].called, PASSPHRASE_MIN);
}

enum sg_status passphrase_ask_new(enum passphrase_kind kind, const char *question,
                                  const char *again, struct passphrase *out,
                                  struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase second = {.len = 0};

    TRY(passphrase_ask_as(kind, question, out, why));
    TRY(check_new(kind, out, why));
    TRY(passphrase_ask_as(kind, again, &second, why));
    if (out->len != second.len || CRYPTO_memcmp(out->text, second.text, out->len) != 0) {
        return sg_fail(why, SG_INVALID,
                       "the %s differs from what was typed once more: nothing was made",
                       kinds[kind].called);
    }
    return SG_OK;
}

/* --- By a descriptor --------------------------------------------------------------- */

enum sg_status passphrase_read_as(enum passphrase_kind kind, const char *descriptor,
                                  struct passphrase *out, struct sg_error *why)
{
    const char *option = kinds[kind].option;
    uint64_t fd = 0;

    if (text_uint(slice_str(descriptor), 1023, &fd) != SG_OK ||
        fcntl((int)fd, F_GETFD) < 0) {
        return sg_fail(why, SG_INVALID,
                       "%s is the number of an open descriptor, as in '%s 3 3<FILE'",
                       option, option);
    }
    return read_line((int)fd, &kinds[kind], out, why);
}

enum sg_status passphrase_read(const char *descriptor, struct passphrase *out,
                               struct sg_error *why)
{
    return passphrase_read_as(PASSPHRASE_OF_KEY, descriptor, out, why);
}

enum sg_status passphrase_read_pin(const char *descriptor, struct passphrase *out,
                                   struct sg_error *why)
{
    return passphrase_read_as(PASSPHRASE_PIN, descriptor, out, why);
}

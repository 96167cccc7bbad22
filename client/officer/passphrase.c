#include "client/officer/passphrase.h"

#include <fcntl.h>
#include <openssl/crypto.h>
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
static const struct kind a_passphrase = {"passphrase", "--passphrase-fd"};
static const struct kind a_pin = {"PIN", "--pin-fd"};

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

static enum sg_status ask(const char *question, const struct kind *kind,
                          struct passphrase *out, struct sg_error *why)
{
    AUTO(close_fd) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before;

    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        return sg_fail(why, SG_INVALID,
                       "there is no terminal to ask for the %s on: use one, or "
                       "give %s",
                       kind->called, kind->option);
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
        return sg_fail(why, SG_IO, "the terminal cannot be kept from showing it");
    }
    say(fd, question);
    enum sg_status status = read_line(fd, kind, out, why);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    say(fd, "\n");
    return status;
}

enum sg_status passphrase_ask(const char *question, struct passphrase *out,
                              struct sg_error *why)
{
    return ask(question, &a_passphrase, out, why);
}

enum sg_status passphrase_ask_pin(const char *question, struct passphrase *out,
                                  struct sg_error *why)
{
    return ask(question, &a_pin, out, why);
}

static enum sg_status check_new(const struct passphrase *passphrase, struct sg_error *why)
{
    return passphrase->len >= PASSPHRASE_MIN
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "a passphrase of at least %d characters is asked for",
                         PASSPHRASE_MIN);
}

enum sg_status passphrase_ask_new(const char *question, const char *again,
                                  struct passphrase *out, struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase second = {.len = 0};

    TRY(passphrase_ask(question, out, why));
    TRY(check_new(out, why));
    TRY(passphrase_ask(again, &second, why));
    if (out->len != second.len || CRYPTO_memcmp(out->text, second.text, out->len) != 0) {
        return sg_fail(why, SG_INVALID, "the two passphrases differ: nothing was made");
    }
    return SG_OK;
}

/* --- By a descriptor --------------------------------------------------------------- */

static enum sg_status read_from(const char *descriptor, const struct kind *kind,
                                struct passphrase *out, struct sg_error *why)
{
    uint64_t fd = 0;

    if (text_uint(slice_str(descriptor), 1023, &fd) != SG_OK ||
        fcntl((int)fd, F_GETFD) < 0) {
        return sg_fail(why, SG_INVALID,
                       "%s is the number of an open descriptor, as in '%s 3 3<FILE'",
                       kind->option, kind->option);
    }
    return read_line((int)fd, kind, out, why);
}

enum sg_status passphrase_read(const char *descriptor, struct passphrase *out,
                               struct sg_error *why)
{
    return read_from(descriptor, &a_passphrase, out, why);
}

enum sg_status passphrase_read_pin(const char *descriptor, struct passphrase *out,
                                   struct sg_error *why)
{
    return read_from(descriptor, &a_pin, out, why);
}

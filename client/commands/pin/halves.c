#include "client/commands/pin/halves.h"

#include "client/officer/halves.h"

/* English, Indonesian. */
static const char *const questions[2][2] = {
    {"First officer's half:  ", "Bagian petugas pertama: "},
    {"Second officer's half: ", "Bagian petugas kedua:   "}};
static const char *const once_more[2] = {"The same once more:    ",
                                         "Sekali lagi:            "};

static enum sg_status read_half(const struct halves_ask *ask, struct passphrase *out,
                                struct sg_error *why)
{
    TRY(passphrase_read_as(ask->kind, ask->fd, out, why));
    return !ask->new || out->len >= PASSPHRASE_MIN
               ? SG_OK
               : sg_fail(why, SG_INVALID, "a half has at least %d characters",
                         PASSPHRASE_MIN);
}

static enum sg_status get_half(const struct halves_ask *ask, int which,
                               struct passphrase *out, struct sg_error *why)
{
    const char *question = questions[which][ask->indonesian ? 1 : 0];

    if (ask->fd != NULL) {
        return read_half(ask, out, why);
    }
    return ask->new ? passphrase_ask_new(ask->kind, question,
                                         once_more[ask->indonesian ? 1 : 0], out, why)
                    : passphrase_ask_as(ask->kind, question, out, why);
}

enum sg_status pin_halves_ask(const struct halves_ask *ask, struct passphrase *pin,
                              struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase first = {.len = 0};
    AUTO(passphrase_wipe) struct passphrase second = {.len = 0};

    TRY(get_half(ask, 0, &first, why));
    TRY(get_half(ask, 1, &second, why));
    return halves_join(&first, &second, ask->token, pin) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_INTERNAL, "OpenSSL cannot join the halves");
}

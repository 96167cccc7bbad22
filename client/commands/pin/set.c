#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "client/commands/pin/halves.h"
#include "client/commands/pin/pipe.h"
#include "client/commands/pin/scene.h"
#include "client/console/screen.h"

/* `segel pin set LANE` */
struct set_options {
    const char *socket;
    const char *pin_fd;
    const char *lang;
    bool last_try;
    bool split;
    bool generate;
};

static const struct option rows[] = {
    {"socket", 0, "PATH", "the gateway's control.socket (default: " CONTROL_SOCKET ")",
     offsetof(struct set_options, socket)},
    {"pin-fd", 0, "N",
     "read the old PIN where it is typed, then the new one, a line each, from this open "
     "descriptor",
     offsetof(struct set_options, pin_fd)},
    {"split", 0, NULL, "two officers type a half each ('segel pin join')",
     offsetof(struct set_options, split)},
    {"generate", 0, NULL,
     "20 random characters, which nobody sees; where a file holds the PIN",
     offsetof(struct set_options, generate)},
    {"last-try", 0, NULL, "go on although one more wrong PIN locks the token",
     offsetof(struct set_options, last_try)},
    {"lang", 0, "id|en", "language of questions and answers (default: en)",
     offsetof(struct set_options, lang)},
};

/* What one run holds. */
struct setting {
    const struct set_options *options;
    struct pin_scene scene;
    const Segel__Control__V1__ControlReply *reply; /* what the gateway says before */
};

static const char *pick(const struct setting *all, const char *english,
                        const char *indonesian)
{
    return pin_scene_pick(&all->scene, english, indonesian);
}

/* --- What is typed ----------------------------------------------------------------- */

static SG_MUST_USE enum sg_status ask_halves(const struct setting *all, bool new,
                                             struct passphrase *out, struct sg_error *why)
{
    const struct halves_ask halves = {all->reply->token_label, all->options->pin_fd, new,
                                      all->scene.indonesian, PASSPHRASE_HALF};
    return pin_halves_ask(&halves, out, why);
}

static SG_MUST_USE enum sg_status ask_old(const struct setting *all,
                                          struct passphrase *out, struct sg_error *why)
{
    if (all->options->split) {
        return ask_halves(all, false, out, why);
    }
    if (all->options->pin_fd != NULL) {
        return passphrase_read_pin(all->options->pin_fd, out, why);
    }
    return passphrase_ask_pin(pick(all, "Present PIN:       ", "PIN yang sekarang: "),
                              out, why);
}

/* Crockford's base32, 5 bits a character: 100 bits. */
static SG_MUST_USE enum sg_status generate(struct passphrase *out, struct sg_error *why)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    enum { LEN = 20 };
    uint8_t bytes[LEN];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return sg_fail(why, SG_INTERNAL, "this machine gives no random numbers");
    }
    for (size_t i = 0; i < LEN; i++) {
        out->text[i] = digits[bytes[i] % 32];
    }
    out->text[LEN] = '\0';
    out->len = LEN;
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return SG_OK;
}

static SG_MUST_USE enum sg_status ask_new(const struct setting *all,
                                          struct passphrase *out, struct sg_error *why)
{
    if (all->options->generate) {
        return generate(out, why);
    }
    if (all->options->split) {
        return ask_halves(all, true, out, why);
    }
    if (all->options->pin_fd == NULL) {
        return passphrase_ask_new(
            PASSPHRASE_PIN, pick(all, "New PIN:           ", "PIN baru:          "),
            pick(all, "The same once more: ", "Sekali lagi:       "), out, why);
    }
    TRY(passphrase_read_pin(all->options->pin_fd, out, why));
    return out->len >= PASSPHRASE_MIN
               ? SG_OK
               : sg_fail(why, SG_INVALID, "a new PIN has at least %d characters",
                         PASSPHRASE_MIN);
}

/* "OLD LF NEW", or the new one alone. */
static SG_MUST_USE enum sg_status put_together(const struct passphrase *old,
                                               const struct passphrase *new,
                                               struct passphrase *out,
                                               struct sg_error *why)
{
    size_t before = old->len == 0 ? 0 : old->len + 1;

    if (before + new->len > PASSPHRASE_MAX) {
        return sg_fail(why, SG_INVALID, "both PINs together have at most %d characters",
                       PASSPHRASE_MAX - 1);
    }
    memcpy(out->text, old->text, old->len);
    if (before > 0) {
        out->text[old->len] = '\n';
    }
    memcpy(out->text + before, new->text, new->len);
    out->len = before + new->len;
    return SG_OK;
}

static SG_MUST_USE enum sg_status ask_both(const struct setting *all,
                                           struct passphrase *out, struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase old = {.len = 0};
    AUTO(passphrase_wipe) struct passphrase new = {.len = 0};

    (void)mlock(&old, sizeof(old)); /* as far as the limit lets */
    (void)mlock(&new, sizeof(new));
    if (all->reply->awaits_old != 0) {
        TRY(ask_old(all, &old, why));
    }
    TRY(ask_new(all, &new, why));
    return put_together(&old, &new, out, why);
}

/* --- Running ----------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status judge(const struct setting *all, struct sg_error *why)
{
    const Segel__Control__V1__ControlReply *reply = all->reply;

    if (reply->awaits_change == 0) {
        return sg_fail(why, SG_PRECONDITION, "%s '%.64s'%s",
                       pick(all, "no new PIN is awaited for lane",
                            "tidak ada PIN baru yang ditunggu untuk jalur"),
                       all->scene.lane,
                       pick(all, ": ask for it first ('segel pin change')",
                            ": mintalah dulu ('segel pin change')"));
    }
    if (reply->pin_final_try != 0 && !all->options->last_try) {
        return sg_fail(why, SG_PRECONDITION, "%s",
                       pick(all,
                            "one more wrong PIN locks the token: add --last-try when you "
                            "are sure of the old one",
                            "satu PIN salah lagi mengunci token: tambahkan --last-try "
                            "bila Anda yakin akan PIN lama"));
    }
    return !all->options->generate || reply->awaits_old == 0
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION, "%s",
                         pick(all,
                              "--generate is for a lane with a pin_file: nobody could "
                              "type what nobody has seen",
                              "--generate hanya untuk jalur dengan pin_file: tidak ada "
                              "yang dapat mengetik PIN yang tidak pernah dilihat"));
}

static void tell(const struct setting *all)
{
    (void)printf("%s ", pick(all, "the token of lane", "token jalur"));
    screen_text(stdout, all->scene.lane);
    (void)printf("%s\n", all->reply->awaits_old != 0
                             ? pick(all, " has its new PIN; the lane asks for it",
                                    " memakai PIN baru; jalur memintanya")
                             : pick(all, " has its new PIN, and so has the PIN file",
                                    " memakai PIN baru, begitu pula berkas PIN-nya"));
}

static SG_MUST_USE enum sg_status set(struct setting *all, struct sg_error *why)
{
    AUTO(control_free) Segel__Control__V1__ControlReply *before = NULL;
    AUTO(control_free) Segel__Control__V1__ControlReply *after = NULL;
    AUTO(passphrase_wipe) struct passphrase both = {.len = 0};
    struct control_ask ask = {
        .socket = all->options->socket, .lane = all->scene.lane, .pipe = -1};

    (void)mlock(&both, sizeof(both));
    TRY(control_call(&ask, &before, why));
    all->reply = before;
    TRY(judge(all, why));
    TRY(ask_both(all, &both, why));
    ask.change = true;
    ask.last_try = all->options->last_try;
    TRY(pin_pipe_call(&ask, slice_of(both.text, both.len), &after, why));
    tell(all);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct set_options options = {.socket = CONTROL_SOCKET, .lang = "en"};
    struct setting all = {.options = &options};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_pin_set, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        pin_scene_begin(&command_pin_set, words, options.lang, &all.scene, &why);
    if (status == SG_OK) {
        status = set(&all, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_pin_set = {
    .name = "pin set",
    .operands = "LANE",
    .summary = "type the new PIN of a lane's token, on the gateway's machine",
    .examples =
        "After others have approved 'segel pin change LANE', and within ten minutes. "
        "The\n"
        "new PIN, at least 12 characters, is asked for twice, without showing it; "
        "before\n"
        "it the present one, where a person types that. The lanes of the token rest, "
        "the\n"
        "token is told and must let the gateway in with the new PIN. Then the PIN file, "
        "if\n"
        "there is one, is replaced.\n\n"
        "Examples:\n"
        "  segel pin set lane0\n"
        "  segel pin set lane0 --generate\n"
        "  segel pin set lane0 --split --lang id\n"
        "  segel pin set lane0 --pin-fd 3 3<FILE\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

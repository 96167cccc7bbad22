#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "client/call/control.h"
#include "client/commands/pin/halves.h"
#include "client/commands/pin/pipe.h"
#include "client/commands/pin/scene.h"
#include "client/console/screen.h"

/* `segel pin enter LANE` */
struct enter_options {
    const char *socket;
    const char *pin_fd;
    const char *lang;
    bool last_try;
    bool split;
    bool call_off;
};

static const struct option rows[] = {
    {"socket", 0, "PATH", "the gateway's control.socket (default: " CONTROL_SOCKET ")",
     offsetof(struct enter_options, socket)},
    {"pin-fd", 0, "N",
     "read the PIN, or the two halves, from this open descriptor instead of asking",
     offsetof(struct enter_options, pin_fd)},
    {"last-try", 0, NULL, "enter it although one more wrong PIN locks the token",
     offsetof(struct enter_options, last_try)},
    {"split", 0, NULL, "two officers type a half each ('segel pin join')",
     offsetof(struct enter_options, split)},
    {"call-off", 0, NULL, "the ceremony that awaits the PIN is not held",
     offsetof(struct enter_options, call_off)},
    {"lang", 0, "id|en", "language of questions and answers (default: en)",
     offsetof(struct enter_options, lang)},
};

/* What one run holds. */
struct entering {
    const struct enter_options *options;
    struct pin_scene scene;
};

static const char *pick(const struct entering *all, const char *english,
                        const char *indonesian)
{
    return pin_scene_pick(&all->scene, english, indonesian);
}

/* --- Before it is asked for ----------------------------------------------------------
 */

static void warn(const struct entering *all,
                 const Segel__Control__V1__ControlReply *reply)
{
    if (reply->pin_failures > 0) {
        (void)fprintf(stderr, "%s: %u\n",
                      pick(all, "Refused logins of this token so far",
                           "Penolakan PIN token ini sejauh ini"),
                      reply->pin_failures);
    }
    if (reply->pin_final_try != 0) {
        (void)fputs(pick(all, "ONE TRY IS LEFT: a wrong PIN locks the token.\n",
                         "SISA SATU PERCOBAAN: PIN yang salah mengunci token.\n"),
                    stderr);
    } else if (reply->pin_count_low != 0) {
        (void)fputs(pick(all, "The token says that few tries are left.\n",
                         "Token menyatakan sisa percobaan tinggal sedikit.\n"),
                    stderr);
    }
}

static SG_MUST_USE enum sg_status judge(const struct entering *all,
                                        const Segel__Control__V1__ControlReply *reply,
                                        struct sg_error *why)
{
    if (reply->awaits_pin == 0) {
        return sg_fail(why, SG_PRECONDITION, "%s '%s' %s: %s%s%s",
                       pick(all, "lane", "jalur"), all->scene.lane,
                       pick(all, "awaits no PIN now", "tidak menunggu PIN sekarang"),
                       reply->state, reply->sentence[0] == '\0' ? "" : ", ",
                       reply->sentence);
    }
    if (reply->pin_final_try != 0 && !all->options->last_try) {
        return sg_fail(why, SG_PRECONDITION, "%s",
                       pick(all,
                            "nothing was tried: add --last-try when you are sure of the "
                            "PIN",
                            "tidak ada yang dicoba: tambahkan --last-try bila Anda yakin "
                            "akan PIN-nya"));
    }
    return SG_OK;
}

static SG_MUST_USE enum sg_status ask_pin(const struct entering *all,
                                          const Segel__Control__V1__ControlReply *reply,
                                          struct passphrase *pin, struct sg_error *why)
{
    char question[192];

    if (all->options->split) {
        const struct halves_ask halves = {reply->token_label, all->options->pin_fd, false,
                                          all->scene.indonesian, PASSPHRASE_HALF};
        return pin_halves_ask(&halves, pin, why);
    }
    if (all->options->pin_fd != NULL) {
        return passphrase_read_pin(all->options->pin_fd, pin, why);
    }
    (void)snprintf(question, sizeof(question),
                   "%s '%s' (%s %s): ", pick(all, "PIN of token", "PIN token"),
                   reply->token_label, pick(all, "serial", "nomor seri"),
                   reply->token_serial);
    return passphrase_ask_pin(question, pin, why);
}

/* --- Handing it over -----------------------------------------------------------------
 */

/* The gateway says "up" of a lane; to a ceremony the PIN was but given. */
static void tell(const struct entering *all,
                 const Segel__Control__V1__ControlReply *reply)
{
    bool up = strcmp(reply->state, "up") == 0;

    (void)printf("%s ", pick(all, "lane", "jalur"));
    screen_text(stdout, all->scene.lane);
    (void)printf("%s\n",
                 up ? pick(all, " is up", " siap")
                    : pick(all,
                           ": the ceremony has its PIN; the lane asks for it again "
                           "afterwards",
                           ": upacara telah menerima PIN; jalur memintanya lagi sesudah "
                           "upacara"));
}

static SG_MUST_USE enum sg_status
hand_over(const struct entering *all, const struct passphrase *pin, struct sg_error *why)
{
    AUTO(control_free) Segel__Control__V1__ControlReply *reply = NULL;
    struct control_ask ask = {.socket = all->options->socket,
                              .lane = all->scene.lane,
                              .last_try = all->options->last_try};

    enum sg_status status =
        pin_pipe_call(&ask, slice_of(pin->text, pin->len), &reply, why);
    if (status == SG_OK) {
        tell(all, reply);
    }
    return status;
}

static SG_MUST_USE enum sg_status call_off(const struct entering *all,
                                           struct sg_error *why)
{
    AUTO(control_free) Segel__Control__V1__ControlReply *reply = NULL;
    const struct control_ask ask = {.socket = all->options->socket,
                                    .lane = all->scene.lane,
                                    .pipe = -1,
                                    .call_off = true};

    TRY(control_call(&ask, &reply, why));
    (void)puts(pick(all, "the ceremony is called off", "upacara dibatalkan"));
    return SG_OK;
}

static SG_MUST_USE enum sg_status enter(const struct entering *all, struct sg_error *why)
{
    AUTO(control_free) Segel__Control__V1__ControlReply *reply = NULL;
    AUTO(passphrase_wipe) struct passphrase pin = {.len = 0};
    const struct control_ask look = {
        .socket = all->options->socket, .lane = all->scene.lane, .pipe = -1};

    (void)mlock(&pin, sizeof(pin)); /* as far as the limit lets */
    TRY(control_call(&look, &reply, why));
    warn(all, reply);
    TRY(judge(all, reply, why));
    TRY(ask_pin(all, reply, &pin, why));
    return hand_over(all, &pin, why);
}

/* --- Running -------------------------------------------------------------------------
 */

static enum exit_code run(const struct home *home, struct words *words)
{
    struct enter_options options = {.socket = CONTROL_SOCKET, .lang = "en"};
    struct entering all = {.options = &options};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_pin_enter, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        pin_scene_begin(&command_pin_enter, words, options.lang, &all.scene, &why);
    if (status == SG_OK) {
        status = options.call_off ? call_off(&all, &why) : enter(&all, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_pin_enter = {
    .name = "pin enter",
    .operands = "LANE",
    .summary = "type the PIN of a lane that awaits it, on the gateway's machine",
    .examples =
        "For lanes with 'pin_file: prompt', and for a token whose next wrong PIN locks\n"
        "it. The PIN is asked for once, without showing it, and goes to the lane's "
        "process\n"
        "alone; it is tried once. After each start of that process it is asked for "
        "anew.\n\n"
        "Examples:\n"
        "  segel pin enter lane0\n"
        "  segel pin enter lane0 --last-try --lang id\n"
        "  segel pin enter lane0 --split\n"
        "  segel pin enter lane0 --pin-fd 3 3<FILE\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

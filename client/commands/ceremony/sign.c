#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/call/approval_call.h"
#include "client/call/person_key.h"
#include "client/commands/ceremony/minutes_kept.h"
#include "client/commands/ceremony/minutes_sign.h"
#include "client/console/command.h"

/* `segel ceremony sign MINUTES` */
struct sign_options {
    const char *key;
    const char *name;
    const char *quorum;
    const char *passphrase_fd;
    const char *pin_fd;
    const char *lang;
    bool yes;
    bool offline;
};

#define AT(member) offsetof(struct sign_options, member)
static const struct option rows[] = {
    {"key", 0, "FILE|URI",
     "your key: a file, or a PKCS#11 URI (default: officer.pem in the home folder)",
     AT(key)},
    {"name", 0, "NAME",
     "name of a key on a card, as in the quorum file (default: its label there)",
     AT(name)},
    {"quorum", 0, "FILE", "the quorum file (default: the gateway is asked)", AT(quorum)},
    {"yes", 'y', NULL, "do not ask before signing", AT(yes)},
    {"passphrase-fd", 0, "N", "read the key's passphrase from this open descriptor",
     AT(passphrase_fd)},
    {"pin-fd", 0, "N", "the same for the card's PIN", AT(pin_fd)},
    {"offline", 0, NULL, "do not hand the signature in at the gateway", AT(offline)},
    {"lang", 0, "id|en", "language of the questions (default: en)", AT(lang)},
};

/* What one run holds. */
struct signing {
    const struct home *home;
    const struct sign_options *options;
    const char *path; /* or the id of minutes that the gateway keeps */
    bool kept;
    bool indonesian;
    struct person_key key;
};

static enum sg_status prepare(struct signing *all, const struct words *words,
                              struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(
            why, SG_INVALID,
            "name a file, or minutes of the gateway: segel ceremony sign MINUTES|ID");
    }
    all->path = words->at[0];
    all->kept = !all->options->offline && minutes_kept_named(all->path);
    TRY(approval_language(all->options->lang, &all->indonesian, why));
    /* Before anybody is asked. */
    return person_key_find(all->home, all->options->key, all->options->name, &all->key,
                           why);
}

/* Nobody signs what was not seen. */
static enum sg_status show(const struct signing *all, struct minutes_file *file,
                           struct sg_error *why)
{
    TRY(all->kept ? minutes_kept_fetch(all->home, all->path, file, why)
                  : minutes_file_load(all->path, file, why));
    minutes_file_print(file->text, stdout);
    if (minutes_rehearsed(&file->minutes)) {
        (void)printf("%s\n",
                     all->indonesian
                         ? "Ini LATIHAN: berita acara ini tidak membuktikan apa pun."
                         : "This is a REHEARSAL: these minutes prove nothing.");
    }
    (void)fflush(stdout);
    return SG_OK;
}

static enum sg_status agree(const struct signing *all, struct sg_error *why)
{
    char answer[16] = "";

    if (all->options->yes) {
        return SG_OK;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return sg_fail(why, SG_INVALID,
                       "nobody can be asked here: use a terminal, or --yes when you have "
                       "read the minutes");
    }
    (void)fprintf(stderr, "%s",
                  all->indonesian ? "Tandatangani berita acara ini? [y/t] "
                                  : "Sign these minutes? [y/n] ");
    bool yes = fgets(answer, sizeof(answer), stdin) != NULL &&
               (answer[0] == 'y' || answer[0] == 'Y');
    return yes ? SG_OK
               : sg_fail(why, SG_DENIED,
                         all->indonesian ? "tidak ada yang ditandatangani"
                                         : "nothing was signed");
}

static enum sg_status sign_kept(const struct signing *all, struct slice note,
                                struct sg_error *why)
{
    size_t missing = 0;

    TRY(minutes_kept_sign(all->home, all->path, note, &missing, why));
    (void)printf(all->indonesian ? "ditandatangani: " : "signed: ");
    (void)printf("%s\n", all->path);
    minutes_kept_tell(missing, all->indonesian);
    return SG_OK;
}

/* What stands in the file stands, also where the gateway is away. */
static void hand_in(const struct signing *all, bool rehearsed)
{
    AUTO(minutes_file_free) struct minutes_file file = {.signatures = 0};
    struct sg_error why = {0};
    size_t missing = 0;

    if (all->options->offline || rehearsed) {
        return;
    }
    enum sg_status status = minutes_file_load(all->path, &file, &why);
    status =
        status == SG_OK ? minutes_kept_hand_in(all->home, &file, &missing, &why) : status;
    if (status == SG_OK) {
        minutes_kept_tell(missing, all->indonesian);
        return;
    }
    (void)fprintf(
        stderr,
        all->indonesian
            ? "Gateway belum menyimpannya: %s. Nanti: segel ceremony keep %s\n"
            : "The gateway does not keep it yet: %s. Later: segel ceremony keep "
              "%s\n",
        why.text[0] == '\0' ? sg_status_text(status) : why.text, all->path);
}

static enum sg_status sign(struct signing *all, struct known_people *known,
                           struct sg_error *why)
{
    AUTO(minutes_file_free) struct minutes_file file = {.signatures = 0};
    static struct person_note note; /* large */
    const struct person_secret secret = {all->options->passphrase_fd,
                                         all->options->pin_fd, all->indonesian};

    TRY(show(all, &file, why));
    TRY(all->options->quorum != NULL ? known_from_file(all->options->quorum, known, why)
                                     : known_from_gateway(all->home, known, why));
    TRY(agree(all, why));
    TRY(person_key_sign(&all->key, &secret, file.text, &note, why));
    if (all->kept) {
        return sign_kept(all, note.note, why);
    }
    TRY(minutes_sign(known, all->path, note.note, why));
    (void)printf(all->indonesian ? "ditandatangani: " : "signed: ");
    (void)printf("%s\n", all->path);
    hand_in(all, minutes_rehearsed(&file.minutes));
    return SG_OK;
}

static void end_signing(struct signing *all)
{
    person_key_fini(&all->key);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct sign_options options = {.lang = "en"};
    AUTO(end_signing) struct signing all = {.home = home, .options = &options};
    struct sg_error why = {0};

    if (command_parse(&command_ceremony_sign, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    struct known_people *known = (struct known_people *)malloc(sizeof(*known));
    enum sg_status status = known == NULL ? SG_NO_MEMORY : prepare(&all, words, &why);
    if (status == SG_OK) {
        status = sign(&all, known, &why);
    }
    free(known);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_sign = {
    .name = "ceremony sign",
    .operands = "MINUTES",
    .summary = "sign the minutes of a ceremony in which you took part",
    .examples =
        "Shows the minutes, asks, and puts your signature behind those that are there.\n"
        "The file is changed in its place; carry it to the next person. Witnesses sign\n"
        "last.\n\n"
        "Examples:\n"
        "  segel ceremony sign seal-2027.minutes\n"
        "  segel ceremony sign seal-2027.minutes --quorum quorum --key "
        "/media/card/x.pem\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

#include <stdio.h>
#include <string.h>

#include "client/call/person_key.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "client/officer/key.h"

/* `segel officer key` */
struct key_options {
    const char *out;
    const char *uri;
    const char *person;
    const char *role;
    const char *name;
    const char *passphrase_fd;
};

#define AT(member) offsetof(struct key_options, member)
static const struct option rows[] = {
    {"out", 0, "FILE", "where the new key goes; never overwritten", AT(out)},
    {"uri", 0, "URI", "instead: a key that is on a card; only its line is printed",
     AT(uri)},
    {"person", 0, "NAME", "you, as the gateway's callers and its quorum file name you",
     AT(person)},
    {"role", 0, "ROLE", "officer, reviewer or operator (default: officer)", AT(role)},
    {"name", 0, "NAME",
     "name of the key, as in officer-a.example.go.id; it stands in every signature "
     "(default: the person's, of a key on a card its label)",
     AT(name)},
    {"passphrase-fd", 0, "N", "read the new passphrase from this open descriptor",
     AT(passphrase_fd)},
};

static SG_MUST_USE enum sg_status get_passphrase(const struct key_options *options,
                                                 struct passphrase *out,
                                                 struct sg_error *why)
{
    if (options->passphrase_fd == NULL) {
        return passphrase_ask_new(PASSPHRASE_OF_KEY, "Passphrase for the new key: ",
                                  "The same once more:         ", out, why);
    }
    TRY(passphrase_read(options->passphrase_fd, out, why));
    return out->len >= PASSPHRASE_MIN
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "a passphrase of at least %d characters is asked for",
                         PASSPHRASE_MIN);
}

static SG_MUST_USE enum sg_status check(const struct key_options *options,
                                        const struct words *words, struct sg_error *why)
{
    if (words->count > 0) {
        return sg_fail(why, SG_INVALID,
                       "officer key takes options only: 'segel officer key --help'");
    }
    if (options->uri != NULL && options->out != NULL) {
        return sg_fail(why, SG_INVALID,
                       "the key is in a file (--out) or on a card (--uri)");
    }
    if (options->uri == NULL) {
        TRY(options_need(&command_officer_key.options, options, "out", why));
    }
    TRY(options_need(&command_officer_key.options, options, "person", why));
    if (strcmp(options->role, "officer") != 0 && strcmp(options->role, "reviewer") != 0 &&
        strcmp(options->role, "operator") != 0) {
        return sg_fail(why, SG_INVALID, "--role is officer, reviewer or operator");
    }
    return SG_OK;
}

static void print_line(const struct key_options *options, const struct note_key *key)
{
    char vkey[NOTE_VKEY_MAX];

    note_vkey_format(key, vkey);
    (void)printf("%s ", options->role);
    screen_text(stdout, options->person);
    (void)printf(" %s\n", vkey);
}

static SG_MUST_USE enum sg_status make(const struct key_options *options,
                                       struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase passphrase = {.len = 0};
    AUTO(named_key_fini) struct named_key key = {.pair = NULL};
    const char *name = options->name == NULL ? options->person : options->name;

    TRY(get_passphrase(options, &passphrase, why));
    TRY(officer_key_make(name, options->out, &passphrase, &key, why));
    print_line(options, &key.verifier);
    return SG_OK;
}

static SG_MUST_USE enum sg_status show(const struct key_options *options,
                                       struct sg_error *why)
{
    AUTO(person_key_fini) struct person_key key = {.card = NULL};

    TRY(person_key_find(NULL, options->uri, options->name, &key, why));
    print_line(options, &key.verifier);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct key_options options = {.role = "officer"};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_officer_key, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = check(&options, words, &why);
    if (status == SG_OK && options.uri != NULL && !card_is_uri(options.uri)) {
        status = sg_fail(&why, SG_INVALID, "--uri begins with pkcs11:");
    }
    if (status == SG_OK) {
        status = options.uri == NULL ? make(&options, &why) : show(&options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_officer_key = {
    .name = "officer key",
    .operands = "",
    .summary = "make your key for approvals, or show the line of one on a card",
    .examples =
        "Prints the line for the quorum file: hand it to whoever writes that, in "
        "person.\n"
        "The key is an Ed25519 key in PEM form, mode 0600; nobody else may have it, or\n"
        "know its passphrase, which is asked for twice.\n\n"
        "Examples:\n"
        "  segel officer key --person officer-a --name officer-a.example.go.id \\\n"
        "      --out ~/.config/segel/officer.pem\n"
        "  segel officer key --person reviewer-x --role reviewer --out "
        "/media/card/x.pem\n"
        "  segel officer key --person officer-b --name officer-b.example.go.id --uri \\\n"
        "      "
        "'pkcs11:token=officer-b;object=approvals?module-path=/usr/lib/"
        "opensc-pkcs11.so'\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

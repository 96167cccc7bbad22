#include "client/call/person_key.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "client/officer/key.h"

void person_key_fini(struct person_key *key)
{
    card_close(&key->card);
}

/* --- Finding ------------------------------------------------------------------------ */

static enum sg_status name_card(struct person_key *key, const char *name,
                                struct sg_error *why)
{
    struct card_facts facts;

    card_facts(key->card, &facts);
    const char *called = name == NULL ? facts.label : name;
    if (note_key_make(slice_str(called), NOTE_ED25519, facts.public_key,
                      &key->verifier) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "the key's label on the card, '%.64s', cannot be its name in a "
                       "signature: say --name as the quorum file does, as in "
                       "officer-a.example.go.id",
                       called);
    }
    return SG_OK;
}

enum sg_status person_key_find(const struct home *home, const char *given,
                               const char *name, struct person_key *out,
                               struct sg_error *why)
{
    if (given != NULL && card_is_uri(given)) {
        TRY(card_open(given, &out->card, why));
        return name_card(out, name, why);
    }
    if (name != NULL) {
        return sg_fail(why, SG_INVALID,
                       "--name is for keys on a card; a file has its own");
    }
    if (given == NULL) {
        TRY(home_known(home, why));
    }
    int len = given == NULL
                  ? snprintf(out->path, sizeof(out->path), "%s/officer.pem", home->dir)
                  : snprintf(out->path, sizeof(out->path), "%s", given);
    if (len <= 0 || (size_t)len >= sizeof(out->path)) {
        return sg_fail(why, SG_INVALID, "the path of the key is too long");
    }
    return officer_key_look(out->path, why);
}

/* --- Signing ------------------------------------------------------------------------ */

static const char *pick(const struct person_secret *secret, const char *english,
                        const char *indonesian)
{
    return secret->indonesian ? indonesian : english;
}

static enum sg_status sign_by_file(const struct person_key *key,
                                   const struct person_secret *secret, struct slice text,
                                   struct person_note *out, struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase passphrase = {.len = 0};
    AUTO(named_key_fini) struct named_key pair = {.pair = NULL};

    TRY(secret->passphrase_fd != NULL
            ? passphrase_read(secret->passphrase_fd, &passphrase, why)
            : passphrase_ask(
                  pick(secret, "Passphrase of your key: ", "Frasa sandi kunci Anda: "),
                  &passphrase, why));
    TRY(officer_key_load(key->path, &passphrase, &pair, why));
    return officer_key_sign(&pair, text, out->bytes, sizeof(out->bytes), &out->note) ==
                   SG_OK
               ? SG_OK
               : sg_fail(why, SG_INTERNAL, "the key cannot sign");
}

static enum sg_status ask_pin(const struct person_key *key,
                              const struct person_secret *secret, struct passphrase *pin,
                              struct sg_error *why)
{
    char question[192];
    struct card_facts facts;

    card_facts(key->card, &facts);
    if (facts.count_low) {
        (void)fputs(pick(secret, "The card says that few tries are left.\n",
                         "Kartu menyatakan sisa percobaan tinggal sedikit.\n"),
                    stderr);
    }
    if (facts.own_keypad) {
        (void)fputs(pick(secret, "Type the PIN on the card's reader.\n",
                         "Ketik PIN pada pembaca kartu.\n"),
                    stderr);
        return SG_OK;
    }
    if (secret->pin_fd != NULL) {
        return passphrase_read_pin(secret->pin_fd, pin, why);
    }
    (void)snprintf(question, sizeof(question),
                   "%s '%s' (%s %s): ", pick(secret, "PIN of token", "PIN token"),
                   facts.token, pick(secret, "serial", "nomor seri"), facts.serial);
    return passphrase_ask_pin(question, pin, why);
}

static enum sg_status write_note(const struct note_key *verifier, struct slice text,
                                 const uint8_t signature[NOTE_ED25519_SIZE],
                                 struct person_note *out)
{
    struct lines_out lines;

    lines_start(&lines, out->bytes, sizeof(out->bytes));
    note_begin(&lines, text);
    note_add_signature(&lines, slice_str(verifier->name), verifier->id,
                       slice_of(signature, NOTE_ED25519_SIZE));
    return lines_finish(&lines, &out->note);
}

static enum sg_status sign_by_card(struct person_key *key,
                                   const struct person_secret *secret, struct slice text,
                                   struct person_note *out, struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase pin = {.len = 0};
    uint8_t signature[NOTE_ED25519_SIZE];

    (void)mlock(&pin, sizeof(pin)); /* as far as the limit lets */
    TRY(card_check(key->card, why));
    TRY(ask_pin(key, secret, &pin, why));
    TRY(card_sign(key->card, slice_of(pin.text, pin.len), text, signature, why));
    return write_note(&key->verifier, text, signature, out);
}

enum sg_status person_key_sign(struct person_key *key, const struct person_secret *secret,
                               struct slice text, struct person_note *out,
                               struct sg_error *why)
{
    return key->card != NULL ? sign_by_card(key, secret, text, out, why)
                             : sign_by_file(key, secret, text, out, why);
}

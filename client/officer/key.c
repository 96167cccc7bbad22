#include "client/officer/key.h"

#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

enum {
    SALT_BYTES = 16,
    /* 16 MiB and some tens of milliseconds a guess. */
    SCRYPT_N = 16384,
    SCRYPT_R = 8,
    SCRYPT_P = 1
};

/* PKCS#5 PBES2; NULL: OpenSSL failed. */
static X509_SIG *lock(EVP_PKEY *pair, const struct passphrase *passphrase)
{
    uint8_t salt[SALT_BYTES];
    PKCS8_PRIV_KEY_INFO *open = EVP_PKEY2PKCS8(pair);
    X509_ALGOR *how = NULL;
    X509_SIG *locked = NULL;

    if (open != NULL && RAND_bytes(salt, sizeof(salt)) == 1) {
        how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt), NULL, SCRYPT_N,
                                    SCRYPT_R, SCRYPT_P);
    }
    if (how != NULL) {
        locked = PKCS8_set0_pbe(passphrase->text, (int)passphrase->len, open, how);
    }
    if (locked == NULL) {
        X509_ALGOR_free(how);
    }
    PKCS8_PRIV_KEY_INFO_free(open);
    return locked;
}

static bool write_locked(BIO *out, EVP_PKEY *pair, const void *secret)
{
    X509_SIG *locked = lock(pair, (const struct passphrase *)secret);
    bool good = locked != NULL && PEM_write_bio_PKCS8(out, locked) == 1;

    X509_SIG_free(locked);
    return good;
}

static int give(char *buffer, int size, int writing, void *secret)
{
    const struct passphrase *passphrase = (const struct passphrase *)secret;

    (void)writing;
    if (size < 0 || passphrase->len > (size_t)size) {
        return 0;
    }
    memcpy(buffer, passphrase->text, passphrase->len);
    return (int)passphrase->len;
}

static struct key_form form_under(const struct passphrase *passphrase)
{
    return (struct key_form){
        .kind = NOTE_ED25519,
        .head = "segel officer key: ",
        .called = "officer's key",
        .maker = "segel officer key",
        .example = "officer-a.example.go.id",
        .write = write_locked,
        .passphrase = give,
        .secret = passphrase,
        .closed = SG_DENIED,
        .closed_why = "the passphrase is wrong, or the file holds no Ed25519 key"};
}

enum sg_status officer_key_make(const char *name, const char *path,
                                const struct passphrase *passphrase,
                                struct named_key *out, struct sg_error *why)
{
    const struct key_form form = form_under(passphrase);

    return named_key_make(&form, name, path, out, why);
}

enum sg_status officer_key_look(const char *path, struct sg_error *why)
{
    const struct key_form form = form_under(NULL);

    return named_key_look(&form, path, why);
}

enum sg_status officer_key_load(const char *path, const struct passphrase *passphrase,
                                struct named_key *out, struct sg_error *why)
{
    const struct key_form form = form_under(passphrase);

    return named_key_load(&form, path, out, why);
}

enum sg_status officer_key_sign(const struct named_key *key, struct slice text, char *out,
                                size_t cap, struct slice *note)
{
    uint8_t signature[NOTE_ED25519_SIZE];
    struct lines_out lines;

    TRY(named_key_sign(key, text, signature));
    lines_start(&lines, out, cap);
    note_begin(&lines, text);
    note_add_signature(&lines, slice_str(key->verifier.name), key->verifier.id,
                       slice_of(signature, sizeof(signature)));
    return lines_finish(&lines, note);
}

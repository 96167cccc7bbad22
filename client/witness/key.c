#include "client/witness/key.h"

static bool write_open(BIO *out, EVP_PKEY *pair, const void *secret)
{
    (void)secret;
    return PEM_write_bio_PKCS8PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL) == 1;
}

static int no_passphrase(char *buffer, int size, int writing, void *secret)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)secret;
    return 0;
}

static const struct key_form form = {
    .kind = NOTE_COSIGNATURE,
    .head = "segel-witness ",
    .called = "witness's key",
    .maker = "segel witness init",
    .example = "witness.example.go.id/segel, your host's name and a word",
    .write = write_open,
    .passphrase = no_passphrase,
    .closed = SG_INVALID,
    .closed_why = "it holds no Ed25519 key in PEM form without a passphrase"};

enum sg_status witness_key_make(const char *name, const char *path, struct named_key *out,
                                struct sg_error *why)
{
    return named_key_make(&form, name, path, out, why);
}

enum sg_status witness_key_load(const char *path, struct named_key *out,
                                struct sg_error *why)
{
    return named_key_load(&form, path, out, why);
}

enum sg_status witness_key_cosign(const struct named_key *key, struct slice text,
                                  uint64_t time_s, uint8_t blob[WITNESS_COSIGNATURE_SIZE])
{
    char message[WITNESS_TEXT_MAX + 64];
    size_t len = 0;

    MUST(time_s > 0 && time_s <= INT64_MAX);
    TRY(note_cosignature_text(text, time_s, message, sizeof(message), &len));
    for (unsigned i = 0; i < 8; i++) {
        blob[i] = (uint8_t)(time_s >> (56 - 8 * i));
    }
    return named_key_sign(key, slice_of(message, len), blob + 8);
}

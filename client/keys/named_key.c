#include "client/keys/named_key.h"

#include "client/keys/key_file.h"

void named_key_fini(struct named_key *key)
{
    EVP_PKEY_free(key->pair);
    *key = (struct named_key){.pair = NULL};
}

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static enum sg_status name_key(const struct key_form *form, struct slice name,
                               struct named_key *key, struct sg_error *why)
{
    uint8_t raw[NOTE_KEY_SIZE];
    size_t len = sizeof(raw);

    if (EVP_PKEY_get_raw_public_key(key->pair, raw, &len) != 1 || len != sizeof(raw)) {
        return sg_fail(why, SG_INTERNAL, "the key has no Ed25519 public key");
    }
    if (note_key_make(name, form->kind, raw, &key->verifier) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "the name of the %s must have 1 to %d bytes without blank, '+' or "
                       "control character, as in %s",
                       form->called, (int)NOTE_NAME_MAX, form->example);
    }
    return SG_OK;
}

/* --- Making ------------------------------------------------------------------------ */

static enum sg_status save(const struct key_form *form, const struct named_key *key,
                           const char *path, struct sg_error *why)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;

    if (bio == NULL || BIO_printf(bio, "%s%s\n", form->head, key->verifier.name) <= 0 ||
        !form->write(bio, key->pair, form->secret)) {
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot write the key");
    }
    long len = BIO_get_mem_data(bio, &text);
    return key_file_make(path, slice_of(text, (size_t)len), why);
}

enum sg_status named_key_make(const struct key_form *form, const char *name,
                              const char *path, struct named_key *out,
                              struct sg_error *why)
{
    AUTO(named_key_fini)
    struct named_key key = {.pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    if (key.pair == NULL) {
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot make a key");
    }
    TRY(name_key(form, slice_str(name), &key, why));
    TRY(save(form, &key, path, why));
    *out = key;
    key.pair = NULL;
    return SG_OK;
}

/* --- Loading ----------------------------------------------------------------------- */

static enum sg_status read_name(const struct key_form *form, const char *path,
                                struct key_file *file, struct slice *name,
                                struct sg_error *why)
{
    struct slice rest = {0};
    struct slice line = {0};
    size_t head = strlen(form->head);

    TRY(key_file_read(path, file, why));
    rest = slice_of(file->bytes, file->len);
    if (!lines_next(&rest, &line) || line.len <= head ||
        memcmp(line.data, form->head, head) != 0) {
        return sg_fail(why, SG_INVALID,
                       "%s is no %s: its first line must be '%sNAME'; '%s' makes one",
                       path, form->called, form->head, form->maker);
    }
    *name = slice_of(line.data + head, line.len - head);
    return SG_OK;
}

enum sg_status named_key_look(const struct key_form *form, const char *path,
                              struct sg_error *why)
{
    AUTO(key_file_wipe) struct key_file file = {.len = 0};
    struct slice name = {0};

    return read_name(form, path, &file, &name, why);
}

static EVP_PKEY *open_pair(const struct key_form *form, const struct key_file *file)
{
    AUTO(free_bio) BIO *bio = BIO_new_mem_buf(file->bytes, (int)file->len);

    return bio == NULL ? NULL
                       : PEM_read_bio_PrivateKey(bio, NULL, form->passphrase,
                                                 sg_unconst(form->secret));
}

enum sg_status named_key_load(const struct key_form *form, const char *path,
                              struct named_key *out, struct sg_error *why)
{
    AUTO(key_file_wipe) struct key_file file = {.len = 0};
    AUTO(named_key_fini) struct named_key key = {.pair = NULL};
    struct slice name = {0};

    TRY(read_name(form, path, &file, &name, why));
    key.pair = open_pair(form, &file);
    if (key.pair == NULL || EVP_PKEY_get_base_id(key.pair) != EVP_PKEY_ED25519) {
        return sg_fail(why, form->closed, "%s was not opened: %s", path,
                       form->closed_why);
    }
    TRY(name_key(form, name, &key, why));
    *out = key;
    key.pair = NULL;
    return SG_OK;
}

/* --- Signing ----------------------------------------------------------------------- */

enum sg_status named_key_sign(const struct named_key *key, struct slice text,
                              uint8_t signature[NOTE_ED25519_SIZE])
{
    AUTO(free_context) EVP_MD_CTX *signing = EVP_MD_CTX_new();
    AUTO(free_context) EVP_MD_CTX *verifying = EVP_MD_CTX_new();
    size_t len = NOTE_ED25519_SIZE;

    bool good = signing != NULL && verifying != NULL &&
                EVP_DigestSignInit(signing, NULL, NULL, NULL, key->pair) == 1 &&
                EVP_DigestSign(signing, signature, &len, text.data, text.len) == 1 &&
                len == NOTE_ED25519_SIZE &&
                EVP_DigestVerifyInit(verifying, NULL, NULL, NULL, key->pair) == 1 &&
                EVP_DigestVerify(verifying, signature, len, text.data, text.len) == 1;
    return good ? SG_OK : SG_INTERNAL;
}

#define _GNU_SOURCE /* strerror_r that returns the text */
#include "client/witness/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The line above the PEM text. */
static const char head[] = "segel-witness ";
enum { FILE_MAX = 4096, HEAD_LEN = sizeof(head) - 1, PATH_SIZE = 1024 };

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void free_ctx(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

/* A buffer that held a private key. */
static void wipe(char (*text)[FILE_MAX])
{
    OPENSSL_cleanse(*text, sizeof(*text));
}

static enum sg_status fail(const char *path, const char *what, struct sg_error *why)
{
    int error = errno;
    char reason[128];

    return sg_fail(why, SG_IO, "%s cannot be %s: %s", path, what,
                   strerror_r(error, reason, sizeof(reason)));
}

void witness_key_fini(struct witness_key *key)
{
    EVP_PKEY_free(key->pair);
    *key = (struct witness_key){.pair = NULL};
}

static enum sg_status name_key(struct witness_key *key, struct slice name,
                               struct sg_error *why)
{
    uint8_t raw[NOTE_KEY_SIZE];
    size_t len = sizeof(raw);

    if (EVP_PKEY_get_raw_public_key(key->pair, raw, &len) != 1 || len != sizeof(raw)) {
        return sg_fail(why, SG_INTERNAL, "the key has no Ed25519 public key");
    }
    if (note_key_make(name, NOTE_COSIGNATURE, raw, &key->cosigner) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "the witness's name must have 1 to %d bytes without blank, '+' or "
                       "control character; use your host's name and a word, as in "
                       "witness.example.go.id/segel",
                       (int)NOTE_NAME_MAX);
    }
    return SG_OK;
}

/* --- Making ------------------------------------------------------------------------ */

/* The name of a new file is durable only with its folder. */
static bool sync_parent(const char *path)
{
    char folder[PATH_SIZE] = ".";
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= sizeof(folder)) {
        return false;
    }
    if (slash != NULL) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    AUTO(close_fd)
    int fd = open(slash == path ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

static enum sg_status write_file(const char *path, struct slice text,
                                 struct sg_error *why)
{
    AUTO(close_fd)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  S_IRUSR | S_IWUSR);

    if (fd < 0 && errno == EEXIST) {
        return sg_fail(why, SG_CONFLICT,
                       "%s is there already, and a key is never overwritten: choose "
                       "another file",
                       path);
    }
    if (fd < 0) {
        return fail(path, "made", why);
    }
    bool good = write(fd, text.data, text.len) == (ssize_t)text.len && fsync(fd) == 0 &&
                sync_parent(path);
    return good ? SG_OK : fail(path, "written", why);
}

static enum sg_status save(const struct witness_key *key, const char *path,
                           struct sg_error *why)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;

    if (bio == NULL || BIO_printf(bio, "%s%s\n", head, key->cosigner.name) <= 0 ||
        PEM_write_bio_PKCS8PrivateKey(bio, key->pair, NULL, NULL, 0, NULL, NULL) != 1) {
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot write the key");
    }
    long len = BIO_get_mem_data(bio, &text);
    return write_file(path, slice_of(text, (size_t)len), why);
}

enum sg_status witness_key_make(const char *name, const char *path,
                                struct witness_key *out, struct sg_error *why)
{
    struct witness_key key = {.pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    if (key.pair == NULL) {
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot make a key");
    }
    enum sg_status status = name_key(&key, slice_str(name), why);
    if (status == SG_OK) {
        status = save(&key, path, why);
    }
    if (status != SG_OK) {
        witness_key_fini(&key);
        return status;
    }
    *out = key;
    return SG_OK;
}

/* --- Loading ----------------------------------------------------------------------- */

static enum sg_status read_file(const char *path, char *text, size_t *len,
                                struct sg_error *why)
{
    struct stat about;
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &about) != 0) {
        return fail(path, "read", why);
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return sg_fail(why, SG_INVALID,
                       "%s may be used by others than its owner: chmod 600 it, and make "
                       "a new key if it was not meant to be so",
                       path);
    }
    ssize_t got = read(fd, text, FILE_MAX - 1);
    if (got < 0) {
        return fail(path, "read", why);
    }
    *len = (size_t)got;
    return SG_OK;
}

/* Nobody is asked for a passphrase: a service has no terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return 0;
}

static EVP_PKEY *parse_pair(struct slice text)
{
    AUTO(free_bio) BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    EVP_PKEY *pair =
        bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    if (pair != NULL && EVP_PKEY_get_base_id(pair) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pair);
        return NULL;
    }
    return pair;
}

enum sg_status witness_key_load(const char *path, struct witness_key *out,
                                struct sg_error *why)
{
    AUTO(wipe) char text[FILE_MAX] = {0};
    struct witness_key key = {.pair = NULL};
    struct slice rest = {0};
    struct slice line = {0};
    size_t len = 0;

    TRY(read_file(path, text, &len, why));
    rest = slice_of(text, len);
    if (!lines_next(&rest, &line) || line.len <= HEAD_LEN ||
        memcmp(line.data, head, HEAD_LEN) != 0) {
        return sg_fail(why, SG_INVALID,
                       "%s is no witness's key: its first line must be '%sNAME'; "
                       "'segel witness init' makes one",
                       path, head);
    }
    key.pair = parse_pair(rest);
    if (key.pair == NULL) {
        return sg_fail(why, SG_INVALID,
                       "%s holds no Ed25519 key in PEM form without a passphrase", path);
    }
    enum sg_status status =
        name_key(&key, slice_of(line.data + HEAD_LEN, line.len - HEAD_LEN), why);
    if (status != SG_OK) {
        witness_key_fini(&key);
        return status;
    }
    *out = key;
    return SG_OK;
}

/* --- Signing ----------------------------------------------------------------------- */

static bool sign(EVP_PKEY *pair, struct slice message, uint8_t *signature)
{
    AUTO(free_ctx) EVP_MD_CTX *signing = EVP_MD_CTX_new();
    AUTO(free_ctx) EVP_MD_CTX *verifying = EVP_MD_CTX_new();
    size_t len = NOTE_ED25519_SIZE;

    return signing != NULL && verifying != NULL &&
           EVP_DigestSignInit(signing, NULL, NULL, NULL, pair) == 1 &&
           EVP_DigestSign(signing, signature, &len, message.data, message.len) == 1 &&
           len == NOTE_ED25519_SIZE &&
           EVP_DigestVerifyInit(verifying, NULL, NULL, NULL, pair) == 1 &&
           EVP_DigestVerify(verifying, signature, len, message.data, message.len) == 1;
}

enum sg_status witness_key_cosign(const struct witness_key *key, struct slice text,
                                  uint64_t time_s, uint8_t blob[WITNESS_COSIGNATURE_SIZE])
{
    char message[WITNESS_TEXT_MAX + 64];
    size_t len = 0;

    MUST(time_s > 0 && time_s <= INT64_MAX);
    TRY(note_cosignature_text(text, time_s, message, sizeof(message), &len));
    for (unsigned i = 0; i < 8; i++) {
        blob[i] = (uint8_t)(time_s >> (56 - 8 * i));
    }
    return sign(key->pair, slice_of(message, len), blob + 8) ? SG_OK : SG_INTERNAL;
}

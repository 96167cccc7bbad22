#include "client/officer/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "segel officer key: ";
enum {
    HEAD_LEN = sizeof(head) - 1,
    FILE_MAX = 4096,
    PATH_SIZE = 1024,
    SALT_BYTES = 16,
    /* 16 MiB and some tens of milliseconds a guess. */
    SCRYPT_N = 16384,
    SCRYPT_R = 8,
    SCRYPT_P = 1
};

void officer_key_fini(struct officer_key *key)
{
    EVP_PKEY_free(key->pair);
    key->pair = NULL;
}

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status fail(const char *path, const char *doing, struct sg_error *why)
{
    char reason[96] = "";

    (void)strerror_r(errno, reason, sizeof(reason));
    return sg_fail(why, SG_IO, "%s cannot be %s (%s)", path, doing, reason);
}

static enum sg_status name_key(struct officer_key *key, struct slice name,
                               struct sg_error *why)
{
    uint8_t raw[NOTE_KEY_SIZE];
    size_t len = sizeof(raw);

    if (EVP_PKEY_get_raw_public_key(key->pair, raw, &len) != 1 || len != sizeof(raw)) {
        return sg_fail(why, SG_INTERNAL, "the key has no Ed25519 public key");
    }
    if (note_key_make(name, NOTE_ED25519, raw, &key->verifier) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "the key's name must have 1 to %d bytes without blank, '+' or "
                       "control character, as in officer-a.example.go.id",
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

    if (slash != NULL && (size_t)(slash - path) < sizeof(folder)) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
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

static enum sg_status save(const struct officer_key *key, const char *path,
                           const struct passphrase *passphrase, struct sg_error *why)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    X509_SIG *locked = lock(key->pair, passphrase);
    char *text = NULL;

    bool good = bio != NULL && locked != NULL &&
                BIO_printf(bio, "%s%s\n", head, key->verifier.name) > 0 &&
                PEM_write_bio_PKCS8(bio, locked) == 1;
    X509_SIG_free(locked);
    if (!good) {
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot write the key");
    }
    long len = BIO_get_mem_data(bio, &text);
    return write_file(path, slice_of(text, (size_t)len), why);
}

enum sg_status officer_key_make(const char *name, const char *path,
                                const struct passphrase *passphrase,
                                struct officer_key *out, struct sg_error *why)
{
    struct officer_key key = {.pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    if (key.pair == NULL) {
        return sg_fail(why, SG_INTERNAL, "OpenSSL cannot make a key");
    }
    enum sg_status status = name_key(&key, slice_str(name), why);
    if (status == SG_OK) {
        status = save(&key, path, passphrase, why);
    }
    if (status != SG_OK) {
        officer_key_fini(&key);
        return status;
    }
    *out = key;
    return SG_OK;
}

/* --- Loading ----------------------------------------------------------------------- */

struct key_file {
    char bytes[FILE_MAX];
    struct slice name;
    struct slice pem;
};

static enum sg_status read_bytes(const char *path, struct key_file *out, size_t *len,
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
    ssize_t got = read(fd, out->bytes, sizeof(out->bytes));
    if (got < 0) {
        return fail(path, "read", why);
    }
    *len = (size_t)got;
    return SG_OK;
}

static enum sg_status read_file(const char *path, struct key_file *out,
                                struct sg_error *why)
{
    struct slice line = {0};
    size_t len = 0;

    TRY(read_bytes(path, out, &len, why));
    out->pem = slice_of(out->bytes, len);
    if (!lines_next(&out->pem, &line) || line.len <= HEAD_LEN ||
        line.len - HEAD_LEN > NOTE_NAME_MAX || memcmp(line.data, head, HEAD_LEN) != 0) {
        return sg_fail(why, SG_INVALID,
                       "%s is no officer's key: its first line must be '%sNAME'; 'segel "
                       "officer key' makes one",
                       path, head);
    }
    out->name = slice_of(line.data + HEAD_LEN, line.len - HEAD_LEN);
    return SG_OK;
}

enum sg_status officer_key_look(const char *path, char name[NOTE_NAME_MAX + 1],
                                struct sg_error *why)
{
    struct key_file file;

    TRY(read_file(path, &file, why));
    if (name != NULL) {
        (void)snprintf(name, NOTE_NAME_MAX + 1, "%.*s", (int)file.name.len,
                       (const char *)file.name.data);
    }
    return SG_OK;
}

static int give(char *buffer, int size, int writing, void *context)
{
    const struct passphrase *passphrase = (const struct passphrase *)context;

    (void)writing;
    if (size < 0 || passphrase->len > (size_t)size) {
        return 0;
    }
    memcpy(buffer, passphrase->text, passphrase->len);
    return (int)passphrase->len;
}

static EVP_PKEY *unlock(struct slice pem, const struct passphrase *passphrase)
{
    AUTO(free_bio) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    struct passphrase copy = *passphrase;
    EVP_PKEY *pair = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, give, &copy);

    passphrase_wipe(&copy);
    if (pair != NULL && EVP_PKEY_get_base_id(pair) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pair);
        return NULL;
    }
    return pair;
}

enum sg_status officer_key_load(const char *path, const struct passphrase *passphrase,
                                struct officer_key *out, struct sg_error *why)
{
    struct officer_key key = {.pair = NULL};
    struct key_file file;

    TRY(read_file(path, &file, why));
    key.pair = unlock(file.pem, passphrase);
    if (key.pair == NULL) {
        return sg_fail(why, SG_DENIED,
                       "%s was not opened: the passphrase is wrong, or the file holds no "
                       "Ed25519 key",
                       path);
    }
    enum sg_status status = name_key(&key, file.name, why);
    if (status != SG_OK) {
        officer_key_fini(&key);
        return status;
    }
    *out = key;
    return SG_OK;
}

/* --- Signing ----------------------------------------------------------------------- */

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

enum sg_status officer_key_sign(const struct officer_key *key, struct slice text,
                                char *out, size_t cap, struct slice *note)
{
    AUTO(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[NOTE_ED25519_SIZE];
    struct lines_out lines;
    size_t len = sizeof(signature);

    if (context == NULL ||
        EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) != 1 ||
        EVP_DigestSign(context, signature, &len, text.data, text.len) != 1) {
        return SG_INTERNAL;
    }
    lines_start(&lines, out, cap);
    note_begin(&lines, text);
    note_add_signature(&lines, slice_str(key->verifier.name), key->verifier.id,
                       slice_of(signature, len));
    return lines_finish(&lines, note);
}

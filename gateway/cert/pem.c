#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "gateway/cert/inside.h"

void pem_free(STACK_OF(X509) * *stack)
{
    sk_X509_pop_free(*stack, X509_free);
}

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

/* Without it OpenSSL would ask the terminal for the passphrase of an encrypted block. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return 0;
}

static enum sg_status open_failed(const char *path, const char *what, int error,
                                  struct sg_error *why)
{
    char reason[128] = "";

    (void)strerror_r(error, reason, sizeof(reason));
    ERR_clear_error();
    return sg_fail(why, error == ENOENT ? SG_NOT_FOUND : SG_IO,
                   "cannot read the %s %s: %s", what, path, reason);
}

/* After the last certificate OpenSSL reports "no start line"; any other end is damage. */
static bool ended_well(void)
{
    unsigned long error = ERR_peek_last_error();

    return ERR_GET_LIB(error) == ERR_LIB_PEM &&
           ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static enum sg_status read_all(BIO *bio, STACK_OF(X509) * stack)
{
    for (;;) {
        X509 *one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (one == NULL) {
            enum sg_status status = ended_well() ? SG_OK : SG_INVALID;
            ERR_clear_error();
            return status;
        }
        if (sk_X509_push(stack, one) == 0) {
            X509_free(one);
            return SG_NO_MEMORY;
        }
    }
}

static enum sg_status read_open(BIO *bio, const char *path, const char *what,
                                STACK_OF(X509) * stack, struct sg_error *why)
{
    enum sg_status status = read_all(bio, stack);

    if (status == SG_INVALID) {
        return sg_fail(why, SG_INVALID,
                       "the %s %s is damaged after %d certificates; export it again as "
                       "PEM",
                       what, path, sk_X509_num(stack));
    }
    if (status == SG_OK && sk_X509_num(stack) == 0) {
        return sg_fail(why, SG_INVALID,
                       "the %s %s holds no certificate; it must be PEM text with a line "
                       "'-----BEGIN CERTIFICATE-----'",
                       what, path);
    }
    return status;
}

enum sg_status pem_read(const char *path, const char *what, STACK_OF(X509) * *out,
                        struct sg_error *why)
{
    AUTO(free_bio) BIO *bio = BIO_new_file(path, "r");

    if (bio == NULL) {
        return open_failed(path, what, errno, why);
    }
    STACK_OF(X509) *stack = sk_X509_new_null();
    if (stack == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = read_open(bio, path, what, stack, why);
    if (status != SG_OK) {
        sk_X509_pop_free(stack, X509_free);
        return status;
    }
    *out = stack;
    return SG_OK;
}

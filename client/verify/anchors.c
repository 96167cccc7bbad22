#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "client/verify/verify.h"

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

/* Returns how many certificates were taken, or a negative number when one is damaged. */
static int read_certificates(FILE *file, X509_STORE *store)
{
    for (int count = 0;; count++) {
        X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
        if (certificate == NULL) {
            bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            ERR_clear_error();
            return at_end ? count : -count - 1;
        }
        int added = X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
        if (added != 1) {
            return -count - 1;
        }
    }
}

static enum sg_status fill(const char *path, FILE *file, X509_STORE *store,
                           struct sg_error *why)
{
    int count = read_certificates(file, store);

    if (count < 0) {
        return sg_fail(
            why, SG_INVALID,
            "certificate %d of the anchors file '%s' cannot be read; replace it "
            "by a PEM certificate",
            -count, path);
    }
    if (count == 0) {
        return sg_fail(why, SG_INVALID,
                       "the anchors file '%s' holds no certificate; put the PEM "
                       "certificates of the trusted CAs into it",
                       path);
    }
    return SG_OK;
}

enum sg_status verify_anchors(const char *path, X509_STORE **out, struct sg_error *why)
{
    AUTO(close_file) FILE *file = fopen(path, "re");

    if (file == NULL) {
        return sg_fail(why, errno == ENOENT ? SG_NOT_FOUND : SG_IO,
                       "the anchors file '%s' cannot be opened; name a PEM file with the "
                       "trusted CAs",
                       path);
    }
    X509_STORE *store = X509_STORE_new();
    if (store == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the anchors");
    }
    enum sg_status status = fill(path, file, store, why);
    if (status != SG_OK) {
        X509_STORE_free(store);
        return status;
    }
    *out = store;
    return SG_OK;
}

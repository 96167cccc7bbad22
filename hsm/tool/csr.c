#include <openssl/err.h>
#include <openssl/pem.h>

#include "hsm/keys/request.h"
#include "hsm/tool/tool.h"
#include "proto/algorithm.h"

/* csr and public. */

static void free_request(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static void free_pkey(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void free_bio(BIO **bio)
{
    (void)BIO_free(*bio);
}

static enum sg_status openssl_failed(const char *what, struct trouble *trouble)
{
    char reason[160];
    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
    ERR_clear_error();
    return trouble_config(trouble, "%s (%s)", what, reason);
}

static enum sg_status write_bio(const struct tool *tool, BIO *bio,
                                struct trouble *trouble)
{
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    return tool_write(tool, slice_of(text, (size_t)len), trouble);
}

enum sg_status tool_csr(const struct tool *tool, struct trouble *trouble)
{
    struct token token;
    struct key key;
    AUTO(free_request) X509_REQ *request = NULL;
    TRY(request_subject(tool->subject, trouble));
    TRY(tool_login(tool, false, &token, trouble));
    TRY(tool_key(tool, &token, &key, trouble));
    const struct request_wish wish = {tool->subject, tool->scheme != NULL &&
                                                         sg_scheme_parse(tool->scheme) ==
                                                             SG_SCHEME_RSA_PSS};
    TRY(request_make((struct reach){token.fn, token.anchor}, &key, &wish, &request,
                     trouble));
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio_X509_REQ(bio, request) != 1) {
        return openssl_failed("the finished request cannot be written", trouble);
    }
    return write_bio(tool, bio, trouble);
}

enum sg_status tool_public(const struct tool *tool, struct trouble *trouble)
{
    struct token token;
    struct key key;
    TRY(tool_login(tool, false, &token, trouble));
    TRY(tool_key(tool, &token, &key, trouble));
    const uint8_t *der = key.spki;
    AUTO(free_pkey) EVP_PKEY *public = d2i_PUBKEY(NULL, &der, (long)key.spki_len);
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    if (public == NULL || bio == NULL || PEM_write_bio_PUBKEY(bio, public) != 1) {
        return openssl_failed("the public key cannot be written", trouble);
    }
    return write_bio(tool, bio, trouble);
}

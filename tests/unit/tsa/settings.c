#include <criterion/criterion.h>
#include <time.h>
#include <unistd.h>

#include "gateway/tsa/inside.h"
#define authority test_authority /* the module has a struct of that name, too */
#include "tests/fixtures/tsa_stamp.h"

/* Who is believed by the settings, as they are read. */

enum { US_PER_S = 1000000 };
static struct test_authority authority;
static struct tsa_settings settings;
static char path[] = "/tmp/segel-tsa-root-XXXXXX";

static void set_up(void)
{
    static struct config config = {.tsa_urls = "http://127.0.0.1/tsa",
                                   .tsa_hash = "sha256",
                                   .tsa_policy = "",
                                   .tsa_anchors_file = path,
                                   .tsa_skew_s = 60};
    struct sg_error why = {0};
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    authority_make(&authority, NULL);
    cr_assert(file != NULL && PEM_write_X509(file, authority.root) == 1 &&
              fclose(file) == 0);
    cr_assert_eq(tsa_settings_read(&config, &settings, &why), SG_OK, "%s", why.text);
    cr_assert_eq(unlink(path), 0);
}

static void tear_down(void)
{
    tsa_settings_fini(&settings);
    authority_fini(&authority);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

static enum sg_status judge(struct sg_error *why)
{
    static const uint8_t digest[32] = {7};
    static struct tsa_token token;
    uint8_t asked[TSA_QUESTION_MAX];
    uint8_t *reply = NULL;
    TS_REQ *question = NULL;
    size_t asked_len = 0;

    cr_assert_eq(token_question(&settings.trust, SG_HASH_SHA256, digest, &question),
                 SG_OK);
    cr_assert_eq(token_pack(question, asked, &asked_len), SG_OK);
    size_t len = stamp(&authority, FAULT_NONE, asked, asked_len, &reply);
    const struct tsa_answer answer = {question, slice_of(reply, len),
                                      (int64_t)time(NULL) * US_PER_S};
    enum sg_status status = token_judge(&settings.trust, &answer, &token, why);
    OPENSSL_free(reply);
    TS_REQ_free(question);
    return status;
}

static void sign_again(const EVP_MD *digest)
{
    cr_assert_gt(X509_sign(authority.good.cert, authority.root_key, digest), 0);
}

Test(settings, an_authority_by_weak_hash_or_key_is_not_believed)
{
    struct sg_error why = {0};

    sign_again(EVP_sha256());
    cr_expect_eq(judge(&why), SG_OK, "%s", why.text);
    sign_again(EVP_sha1());
    cr_expect_eq(judge(&why), SG_INVALID, "its certificate is signed by SHA-1");
    EVP_PKEY_free(authority.good.key);
    authority.good.key = EVP_RSA_gen(1024);
    cr_assert_eq(X509_set_pubkey(authority.good.cert, authority.good.key), 1);
    sign_again(EVP_sha256());
    cr_expect_eq(judge(&why), SG_INVALID, "its key has 1024 bits");
    EVP_PKEY_free(authority.good.key);
    authority.good.key = EVP_RSA_gen(2048);
    cr_assert_eq(X509_set_pubkey(authority.good.cert, authority.good.key), 1);
    sign_again(EVP_sha256());
    cr_expect_eq(judge(&why), SG_OK, "%s", why.text);
}

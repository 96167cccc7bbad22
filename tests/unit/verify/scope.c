/* Which certificates a list of revoked ones is about. */
#include "client/verify/scope.h"

#include <criterion/criterion.h>
#include <openssl/x509v3.h>

#define SEVEN "URI:http://ca.test/7.crl"
#define EIGHT "URI:http://ca.test/8.crl"

static X509 *certificate;
static X509_CRL *crl;

/* The section [name] for what OpenSSL does not read from one line. */
static X509_EXTENSION *extension(int nid, const char *value, const char *section)
{
    CONF *conf = NCONF_new(NULL);
    BIO *text = BIO_new_mem_buf(section, -1);
    X509V3_CTX context;

    cr_assert_eq(NCONF_load_bio(conf, text, NULL), 1);
    X509V3_set_ctx(&context, NULL, NULL, NULL, NULL, 0);
    X509V3_set_nconf(&context, conf);
    X509_EXTENSION *made = X509V3_EXT_nconf_nid(conf, &context, nid, value);
    cr_assert_not_null(made, "%s", value);
    BIO_free(text);
    NCONF_free(conf);
    return made;
}

/* place: of the certificate, NULL: it names none. scope: of the list, likewise. */
static bool is_about(const char *place, const char *scope, const char *section)
{
    X509_NAME *issuer = X509_NAME_new();

    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, (const uint8_t *)"CA", -1, -1,
                               0);
    certificate = X509_new();
    X509_set_issuer_name(certificate, issuer);
    crl = X509_CRL_new();
    if (place != NULL) {
        X509_EXTENSION *made = extension(NID_crl_distribution_points, place, section);
        X509_add_ext(certificate, made, -1);
        X509_EXTENSION_free(made);
    }
    if (scope != NULL) {
        X509_EXTENSION *made = extension(NID_issuing_distribution_point, scope, section);
        X509_CRL_add_ext(crl, made, -1);
        X509_EXTENSION_free(made);
    }
    bool about = verify_crl_is_about(crl, certificate);
    X509_CRL_free(crl);
    X509_free(certificate);
    X509_NAME_free(issuer);
    return about;
}

Test(verify_scope, a_list_without_a_place_is_about_all)
{
    cr_expect(is_about(NULL, NULL, "\n"));
    cr_expect(is_about(SEVEN, NULL, "\n"));
    cr_expect(is_about(SEVEN, "critical,onlyuser:TRUE", "\n"));
}

Test(verify_scope, a_part_is_about_those_that_name_it)
{
    cr_expect(is_about(SEVEN, "critical,fullname:" SEVEN, "\n"));
    cr_expect_not(is_about(EIGHT, "critical,fullname:" SEVEN, "\n"));
    cr_expect_not(is_about(NULL, "critical,fullname:" SEVEN, "\n"));
    cr_expect_not(
        is_about(SEVEN, "critical,@s", "[s]\nfullname=" SEVEN "\nonlyCA=TRUE\n"));
}

Test(verify_scope, one_name_of_several_is_enough)
{
    cr_expect(is_about(EIGHT "," SEVEN, "critical,fullname:" SEVEN, "\n"));
    cr_expect(is_about("p", "critical,@s",
                       "[p]\nfullname=" EIGHT "," SEVEN "\n[s]\nfullname=" SEVEN "\n"));
}

/* CN=CA, CN=7 once as a name in full and once as a part behind the issuer's. */
Test(verify_scope, a_relative_name_stands_behind_the_issuers)
{
    static const char sections[] = "[p]\nrelativename=r\n[q]\nfullname=dirName:d\n"
                                   "[o]\nrelativename=other\n[r]\nCN=7\n[other]\nCN=8\n"
                                   "[d]\n1.CN=CA\n2.CN=7\n";

    cr_expect(is_about("p", "critical,@p", sections));
    cr_expect(is_about("p", "critical,@q", sections));
    cr_expect(is_about("q", "critical,@p", sections));
    cr_expect(is_about("q", "critical,@q", sections));
    cr_expect_not(is_about("o", "critical,@p", sections));
    cr_expect_not(is_about("o", "critical,@q", sections));
    cr_expect_not(is_about("q", "critical,@o", sections));
    cr_expect_not(is_about(SEVEN, "critical,@p", sections));
    cr_expect_not(is_about("p", "critical,fullname:" SEVEN, sections));
}

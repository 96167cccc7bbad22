#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <openssl/pem.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/pki.h"

static char path[] = "/tmp/segel-anchors-XXXXXX";
static FILE *file;
static X509_STORE *store;
static struct sg_error why;

static void begin(void)
{
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    file = fdopen(fd, "w");
    cr_assert_not_null(file);
}

static void end(void)
{
    X509_STORE_free(store);
    (void)unlink(path);
}

TestSuite(verify_anchors, .init = begin, .fini = end);

static enum sg_status load(void)
{
    (void)fclose(file);
    return verify_anchors(path, &store, &why);
}

Test(verify_anchors, all_certificates_of_a_file_are_taken)
{
    struct pki pki;

    pki_make(&pki, PKI_P256);
    PEM_write_X509(file, pki.root);
    PEM_write_X509(file, pki.issuing);
    pki_free(&pki);
    cr_assert_eq(load(), SG_OK);
    cr_expect_eq(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 2);
}

Test(verify_anchors, a_file_without_certificates_is_refused)
{
    cr_expect_eq(load(), SG_INVALID);
    cr_expect_neq(strstr(why.text, "no certificate"), NULL, "%s", why.text);
}

Test(verify_anchors, a_damaged_certificate_is_refused_by_its_number)
{
    struct pki pki;

    pki_make(&pki, PKI_P256);
    PEM_write_X509(file, pki.root);
    pki_free(&pki);
    (void)fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file);
    cr_expect_eq(load(), SG_INVALID);
    cr_expect_neq(strstr(why.text, "certificate 2"), NULL, "%s", why.text);
}

Test(verify_anchors, a_missing_file_is_named)
{
    (void)unlink(path);
    cr_expect_eq(load(), SG_NOT_FOUND);
    cr_expect_neq(strstr(why.text, path), NULL, "%s", why.text);
}

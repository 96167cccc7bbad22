#include "tests/unit/verify/support/statements.h"

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"

struct statements statements;

void statements_begin(void)
{
    lawful_begin(PKI_P256);
    authority_make(&statements.authority, &lawful.pki, NOW_S - DAY_S);
    statements.material = (struct verify_material){.crls = NULL};
    lawful.input.given = &statements.material;
}

void statements_end(void)
{
    verify_material_fini(&statements.material);
    authority_free(&statements.authority);
    lawful_end();
}

void statements_crl(struct authority_list list)
{
    struct slice der = authority_crl(&statements.authority, &list);

    verify_material_crl(&statements.material, der);
    OPENSSL_free(writable(der));
}

void statements_root_crl(void)
{
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S, .root = true});
}

void statements_ocsp(bool revoked, int64_t this_s, X509 *responder, EVP_PKEY *key)
{
    struct slice der = authority_ocsp(&statements.authority, lawful.pki.leaf, revoked,
                                      this_s, responder, key);

    verify_material_ocsp(&statements.material, der);
    OPENSSL_free(writable(der));
}

void statements_expect(enum verify_mark mark, const char *word)
{
    const struct verify_check *check = NULL;

    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    check = lawful_check("revocation");
    cr_expect_eq(check->mark, mark, "%s", check->text);
    cr_expect_neq(strstr(check->text, word), NULL, "%s", check->text);
    cr_expect_eq(lawful.report.valid, mark != VERIFY_FAIL);
    cr_expect_eq(lawful.report.status_known, mark == VERIFY_PASS);
    verify_material_fini(&statements.material);
}

/* What strangers send: signatures that cannot be read, or that were bent. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/lawful.h"

static void begin(void)
{
    lawful_begin(PKI_P256);
}

TestSuite(verify_hostile, .init = begin, .fini = lawful_end);

/* What cannot be read fails the first check; the others are left open, not guessed. */
static void expect_unreadable(const char *word)
{
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("structure")->mark, VERIFY_FAIL);
    cr_expect_neq(strstr(lawful_check("structure")->text, word), NULL, "%s",
                  lawful_check("structure")->text);
    for (size_t i = 1; i < lawful.report.count; i++) {
        cr_expect_eq(lawful.report.checks[i].mark, VERIFY_UNKNOWN);
    }
    cr_expect_not(lawful.report.valid);
}

Test(verify_hostile, content_inside_the_cms_fails)
{
    lawful.maker.embedded = lawful.letter;
    lawful_make();
    expect_unreadable("detached");
}

Test(verify_hostile, no_signer_and_two_signers_fail)
{
    lawful.maker.signers = 2;
    lawful_make();
    expect_unreadable("exactly one signer");
    lawful.maker.signers = 0;
    lawful_make();
    expect_unreadable("exactly one signer");
}

Test(verify_hostile, an_empty_signature_fails)
{
    expect_unreadable("empty");
}

Test(verify_hostile, bytes_after_the_cms_fail)
{
    static uint8_t longer[8192];

    lawful_make();
    memcpy(longer, lawful.made.data, lawful.made.len);
    lawful.input.cms = slice_of(longer, lawful.made.len + 1);
    expect_unreadable("bytes follow");
}

Test(verify_hostile, every_truncation_fails)
{
    lawful_make();
    for (size_t len = 0; len < lawful.made.len; len++) {
        uint8_t *copy = malloc(len + (len == 0));
        memcpy(copy, lawful.made.data, len);
        lawful.input.cms = slice_of(copy, len);
        verify_cms(&lawful.input, &lawful.report);
        cr_expect_not(lawful.report.valid, "%zu bytes", len);
        free(copy);
    }
}

/* A few bytes stand outside the signature's protection (versions, tags of unused parts);
 * whatever passes must still name the same signer. */
Test(verify_hostile, no_flipped_bit_makes_another_signer_valid)
{
    lawful_make();
    for (size_t i = 0; i < lawful.made.len; i++) {
        uint8_t *at = writable(lawful.made) + i;
        *at ^= 0x10;
        verify_cms(&lawful.input, &lawful.report);
        *at ^= 0x10;
        if (lawful.report.valid) {
            cr_expect_str_eq(lawful.report.signer, "Segel Kota Contoh");
            cr_expect_str_eq(lawful.report.algorithm, "ecdsa-sha256");
        }
    }
}

Test(verify_hostile, control_characters_of_a_name_do_not_reach_the_terminal)
{
    X509 *other = pki_leaf_new(&lawful.pki, lawful.pki.leaf_key,
                               &(struct pki_leaf){.common_name = "A\x1b[2J\nB"});

    lawful.maker.certificate = lawful.maker.ess = other;
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect(lawful.report.valid);
    for (const char *at = lawful.report.signer; *at != '\0'; at++) {
        cr_expect(*at >= ' ', "%s", lawful.report.signer);
    }
    cr_expect_eq(strchr(lawful.report.signer_dn, '\x1b'), NULL);
    X509_free(other);
}

#include "tests/unit/verify/support/lawful.h"

#include <criterion/criterion.h>
#include <openssl/sha.h>

#include "tests/unit/cms/support/writable.h"

struct lawful lawful;

void lawful_begin(enum pki_key kind)
{
    lawful = (struct lawful){.letter = "Surat tugas nomor 094/7/2026"};
    pki_make(&lawful.pki, kind);
    lawful.anchors = pki_store(&lawful.pki);
    SHA256((const uint8_t *)lawful.letter, sizeof(lawful.letter), lawful.digest);
    lawful.maker =
        maker_lawful(&lawful.pki, slice_of(lawful.digest, sizeof(lawful.digest)));
    lawful.input = (struct verify_input){
        .content = {slice_of(lawful.letter, 10),
                    slice_of(lawful.letter + 10, sizeof(lawful.letter) - 10)},
        .anchors = lawful.anchors,
        .at_us = LAWFUL_TIME_US,
        .pades = true};
}

void lawful_end(void)
{
    OPENSSL_free(writable(lawful.made));
    X509_STORE_free(lawful.anchors);
    pki_free(&lawful.pki);
}

void lawful_make(void)
{
    OPENSSL_free(writable(lawful.made));
    lawful.made = maker_make(&lawful.maker);
    lawful.input.cms = lawful.made;
}

const struct verify_check *lawful_check(const char *name)
{
    for (size_t i = 0; i < lawful.report.count; i++) {
        if (strcmp(lawful.report.checks[i].name, name) == 0) {
            return &lawful.report.checks[i];
        }
    }
    cr_assert_fail("no check '%s'", name);
    return NULL;
}

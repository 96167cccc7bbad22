#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/transport/support/doorway.h"

/* Which revocation lists the issuers of clients need, and when they are over. */

static void prepare(void)
{
    doorway_make();
    door.options.client_crl = door.pki.crl;
}

TestSuite(revocation, .init = prepare, .fini = doorway_clear, .timeout = 20);

/* It issued itself, as every root did, and is one of clients all the same. */
Test(revocation, an_issuer_that_was_renewed_needs_its_list)
{
    struct validity validity;
    struct sg_error why = {0};

    pki_renew(&door.pki);
    pki_write_list(&door.pki, PKI_LIST_OF_ANOTHER_NAME);
    cr_expect_eq(server_new(&door.options, &door.server, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "no revocation list that '/CN=test issuer'"),
                       "%s", why.text);
    pki_revoke(&door.pki, false, false);
    cr_expect_eq(server_check_dates(&door.options, &why), SG_INVALID);
    pki_revoke(&door.pki, true, false);
    cr_assert_eq(server_new(&door.options, &door.server, &why), SG_OK, "%s", why.text);
    server_validity(door.server, &validity);
    cr_expect_lt(validity_end_us(&validity, VALIDITY_LISTS), INT64_MAX);
}

/* The list of the one key says nothing of the other's clients. */
Test(revocation, of_two_keys_of_one_name_each_list_counts)
{
    struct sg_error why = {0};

    pki_revoke(&door.pki, false, false);
    pki_rekey(&door.pki, false);
    cr_expect_eq(server_check_dates(&door.options, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "of '/CN=test issuer' ended on 2"), "%s",
                       why.text);
}

/* Nobody is looked up in it, and there will never be a newer one. */
Test(revocation, a_list_of_a_key_that_is_gone_may_be_over)
{
    struct sg_error why = {0};

    pki_revoke(&door.pki, false, false);
    pki_rekey(&door.pki, true);
    cr_expect_eq(server_check_dates(&door.options, &why), SG_OK, "%s", why.text);
}

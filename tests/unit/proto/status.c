#include "proto/status.h"

#include <criterion/criterion.h>
#include <string.h>

#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/text.h"

Test(status, every_row_has_a_name_a_sentence_and_a_grpc_code)
{
    for (int i = 0; i < SG_STATUS_COUNT; i++) {
        enum sg_status status = (enum sg_status)i;
        cr_expect_neq(sg_status_name(status)[0], '\0');
        cr_expect_neq(sg_status_text(status)[0], '\0');
        cr_expect_leq(sg_status_grpc(status), 16);
        cr_expect_eq(sg_status_grpc(status) == 0, status == SG_OK);
    }
}

Test(status, an_unknown_value_reads_as_internal)
{
    cr_expect_str_eq(sg_status_name((enum sg_status)999), "INTERNAL");
    cr_expect_eq(sg_status_grpc((enum sg_status) - 1), 13);
}

Test(status, a_failure_is_its_sentence_cut_to_fit)
{
    struct sg_error why = {0};
    char lengthy[1000];

    memset(lengthy, 'x', sizeof(lengthy) - 1);
    lengthy[sizeof(lengthy) - 1] = '\0';
    cr_expect_eq(sg_fail(&why, SG_BUSY, "token '%s'", "a"), SG_BUSY);
    cr_expect_str_eq(why.text, "token 'a'");
    cr_expect_eq(sg_fail(&why, SG_IO, "%s", lengthy), SG_IO);
    cr_expect_eq(strlen(why.text), sizeof(why.text) - 1);
    for (size_t i = 1; i + 3 < sizeof(lengthy); i += 3) {
        memcpy(lengthy + i, "\xE2\x82\xAC", 3);
    }
    cr_expect_eq(sg_fail(&why, SG_IO, "a%s", lengthy), SG_IO);
    cr_expect(text_utf8(slice_str(why.text)), "cut inside of a character");
    cr_expect_eq(sg_fail(&why, SG_IO, "%.6s of %s", lengthy, "a"), SG_IO);
    cr_expect_str_eq(why.text, "x\xE2\x82\xAC?? of a");
    cr_expect_eq(sg_fail(NULL, SG_IO, "nobody listens"), SG_IO);
}

Test(algorithm, names_go_there_and_back)
{
    for (int i = 1; i < SG_PROFILE_COUNT; i++) {
        cr_expect_eq(sg_profile_parse(sg_profile_name((enum sg_profile)i)), i);
    }
    for (int i = 1; i < SG_HASH_COUNT; i++) {
        cr_expect_eq(sg_hash_parse(sg_hash_name((enum sg_hash)i)), i);
    }
    for (int i = 1; i < SG_SCHEME_COUNT; i++) {
        cr_expect_eq(sg_scheme_parse(sg_scheme_name((enum sg_scheme)i)), i);
    }
    cr_expect_eq(sg_profile_parse("pades-b-b"), SG_PROFILE_PADES_B_B);
    cr_expect_eq(sg_profile_parse("none"), SG_PROFILE_NONE);
    cr_expect_eq(sg_hash_parse("sha1"), SG_HASH_NONE);
}

Test(algorithm, values_off_the_list_are_not_valid)
{
    cr_expect_not(sg_hash_valid(0));
    cr_expect_not(sg_hash_valid(SG_HASH_COUNT));
    cr_expect_not(sg_profile_valid(-1));
    cr_expect_eq(sg_hash_len((enum sg_hash)77), 0);
}

#include "client/commands/sign/plan.h"

#include <criterion/criterion.h>
#include <string.h>

/* Lawful options and a key that allows them; each test spoils one fact. */
static struct sign_options options;
static struct sign_plan plan;
static struct sg_error why;

static void lawful(void)
{
    options = (struct sign_options){.key = "seal",
                                    .profile = "pades-b-b",
                                    .document_class = "surat_tugas",
                                    .approval = "ND-1",
                                    .mandate = "",
                                    .batch = "",
                                    .out = "signed",
                                    .lang = "en"};
}

static enum sg_status read_plan(void)
{
    return sign_plan_read(&options, &plan, &why);
}

Test(sign_plan, a_visible_stamp_has_its_place_and_shows_the_notice, .init = lawful)
{
    options.rect = "40,30.5,260,60";
    cr_assert_eq(read_plan(), SG_OK, "%s", why.text);
    cr_expect_eq(plan.wish.page, -1);
    cr_expect_float_eq(plan.wish.rect.y, 30.5, 1e-9);
    cr_expect_float_eq(plan.wish.rect.height, 60, 1e-9);
    cr_expect(plan.terms.notice_shown);
}

Test(sign_plan, takes_pages_by_word_and_number, .init = lawful)
{
    options.rect = "40,30,260,60";
    options.page = "first";
    cr_assert_eq(read_plan(), SG_OK);
    cr_expect_eq(plan.wish.page, 1);
    options.page = "12";
    cr_assert_eq(read_plan(), SG_OK);
    cr_expect_eq(plan.wish.page, 12);
}

Test(sign_plan, refuses_pages_that_are_none, .init = lawful)
{
    static const char *const bad[] = {"0", "-1", "middle", "", "1.5"};

    options.rect = "40,30,260,60";
    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        options.page = bad[i];
        cr_expect_eq(read_plan(), SG_INVALID, "%s", bad[i]);
    }
}

Test(sign_plan, refuses_rectangles_that_are_none, .init = lawful)
{
    static const char *const bad[] = {"",         "1,2,3",    "1,2,3,4,5", "1,2,3,0",
                                      "1,2,3,4,", "-1,2,3,4", "1,2,3,x",   "1,,3,4",
                                      "1,2,3.,4", "1,2,0,4",  "1,2,3,1e3", "99999,1,1,1"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        options.rect = bad[i];
        cr_expect_eq(read_plan(), SG_INVALID, "%s", bad[i]);
    }
}

Test(sign_plan, refuses_a_page_without_a_rectangle, .init = lawful)
{
    options.page = "last";
    cr_expect_eq(read_plan(), SG_INVALID);
}

Test(sign_plan, refuses_a_field_and_a_rectangle, .init = lawful)
{
    options.field = "Signature1";
    cr_expect_eq(read_plan(), SG_OK);
    options.rect = "40,30,260,60";
    cr_expect_eq(read_plan(), SG_INVALID);
}

Test(sign_plan, refuses_profiles_that_are_not_for_letters, .init = lawful)
{
    options.profile = "raw";
    cr_expect_eq(read_plan(), SG_INVALID);
    options.profile = "pades-b-x";
    cr_expect_eq(read_plan(), SG_INVALID);
}

/* Nothing that was asked for is passed over in silence. */
Test(sign_plan, a_file_that_is_no_letter_has_no_looks, .init = lawful)
{
    static const struct {
        const char *name;
        size_t member;
    } looks[] = {
#define LOOK(name) {"--" #name " ", offsetof(struct sign_options, name)}
        LOOK(rect), LOOK(stamp), LOOK(page), LOOK(field), LOOK(reason), LOOK(location),
        LOOK(name), LOOK(title), LOOK(unit), LOOK(rank),  LOOK(nip),
#undef LOOK
    };
    options.profile = "cades-b-b";
    cr_assert_eq(read_plan(), SG_OK, "%s", why.text);
    cr_expect_str_eq(plan.terms.content_type, "application/octet-stream");
    for (size_t i = 0; i < SG_COUNT(looks); i++) {
        lawful();
        options.profile = "cades-b-t";
        *(const char **)(void *)((char *)&options + looks[i].member) = "1,1,9,9";
        cr_expect_eq(read_plan(), SG_INVALID, "%s", looks[i].name);
        cr_expect(strstr(why.text, looks[i].name) != NULL, "%s", why.text);
    }
}

Test(sign_plan, refuses_names_that_nobody_knows, .init = lawful)
{
    options.hash = "md5";
    cr_expect_eq(read_plan(), SG_INVALID);
    lawful();
    options.scheme = "dsa";
    cr_expect_eq(read_plan(), SG_INVALID);
    lawful();
    options.lang = "nl";
    cr_expect_eq(read_plan(), SG_INVALID);
}

Test(sign_plan, refuses_texts_that_the_gateway_does_not_take, .init = lawful)
{
    char longest[129 + 1] = "";

    (void)memset(longest, 'x', sizeof(longest) - 1);
    options.approval = longest;
    cr_expect_eq(read_plan(), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "approval"), "%s", why.text);
    longest[128] = '\0';
    cr_expect_eq(read_plan(), SG_OK, "%s", why.text);
    longest[65] = '\0';
    options.mandate = longest;
    cr_expect_eq(read_plan(), SG_INVALID);
    lawful();
    options.document_class = "surat\ntugas";
    cr_expect_eq(read_plan(), SG_INVALID);
}

Test(sign_plan, a_level_that_is_reached_later_begins_with_a_time_stamp, .init = lawful)
{
    options.profile = "pades-b-lta";
    cr_assert_eq(read_plan(), SG_OK, "%s", why.text);
    cr_expect(plan.raises && plan.level == EXTEND_B_LTA);
    cr_expect_eq((int)plan.terms.profile, SG_PROFILE_PADES_B_T);
    options.profile = "pades_b_lt";
    cr_assert_eq(read_plan(), SG_OK, "%s", why.text);
    cr_expect(plan.raises && plan.level == EXTEND_B_LT);
    options.profile = "pades-b-t";
    cr_assert_eq(read_plan(), SG_OK, "%s", why.text);
    cr_expect(!plan.raises);
    static const char *const wrong[] = {"pades-b-ltv", "pades-b-l", "cades-b-lta",
                                        "b-lta"};
    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        options.profile = wrong[i];
        cr_expect_eq(read_plan(), SG_INVALID, "%s", wrong[i]);
    }
}

Test(sign_plan, a_signature_is_b_t_with_its_time_stamp_only)
{
    cr_expect_str_eq(sign_level_signed("pades-b-t", false), "b-t");
    cr_expect_str_eq(sign_level_signed("pades-b-t", true), "b-b");
    cr_expect_str_eq(sign_level_signed("pades-b-lta", true), "b-b");
    cr_expect_str_eq(sign_level_signed("cades-b-t", false), "b-t");
    cr_expect_str_eq(sign_level_signed("cades-b-b", false), "b-b");
}

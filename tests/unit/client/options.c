#include "client/console/options.h"

#include <criterion/criterion.h>
#include <string.h>

/* A lawful command line; each test spoils one word. */
struct chosen {
    const char *key;
    const char *out;
    bool json;
};
static const struct option rows[] = {
    {"key", 'k', "NAME", "key that signs", offsetof(struct chosen, key)},
    {"out", 'o', "DIR", "folder", offsetof(struct chosen, out)},
    {"json", 0, NULL, "for machines", offsetof(struct chosen, json)},
};
static const struct option_table table = {rows, SG_COUNT(rows)};

static char text[8][32];
static char *argv[8];
static struct chosen chosen;
static struct words words;
static struct sg_error why;

static enum sg_status parse(const char *const *given, size_t count)
{
    chosen = (struct chosen){.out = "default"};
    for (size_t i = 0; i < count; i++) {
        (void)strncpy(text[i], given[i], sizeof(text[i]) - 1);
        argv[i] = text[i];
    }
    words = (struct words){argv, count};
    return options_parse(&table, &words, &chosen, &why);
}
#define PARSE(...)                                                                       \
    parse((const char *const[]){__VA_ARGS__},                                            \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

Test(options, take_values_in_every_form)
{
    cr_assert_eq(PARSE("--key", "a", "--out=b", "--json"), SG_OK);
    cr_expect_str_eq(chosen.key, "a");
    cr_expect_str_eq(chosen.out, "b");
    cr_expect(chosen.json);
    cr_assert_eq(PARSE("-k", "c", "-od"), SG_OK);
    cr_expect_str_eq(chosen.key, "c");
    cr_expect_str_eq(chosen.out, "d");
}

Test(options, leave_defaults_where_nothing_is_given)
{
    cr_assert_eq(PARSE("file"), SG_OK);
    cr_expect_str_eq(chosen.out, "default");
    cr_expect_not(chosen.json);
}

Test(options, leave_operands_in_their_order)
{
    cr_assert_eq(PARSE("one", "--json", "two", "-", "--", "--key"), SG_OK);
    cr_assert_eq(words.count, 4);
    cr_expect_str_eq(words.at[0], "one");
    cr_expect_str_eq(words.at[1], "two");
    cr_expect_str_eq(words.at[2], "-");
    cr_expect_str_eq(words.at[3], "--key");
    cr_expect_null(chosen.key);
}

Test(options, suggest_what_was_meant)
{
    cr_assert_eq(PARSE("--kye", "a"), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "did you mean --key"), "%s", why.text);
}

Test(options, refuse_a_value_that_is_missing)
{
    cr_assert_eq(PARSE("--key"), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "--key needs a value"), "%s", why.text);
}

Test(options, refuse_a_value_where_none_belongs)
{
    cr_expect_eq(PARSE("--json=yes"), SG_INVALID);
}

Test(options, refuse_letters_that_nobody_knows)
{
    cr_expect_eq(PARSE("-x"), SG_INVALID);
}

Test(options, name_what_is_needed_and_missing)
{
    cr_assert_eq(PARSE("file"), SG_OK);
    cr_expect_eq(options_need(&table, &chosen, "key", &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "--key NAME is missing"), "%s", why.text);
    cr_assert_eq(PARSE("-k", "a"), SG_OK);
    cr_expect_eq(options_need(&table, &chosen, "key", &why), SG_OK);
}

/* So many of the words "--result=a", "--result=b", "--result=c". */
static enum sg_status parse_results(size_t count, const char *files[2])
{
    static const struct option twice[] = {
        {"result", 0, "FILE", "one", 0},
        {"result", 0, "FILE", "the other", sizeof(const char *)},
    };
    static const struct option_table both = {twice, SG_COUNT(twice)};
    static char one[] = "--result=a";
    static char two[] = "--result=b";
    static char three[] = "--result=c";
    char *given[] = {one, two, three};
    struct words line = {given, count};

    files[0] = files[1] = NULL;
    return options_parse(&both, &line, (void *)files, &why);
}

Test(options, may_be_given_twice_where_the_table_has_two_rows)
{
    const char *files[2];

    cr_assert_eq(parse_results(2, files), SG_OK);
    cr_expect_str_eq(files[0], "a");
    cr_expect_str_eq(files[1], "b");
    cr_expect_eq(parse_results(3, files), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "c is one too many"), "%s", why.text);
}

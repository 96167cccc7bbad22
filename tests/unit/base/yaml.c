#include "gateway/config/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sg_error why;

static enum sg_status read_text(const char *text, struct yaml **doc)
{
    why.text[0] = '\0';
    return yaml_read(slice_str(text), "f.yaml", doc, &why);
}

static struct yaml *lawful(const char *text)
{
    struct yaml *doc = NULL;

    cr_assert_eq(read_text(text, &doc), SG_OK, "%s", why.text);
    return doc;
}

/* The whole sentence begins with the place. */
static void refused(const char *text, const char *begins, const char *holds)
{
    struct yaml *doc = NULL;

    cr_assert_eq(read_text(text, &doc), SG_INVALID, "accepted: %s", text);
    cr_assert_null(doc);
    cr_assert(strncmp(why.text, begins, strlen(begins)) == 0, "%s", why.text);
    cr_assert_not_null(strstr(why.text, holds), "%s", why.text);
}

Test(yaml, keeps_order_kinds_and_positions)
{
    struct yaml *doc = lawful("node: gw1\nlist:\n  - a\n  - \"b c\"\nempty: {}\n");
    const struct yaml_node *root = yaml_root(doc);
    const struct yaml_node *list = yaml_get(root, "list");

    cr_assert_eq(root->kind, YAML_MAP);
    cr_assert_eq(root->count, 3);
    cr_assert_str_eq(root->keys[0].text, "node");
    cr_assert_str_eq(root->items[0].text, "gw1");
    cr_assert_eq(root->items[0].line, 1);
    cr_assert_eq(root->items[0].column, 7);
    cr_assert_eq(list->kind, YAML_LIST);
    cr_assert_eq(list->count, 2);
    cr_assert_str_eq(list->items[1].text, "b c");
    cr_assert(list->items[1].quoted && !list->items[0].quoted);
    cr_assert_eq(list->items[1].line, 4);
    cr_assert_eq(list->items[1].column, 5);
    cr_assert_eq(yaml_get(root, "empty")->count, 0);
    cr_assert_null(yaml_get(root, "absent"));
    cr_assert_null(yaml_get(list, "a"));
    yaml_free(doc);
}

Test(yaml, nests_flow_and_block_alike)
{
    struct yaml *doc = lawful("a: {b: [1, {c: d}], e: f}\n");
    const struct yaml_node *a = yaml_get(yaml_root(doc), "a");
    const struct yaml_node *b = yaml_get(a, "b");

    cr_assert_str_eq(b->items[0].text, "1");
    cr_assert_str_eq(yaml_get(&b->items[1], "c")->text, "d");
    cr_assert_str_eq(yaml_get(a, "e")->text, "f");
    yaml_free(doc);
}

Test(yaml, refuses_duplicate_keys)
{
    refused("a: 1\nb: 2\n\"a\": 3\n", "f.yaml:3:1: ", "already given in line 1");
    refused("x: {k: 1, k: 2}\n", "f.yaml:1:11: ", "'k'");
}

Test(yaml, refuses_what_yaml_allows_beyond_trees)
{
    refused("a: &x 1\n", "f.yaml:1:4: ", "anchors");
    refused("a: 1\nb: *a\n", "f.yaml:2:4: ", "aliases");
    refused("a: !!str 1\n", "f.yaml:1:4: ", "tags");
    refused("a: !mine {}\n", "f.yaml:1:4: ", "tags");
    refused("a: &l [1]\n", "f.yaml:1:4: ", "anchors");
    refused("%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: ", "directives");
    refused("a: 1\n---\nb: 2\n", "f.yaml:2:1: ", "second document");
    refused("<<: {a: 1}\n", "f.yaml:1:1: ", "merge key");
    refused("? [a]\n: 1\n", "f.yaml:1:3: ", "key must be plain text");
}

Test(yaml, quoted_merge_key_is_a_plain_name)
{
    struct yaml *doc = lawful("\"<<\": a\n");

    cr_assert_str_eq(yaml_get(yaml_root(doc), "<<")->text, "a");
    yaml_free(doc);
}

Test(yaml, refuses_bytes_that_hide_something)
{
    refused("a: 1\n\tb: 2\n", "f.yaml:2:1: ", "tab");
    refused("a: é\tb\n", "f.yaml:1:5: ", "tab");
    refused("a: 1\r\nb: 2\n", "f.yaml:1:5: ", "carriage return");
    refused("a: x\xE2\x80\xA8y: 2\n", "f.yaml:1:5: ", "U+2028");
    refused("\xEF\xBB\xBF"
            "a: 1\n",
            "f.yaml:1:1: ", "byte order mark");
    refused("a: \xFF\n", "f.yaml: ", "not UTF-8");
    refused("a: \"x\\0y\"\n", "f.yaml:1:4: ", "control character");
    refused("a: \"x\\ty\"\n", "f.yaml:1:4: ", "control character");
}

Test(yaml, refuses_broken_and_empty_text)
{
    refused("", "f.yaml:1:1: ", "no content");
    refused("# only a comment\n", "f.yaml:2:1: ", "no content");
    refused("a: [1, 2\n", "f.yaml:", "not readable as YAML");
    refused("a: b: c\n", "f.yaml:1:5: ", "not readable as YAML");
}

Test(yaml, sixteen_levels_pass_and_seventeen_do_not)
{
    yaml_free(lawful("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n"));
    refused("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n", "f.yaml:1:17: ", "16 levels");
}

Test(yaml, a_bomb_of_brackets_costs_nothing)
{
    char *text = malloc(500001);

    memset(text, '[', 500000);
    text[500000] = '\0';
    refused(text, "f.yaml:1:17: ", "16 levels");
    free(text);
}

/* The shortest ways to write a node: the memory is sized by the bytes of the text. */
Test(yaml, densest_text_fits_the_memory_reserved)
{
    char text[402] = {0};

    for (size_t i = 0; i < 400; i += 2) {
        text[i] = '-';
        text[i + 1] = '\n';
    }
    struct yaml *doc = lawful(text);
    cr_assert_eq(yaml_root(doc)->count, 200);
    yaml_free(doc);
    for (size_t i = 0; i < 400; i += 4) {
        (void)memcpy(text + i, "- ?\n", 4);
    }
    doc = lawful(text);
    cr_assert_eq(yaml_root(doc)->count, 100);
    cr_assert_eq(yaml_root(doc)->items[99].count, 1);
    yaml_free(doc);
}

Test(yaml, limits_nodes_and_bytes)
{
    size_t len = 1024 * 1024 + 1;
    char *text = malloc(len + 1);

    memset(text, '#', len);
    text[len] = '\0';
    refused(text, "f.yaml: ", "larger than 1 MiB");
    for (size_t i = 0; i < 400000; i += 4) {
        (void)memcpy(text + i, "[],\n", 4);
    }
    text[0] = '[';
    text[1] = '1';
    text[400000] = '\0';
    (void)memcpy(text + 400000, "[],[]]\n", 8);
    refused(text, "f.yaml:", "100,000 values");
    free(text);
}

Test(yaml, file_that_is_missing_or_a_folder_is_told_apart)
{
    struct yaml *doc = NULL;

    cr_assert_eq(yaml_read_file("/nonexistent/x.yaml", &doc, &why), SG_NOT_FOUND);
    cr_assert_not_null(strstr(why.text, "/nonexistent/x.yaml"), "%s", why.text);
    cr_assert_eq(yaml_read_file("/", &doc, &why), SG_IO);
}

Test(yaml, file_is_read_and_named_in_messages)
{
    char path[] = "/tmp/segel-yaml-XXXXXX";
    int fd = mkstemp(path);
    struct yaml *doc = NULL;
    bool flag = false;

    cr_assert_eq(write(fd, "a: 1\n", 5), 5);
    (void)close(fd);
    cr_assert_eq(yaml_read_file(path, &doc, &why), SG_OK, "%s", why.text);
    cr_assert_eq(yaml_bool(doc, yaml_get(yaml_root(doc), "a"), &flag, &why), SG_INVALID);
    cr_assert(strncmp(why.text, path, strlen(path)) == 0, "%s", why.text);
    yaml_free(doc);
    (void)unlink(path);
}

Test(yaml, nearest_word_forgives_slips_only)
{
    static const char *const words[] = {"level", "mode", "require", "deny", NULL};

    cr_assert_str_eq(yaml_nearest("levle", words), "level");
    cr_assert_str_eq(yaml_nearest("requires", words), "require");
    cr_assert_str_eq(yaml_nearest("mod", words), "mode");
    cr_assert_null(yaml_nearest("exceptions", words));
    cr_assert_null(yaml_nearest("", words));
}

static const struct yaml_node *value_of(const struct yaml *doc)
{
    return yaml_get(yaml_root(doc), "v");
}

Test(yaml, bool_is_true_or_false_and_nothing_else)
{
    static const char *const wrong[] = {"v: no\n", "v: yes\n",   "v: True\n",
                                        "v: 1\n",  "v: off\n",   "v: \"true\"\n",
                                        "v:\n",    "v: [true]\n"};
    bool flag = false;
    struct yaml *doc = lawful("v: true\n");

    cr_assert_eq(yaml_bool(doc, value_of(doc), &flag, &why), SG_OK);
    cr_assert(flag);
    yaml_free(doc);
    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        doc = lawful(wrong[i]);
        cr_expect_eq(yaml_bool(doc, value_of(doc), &flag, &why), SG_INVALID, "%s",
                     wrong[i]);
        cr_expect(strncmp(why.text, "f.yaml:1:", 9) == 0, "%s", why.text);
        yaml_free(doc);
    }
}

Test(yaml, int_is_decimal_unquoted_and_in_range)
{
    static const char *const wrong[] = {"v: 010\n",
                                        "v: 0x10\n",
                                        "v: 1_000\n",
                                        "v: 10x\n",
                                        "v: +1\n",
                                        "v: -0\n",
                                        "v: \"10\"\n",
                                        "v: 101\n",
                                        "v: -6\n",
                                        "v: 1e2\n",
                                        "v: 99999999999999999999\n",
                                        "v: --1\n"};
    struct yaml_range range = {-5, 100};
    int64_t number = 0;
    struct yaml *doc = lawful("v: -5\n");

    cr_assert_eq(yaml_int(doc, value_of(doc), range, &number, &why), SG_OK, "%s",
                 why.text);
    cr_assert_eq(number, -5);
    yaml_free(doc);
    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        doc = lawful(wrong[i]);
        cr_expect_eq(yaml_int(doc, value_of(doc), range, &number, &why), SG_INVALID, "%s",
                     wrong[i]);
        yaml_free(doc);
    }
}

Test(yaml, date_is_midnight_in_the_zone_that_is_given)
{
    int64_t us = 0;
    struct yaml *doc = lawful("v: 2026-05-02\n");

    cr_assert_eq(yaml_time(doc, value_of(doc), 420, &us, &why), SG_OK, "%s", why.text);
    cr_assert_eq(us, INT64_C(1777654800) * 1000000);
    cr_assert_eq(yaml_time(doc, value_of(doc), 0, &us, &why), SG_OK, "%s", why.text);
    cr_assert_eq(us, INT64_C(1777680000) * 1000000);
    yaml_free(doc);
    doc = lawful("v: 2026-05-02T00:00:00+07:00\n");
    cr_assert_eq(yaml_time(doc, value_of(doc), 540, &us, &why), SG_OK, "%s", why.text);
    cr_assert_eq(us, INT64_C(1777654800) * 1000000);
    yaml_free(doc);
}

Test(yaml, time_without_zone_is_refused)
{
    static const char *const wrong[] = {"v: 2026-05-02T08:00:00\n", "v: 2026-02-30\n",
                                        "v: 02-05-2026\n", "v: tomorrow\n"};
    int64_t us = 0;

    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        struct yaml *doc = lawful(wrong[i]);
        cr_expect_eq(yaml_time(doc, value_of(doc), 420, &us, &why), SG_INVALID, "%s",
                     wrong[i]);
        yaml_free(doc);
    }
}

Test(yaml, missing_value_is_not_an_empty_text)
{
    const char *text = NULL;
    struct yaml *doc = lawful("v:\n");

    cr_assert_eq(yaml_str(doc, value_of(doc), &text, &why), SG_INVALID);
    cr_assert_not_null(strstr(why.text, "missing"), "%s", why.text);
    yaml_free(doc);
    doc = lawful("v: \"\"\n");
    cr_assert_eq(yaml_str(doc, value_of(doc), &text, &why), SG_OK);
    cr_assert_str_eq(text, "");
    yaml_free(doc);
}

/* Nobody would ever write into it. */
Test(yaml, a_pipe_is_refused_and_not_waited_for, .timeout = 10)
{
    char path[] = "/tmp/segel-yaml-XXXXXX";
    struct yaml *doc = NULL;
    int fd = mkstemp(path);

    cr_assert(fd >= 0 && close(fd) == 0 && unlink(path) == 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_eq(yaml_read_file(path, &doc, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "no regular file"), "%s", why.text);
    cr_assert_eq(unlink(path), 0);
}

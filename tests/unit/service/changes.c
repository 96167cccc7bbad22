#include "gateway/service/control/changes.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/config/settings.h"

/* Which settings a reload takes, and which it leaves aside and names. */

static struct config_lane lanes[2];
static struct config_key keys[2];
static struct config_caller callers[1];
static struct changes found;
static uint8_t marks[SETTINGS_MAX][32]; /* nothing could be read */

/* As the start took it, without certificates. */
static struct config begin(void)
{
    struct config config = {.lanes = lanes,
                            .lane_count = 1,
                            .keys = keys,
                            .key_count = 1,
                            .callers = callers,
                            .caller_count = 1,
                            .log_key = {.label = ""},
                            .marks = marks};

    for (size_t i = 0; i < SG_COUNT(lanes); i++) {
        lanes[i] = (struct config_lane){.name = i == 0 ? "hsm0" : "hsm1",
                                        .module = "/m",
                                        .init_args = "",
                                        .token = {"t", "", "", ""},
                                        .pin_path = "/p",
                                        .canary = {.label = ""}};
        keys[i] = (struct config_key){.name = i == 0 ? "seal" : "other",
                                      .class = "seal",
                                      .token = {"", "", "", ""},
                                      .object = {.label = ""}};
    }
    callers[0] = (struct config_caller){.name = "e-office", .match = "URI:urn:x"};
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        if (row->kind == TEXT_SETTING) {
            *(const char **)(void *)((char *)&config + row->offset) = "";
        }
    }
    return config;
}

static void find(const struct config *start, const struct config *newest,
                 const struct config *config)
{
    static const struct keyring none;
    const struct changes_of of = {start, newest, config, &none, &none};

    changes_find(&of, &found);
}

static void change(struct config *config, const struct setting *row)
{
    char *place = (char *)config + row->offset;

    if (row->kind == TEXT_SETTING) {
        *(const char **)(void *)place = "another";
    } else if (row->kind == NUMBER_SETTING) {
        *(int64_t *)(void *)place = 7;
    } else {
        *(uint32_t *)(void *)place = 7;
    }
}

Test(changes, what_says_the_same_is_no_change)
{
    const struct config start = begin();
    const struct config config = start;

    find(&start, &start, &config);
    cr_expect_str_empty(found.taken);
    cr_expect_str_empty(found.restart);
}

Test(changes, each_setting_is_named_as_its_row_says)
{
    const struct config start = begin();

    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        struct config config = start;
        change(&config, row);
        find(&start, &start, &config);
        cr_expect_str_eq(found.taken, row->reload ? row->path : "", "%s", row->path);
        cr_expect_str_eq(found.restart, row->reload ? "" : row->path, "%s", row->path);
    }
}

/* A renewed certificate has the name of the old one. */
Test(changes, a_file_that_holds_something_else_is_named_as_a_setting_is)
{
    static uint8_t fresh[SETTINGS_MAX][32];
    const struct config start = begin();
    struct config config = start;

    config.marks = fresh;
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        fresh[i][31] = setting_is_file(row);
        find(&start, &start, &config);
        const char *named = setting_is_file(row) ? row->path : "";
        cr_expect_str_eq(found.taken, row->reload ? named : "", "%s", row->path);
        cr_expect_str_eq(found.restart, row->reload ? "" : named, "%s", row->path);
        fresh[i][31] = 0;
    }
}

/* What was taken is no news at the next reload; what was left aside is, until the start.
 */
Test(changes, what_needs_a_restart_is_said_until_there_is_one)
{
    const struct config start = begin();
    struct config config = start;

    config.node = "another";
    config.log_level = "debug";
    find(&start, &start, &config);
    cr_expect_str_eq(found.taken, "log.level");
    cr_expect_str_eq(found.restart, "node");
    find(&start, &config, &config);
    cr_expect_str_empty(found.taken);
    cr_expect_str_eq(found.restart, "node");
    find(&start, &config, &start);
    cr_expect_str_eq(found.taken, "log.level");
    cr_expect_str_empty(found.restart);
}

Test(changes, lists_are_named)
{
    struct config_anchor anchor = {.name = "a"};
    struct config_network network = {.name = "n"};
    struct config_caller caller = {.name = "e-office", .match = "URI:urn:y"};
    struct config_lane slow = {0};
    const struct config start = begin();
    struct config config = start;

    config.anchors = &anchor;
    config.anchor_count = 1;
    config.networks = &network;
    config.network_count = 1;
    config.callers = &caller;
    slow = lanes[0];
    slow.threads = 9;
    config.lanes = &slow;
    config.log_key.id_len = 1;
    find(&start, &start, &config);
    cr_expect_str_eq(found.taken, "lanes, callers, networks");
    cr_expect_str_eq(found.restart, "log_key, anchors");
}

Test(changes, of_a_key_it_is_named_what_is_taken_and_what_is_not)
{
    const char *classes[] = {"surat_tugas"};
    const struct config start = begin();
    struct config_key key = keys[0];
    struct config config = start;

    config.keys = &key;
    key.allowed_classes = (struct config_words){classes, 1};
    find(&start, &start, &config);
    cr_expect_str_eq(found.taken, "keys.seal");
    cr_expect_str_empty(found.restart);
    key = keys[0];
    key.certificate = "/c";
    find(&start, &start, &config);
    cr_expect_str_empty(found.taken);
    cr_expect_str_eq(found.restart, "keys.seal");
    config.keys = keys;
    config.key_count = 2;
    find(&start, &start, &config);
    cr_expect_str_eq(found.restart, "keys.other", "a new one");
    find(&config, &config, &start);
    cr_expect_str_eq(found.restart, "keys.other", "one that is gone");
}

Test(changes, more_names_than_fit_are_told_as_more)
{
    const struct config start = begin();
    struct config config = start;

    for (size_t i = 0; i < settings_count(); i++) {
        change(&config, settings_row(i));
    }
    find(&start, &start, &config);
    const char *end = strstr(found.restart, ", and more");
    cr_assert_not_null(end);
    cr_expect_str_eq(end, ", and more");
}

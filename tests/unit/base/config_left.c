#include <criterion/criterion.h>
#include <string.h>

#include "gateway/config_left.h"
#include "gateway/config_settings.h"

static struct config begun;
static struct config now;
static struct config_key keys[2];
static struct config_anchor anchors[2];
static char out[512];

static void set_text(struct config *config, const struct setting *row, const char *text)
{
    memcpy((char *)config + row->offset, &text, sizeof(text));
}

static void set_up(void)
{
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        if (row->kind == TEXT_SETTING) {
            set_text(&begun, row, "as it was");
            set_text(&now, row, "as it was");
        }
    }
    for (size_t i = 0; i < 2; i++) {
        keys[i] = (struct config_key){.name = "seal", .certificate = "seal.pem"};
        anchors[i] = (struct config_anchor){.name = "drop", .place = "/srv/drop"};
    }
    begun.keys = &keys[0];
    now.keys = &keys[1];
    begun.key_count = now.key_count = 1;
    begun.anchors = &anchors[0];
    now.anchors = &anchors[1];
    begun.anchor_count = now.anchor_count = 1;
}

TestSuite(config_left, .init = set_up);

static void expect_left(const char *wanted)
{
    cr_expect_eq(config_left(&begun, &now, out, sizeof(out)), wanted[0] != '\0');
    cr_expect_str_eq(out, wanted);
}

Test(config_left, nothing_is_left_where_nothing_has_changed)
{
    expect_left("");
}

static bool is_taken(const char *path)
{
    return strncmp(path, "tls.", 4) == 0 || strcmp(path, "policy.file") == 0 ||
           strcmp(path, "officers.quorum") == 0;
}

static void change(const struct setting *row, bool back)
{
    if (row->kind == TEXT_SETTING) {
        set_text(&now, row, back ? "as it was" : "another");
    } else {
        *((unsigned char *)&now + row->offset) ^= 1;
    }
}

Test(config_left, each_setting_is_taken_or_named)
{
    size_t named = 0;

    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        change(row, false);
        expect_left(is_taken(row->path) ? "" : row->path);
        named += out[0] != '\0';
        change(row, true);
    }
    cr_expect_gt(named, 20);
    expect_left("");
}

Test(config_left, lists_that_are_read_at_the_start_only_are_named)
{
    keys[1].certificate = NULL;
    expect_left("keys");
    keys[1].certificate = keys[0].certificate;
    keys[1].hash = SG_HASH_SHA512;
    expect_left("keys");
    keys[1].hash = keys[0].hash;
    now.key_count = 0;
    expect_left("keys");
    now.key_count = 1;
    anchors[1].place = "/srv/other";
    now.log_key.id_len = 2;
    expect_left("anchors, log_key");
}

Test(config_left, where_a_key_lies_is_taken)
{
    keys[1].lanes.count = 1;
    keys[1].object.id_len = 3;
    expect_left("");
}

Test(config_left, what_has_no_room_is_cut)
{
    enum { SMALL = 40 };

    for (size_t i = 0; i < settings_count(); i++) {
        change(settings_row(i), false);
    }
    memset(out, 'x', sizeof(out));
    cr_expect(config_left(&begun, &now, out, SMALL));
    cr_expect_lt(strlen(out), SMALL);
    cr_expect_str_eq(out + strlen(out) - strlen(", …"), ", …");
    cr_expect_eq(out[SMALL], 'x');
}

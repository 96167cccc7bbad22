#include "client/ceremony/script.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "client/ceremony/shipped.h"

static struct script script;
static struct sg_error why;

static const char sound[] = "# A comment.\n"
                            "ceremony test\n"
                            "officers 2\n"
                            "witnesses 1\n"
                            "title\n"
                            "    id Judul\n"
                            "    en Title\n"
                            "about\n"
                            "    id Tentang\n"
                            "    id ini\n"
                            "    en About\n"
                            "    en this\n"
                            "\n"
                            "ask place text\n"
                            "    id Di mana?\n"
                            "    en Where?\n"
                            "ask lane lane\n"
                            "    id Jalur?\n"
                            "    en Lane?\n"
                            "say witness\n"
                            "    id Lihat.\n"
                            "    en See.\n"
                            "check lane up trying\n"
                            "    id Siap.\n"
                            "    en Up.\n"
                            "sign\n"
                            "    id Tanda tangan.\n"
                            "    en Sign.\n";

Test(script, is_read)
{
    cr_assert_eq(script_parse(slice_str(sound), &script, &why), SG_OK, "%s", why.text);
    cr_expect_str_eq(script.name, "test");
    cr_expect_eq(script.officers, 2);
    cr_expect_eq(script.witnesses, 1);
    cr_expect_str_eq(script.title.in[0], "Title");
    cr_expect_str_eq(script.title.in[1], "Judul");
    cr_expect_str_eq(script.about.in[0], "About this");
    cr_assert_eq(script.step_count, 5);
    cr_expect_eq(script.steps[2].kind, STEP_SAY);
    cr_expect_eq(script.steps[2].row, 1);
    cr_expect_eq(script.steps[3].row, CHECK_LANE);
    cr_expect_eq(script.steps[3].word_count, 2);
    cr_expect_str_eq(script.steps[3].words[1], "trying");
    cr_expect_eq(script.steps[4].kind, STEP_SIGN);
}

static const struct {
    const char *from;
    const char *to;
    const char *words;
} spoiled[] = {
    {"ceremony test", "ceremony te st", "line 2:"},
    {"officers 2", "officers two", "line 3: here stands a number"},
    {"officers 2", "officers 0", "somebody must lead it"},
    {"witnesses 1\n", "", "line 4:"},
    {"    id Judul\n", "", "line 6: here stands a text in Indonesian"},
    {"    en Title\n", "", "line 7: here stands a text in English"},
    {"    en Title", "  en Title", "line 7:"},
    {"ask place text", "ask place verse", "line 14: there is no such form of answers"},
    {"ask place text", "ask where text", "it must ask for the place"},
    {"ask place", "ask  place", "line 14: words have one blank"},
    {"ask place text", "ask place text now", "line 14: it has a word too many"},
    {"ask place text", "ask place choice", "line 14: words are missing"},
    {"ask lane lane", "ask place lane", "line 17: it was asked for before: 'place'"},
    {"ask lane lane", "ask road lane", "line 23: it needs an answer"},
    {"say witness", "say wisdom", "line 20: only 'witness' may follow"},
    {"witnesses 1", "witnesses 0", "line 20: this ceremony has no witnesses"},
    {"say witness", "exec witness", "line 20: a step is say, ask"},
    {"check lane up", "check moon up", "line 23: there is no such check: 'moon'"},
    {"check lane up trying", "check lane", "line 23: words are missing"},
    {"check lane up trying", "run rm", "line 23: there is no such action: 'rm'"},
    {"check lane up trying", "run lockdown", "line 23: it needs an answer"},
    {"sign\n", "say\n", "the last step must be 'sign'"},
    {"say witness\n", "sign\n", "line 23: nothing may follow 'sign'"},
    {"See.", "See\x01.", "line 22: it is not plain text"},
    {"See.", "See\xE2\x80\xA8.", "line 22: it is not plain text"},
    {"en Sign.\n", "en Sign.", "line 28: it does not end with a line feed"},
};

Test(script, that_is_not_strictly_so_is_refused_with_its_line)
{
    for (size_t i = 0; i < SG_COUNT(spoiled); i++) {
        char text[2048];
        const char *at = strstr(sound, spoiled[i].from);
        cr_assert(at != NULL, "%s", spoiled[i].from);
        (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - sound), sound,
                       spoiled[i].to, at + strlen(spoiled[i].from));
        cr_expect_eq(script_parse(slice_str(text), &script, &why), SG_INVALID, "%s",
                     spoiled[i].to);
        cr_expect(strstr(why.text, spoiled[i].words) != NULL, "%s: %s", spoiled[i].to,
                  why.text);
    }
}

Test(script, that_is_too_large_is_refused)
{
    static char large[SCRIPT_MAX + 1];

    memset(large, '#', sizeof(large));
    cr_expect_eq(script_parse(slice_of(large, sizeof(large)), &script, &why),
                 SG_TOO_LARGE);
}

Test(script, of_each_shipped_ceremony_is_sound)
{
    const char *name = NULL;
    struct slice bytes;
    size_t count = 0;

    while ((bytes = shipped_script(count, &name)).len > 0) {
        cr_assert_eq(script_parse(bytes, &script, &why), SG_OK, "%s: %s", name, why.text);
        cr_expect_str_eq(script.name, name);
        cr_expect(slice_equal(shipped_find(name), bytes));
        count++;
    }
    cr_expect_eq(count, 9);
    cr_expect_eq(shipped_find("no-such").len, 0);
}

#include "proto/quorum/grant.h"

#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "proto/text.h"
#include "tests/unit/quorum/support/people.h"

static struct people people;
static struct roster roster;
static struct sg_error why;

static void set_up(void)
{
    people_make(&people);
    cr_assert_eq(roster_parse(slice_str(people.text), &roster, &why), SG_OK);
}

static void tear_down(void)
{
    people_remove(&people);
}

TestSuite(grant, .init = set_up, .fini = tear_down);

/* --- The vector of the format --------------------------------------------------------
 */

static const char vector[] =
    "segel-grant/v1\n"
    "id g-88\n"
    "action key.activate\n"
    "object seal-setda\n"
    "param mode=window until=2026-05-02T17:00:00+07:00 max=20000\n"
    "request sha256:1f58b9145b24d108d7ac38887338b3ea3229833b9c1e418250343f907bfd1047\n"
    "policy sha256:823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812\n"
    "requester officer-a\n"
    "not-after 2026-05-02T01:12:03Z\n";

static const char signatures[] = "\n"
                                 "— officer-b.example.go.id "
                                 "QzNGFZDu6eqBeIc4bsjYZUBdCgZsDHsJAhXEBDT+"
                                 "VpnSfq7bWuX82ddo+JnpgkRvv/ICMWu6K+453xn/SAT3h/"
                                 "jXdAY=\n"
                                 "— officer-c.example.go.id "
                                 "MoQ3FnrkuzScLSvjr/llISXeRStDOhdUhSFjuTzRIJM8Z1/FKSp/"
                                 "AqXqQfiX3mW5UgJgQgRkKVQ+xQW4wwVtKYwhr"
                                 "AQ=\n";

static const char *const vector_keys[] = {
    "officer-b.example.go.id+43334615+ASVDuS/xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd",
    "officer-c.example.go.id+32843716+ARdFU7RW3d/GkI7KscEB/mqyHiuqBhd5W31DpjSCmT/V",
};

/* Officers b and c with the keys of the vector beside their own. */
static void add_vector_keys(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct roster_person *person = &roster.persons[i + 1];
        cr_assert_eq(note_vkey_parse(slice_str(vector_keys[i]), &person->keys[1]), SG_OK);
        person->key_count = 2;
    }
}

/* What the vector's text says. */
static struct grant lawful(void)
{
    struct grant grant = {
        .id = "g-88",
        .action = TASK_KEY_ACTIVATE,
        .object = "seal-setda",
        .param = "mode=window until=2026-05-02T17:00:00+07:00 max=20000",
        .requester = "officer-a",
        .not_after_us = (int64_t)1777684323 * 1000000,
    };

    (void)SHA256((const uint8_t *)"request", 7, grant.request);
    (void)SHA256((const uint8_t *)"policy", 6, grant.policy);
    return grant;
}

Test(grant, of_the_vector_is_written)
{
    struct grant grant = lawful();
    char text[GRANT_TEXT_MAX];
    size_t len = 0;

    cr_assert_eq(grant_write(&grant, text, &len), SG_OK);
    cr_expect(slice_equal(slice_of(text, len), slice_str(vector)));
}

Test(grant, of_the_vector_is_signed_by_two)
{
    struct grant grant = lawful();
    char note[2048];
    uint64_t persons = 0;

    add_vector_keys();
    (void)snprintf(note, sizeof(note), "%s%s", vector, signatures);
    cr_assert_eq(grant_signers(&roster, &grant, slice_str(note), &persons, &why), SG_OK,
                 "%s", why.text);
    cr_expect_eq(persons, 6);
    cr_expect(roster_reached(&roster, grant.action, persons, 0));
}

Test(grant, is_not_written_with_what_could_not_be_read)
{
    struct grant sound = lawful();
    char text[GRANT_TEXT_MAX];
    size_t len = 0;
    struct grant grant = sound;

    grant.param[0] = '\0';
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = sound;
    (void)snprintf(grant.param, sizeof(grant.param), "max=1\nrequester nobody");
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = sound;
    grant.not_after_us++;
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = sound;
    grant.id[0] = ' ';
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = sound;
    memset(grant.param, 'x', GRANT_PARAM_MAX);
    cr_expect_eq(grant_write(&grant, text, &len), SG_OK, "the longest fits");
}

/* --- For which gateway ----------------------------------------------------------------
 */

static struct grant lawful_of(const char *log)
{
    struct grant grant = lawful();

    (void)snprintf(grant.log, sizeof(grant.log), "%s", log);
    return grant;
}

Test(grant, names_the_log_in_its_second_form)
{
    struct grant grant = lawful_of("log.example/kota");
    char text[GRANT_TEXT_MAX];
    size_t len = 0;
    static const char begin[] = "segel-grant/v2\nlog log.example/kota\nid g-88\n";

    cr_assert_eq(grant_write(&grant, text, &len), SG_OK);
    cr_expect(slice_equal(slice_of(text, sizeof(begin) - 1), slice_str(begin)));
    cr_expect(slice_equal(slice_of(text + sizeof(begin) - 1, len + 1 - sizeof(begin)),
                          slice_str(strstr(vector, "action "))));
    grant = lawful_of("log of kota");
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
}

/* --- Who signed ------------------------------------------------------------------------
 */

static char bytes[GRANT_NOTE_MAX + 1024];

/* The vector's text with signatures of these persons. */
static struct slice note_by(const char *text, const size_t *who, size_t count)
{
    struct lines_out note;
    struct slice out;

    lines_start(&note, bytes, sizeof(bytes));
    note_begin(&note, slice_str(text));
    for (size_t i = 0; i < count; i++) {
        people_sign(&people, who[i], slice_str(text), &note);
    }
    cr_assert_eq(lines_finish(&note, &out), SG_OK);
    return out;
}

static uint64_t signers(struct slice note)
{
    struct grant grant = lawful();
    uint64_t persons = 99;

    cr_assert_eq(grant_signers(&roster, &grant, note, &persons, &why), SG_OK, "%s",
                 why.text);
    return persons;
}

Test(grant, counts_persons_and_not_keys)
{
    const size_t who[] = {1, 1, 4};

    cr_expect_eq(signers(note_by(vector, who, 3)), 2 | 16);
    roster.persons[1].keys[1] = people.named[2]; /* officer b has c's key, too */
    roster.persons[1].key_count = 2;
    roster.persons[2].key_count = 0;
    const size_t both[] = {1, 2};
    cr_expect_eq(signers(note_by(vector, both, 2)), 2);
}

Test(grant, signed_by_the_requester_alone_is_not_enough)
{
    const size_t who[] = {0, 1};
    uint64_t persons = signers(note_by(vector, who, 2));

    cr_expect_eq(persons, 1 | 2);
    cr_expect_not(roster_reached(&roster, TASK_KEY_ACTIVATE, persons, 0));
}

Test(grant, strangers_are_passed_over)
{
    const size_t who[] = {0, 1};
    struct people others;

    people_make(&others);
    struct people known = people;
    people = others;
    struct slice note = note_by(vector, who, 2);
    people = known;
    cr_expect_eq(signers(note), 0);
    people_remove(&others);
}

Test(grant, with_a_false_signature_of_somebody_known_is_refused)
{
    const size_t who[] = {1, 2};
    struct slice note = note_by(vector, who, 2);
    struct grant grant = lawful();
    uint64_t persons = 0;

    bytes[note.len - 20] = bytes[note.len - 20] == 'A' ? 'B' : 'A';
    cr_expect_eq(grant_signers(&roster, &grant, note, &persons, &why), SG_CORRUPT);
    cr_expect_eq(persons, 0);
    cr_expect_not_null(strstr(why.text, "officer-c"));
}

Test(grant, signed_over_another_text_is_refused)
{
    char other[sizeof(vector)];
    const size_t who[] = {1, 2};
    struct grant grant = lawful();
    uint64_t persons = 0;

    memcpy(other, vector, sizeof(vector));
    *strstr(other, "20000") = '9';
    struct slice note = note_by(other, who, 2);
    cr_expect_eq(grant_signers(&roster, &grant, note, &persons, &why), SG_INVALID);
    cr_expect_eq(persons, 0);
}

/* The same words, said at another gateway, or at none. */
Test(grant, signed_for_another_log_counts_for_nothing)
{
    static const char *const logs[] = {"log.example/test", ""};
    const size_t who[] = {1, 2};
    struct grant grant = lawful_of("log.example/kota");
    char text[GRANT_TEXT_MAX + 1];
    uint64_t persons = 0;

    for (size_t i = 0; i < SG_COUNT(logs); i++) {
        struct grant other = lawful_of(logs[i]);
        size_t len = 0;
        cr_assert_eq(grant_write(&other, text, &len), SG_OK);
        text[len] = '\0';
        struct slice note = note_by(text, who, 2);
        cr_expect_eq(grant_signers(&roster, &grant, note, &persons, &why), SG_INVALID);
        cr_expect_eq(persons, 0);
        cr_expect_eq(grant_signers(&roster, &other, note, &persons, &why), SG_OK);
        cr_expect_eq(persons, 6);
    }
}

/* Whatever is signed but the very text is signed for something else. */
Test(grant, signed_in_another_form_counts_for_nothing)
{
    static const struct {
        const char *from;
        const char *to;
    } other[] = {
        {"segel-grant/v1", "segel-grant/v2"},
        {"segel-grant/v1\n", ""},
        {"id g-88\n", ""},
        {"id g-88", "id  g-88"},
        {"id g-88", "id g-88 "},
        {"id g-88", "id g 88"},
        {"id g-88", "id "},
        {"id g-88\n", "id g-88\n\n"},
        {"id g-88\n", "id g-88\nid g-88\n"},
        {"key.activate", "key.copy"},
        {"seal-setda", "seal/setda"},
        {"mode=window", " mode=window"},
        {"max=20000\n", "max=20000\nparam max=1\n"},
        {"max=20000", "max=20000\xE2\x80\xA8"},
        {"max=20000", "max=\t20000"},
        {"sha256:1f58", "sha256:1F58"},
        {"sha256:1f58", "sha512:1f58"},
        {"sha256:1f58", "sha256:1f5"},
        {"officer-a", ""},
        {"03Z", "03.000000Z"},
        {"03Z", "03.5Z"},
        {"01:12:03Z", "08:12:03+07:00"},
        {"03Z\n", "03Z"},
        {"03Z\n", "03Z\nextra 1\n"},
        {"03Z\n", "03Z\r\n"},
    };
    const size_t who[] = {1, 2};

    for (size_t i = 0; i < SG_COUNT(other); i++) {
        char text[2 * sizeof(vector)];
        const char *at = strstr(vector, other[i].from);
        struct grant grant = lawful();
        uint64_t persons = 99;
        cr_assert_not_null(at, "%s", other[i].from);
        (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - vector), vector,
                       other[i].to, at + strlen(other[i].from));
        struct slice note = note_by(text, who, 2);
        cr_expect_eq(grant_signers(&roster, &grant, note, &persons, &why), SG_INVALID,
                     "'%s' for '%s'", other[i].to, other[i].from);
        cr_expect_eq(persons, 0);
    }
}

Test(grant, that_is_no_note_or_too_long_is_refused)
{
    struct grant grant = lawful();
    uint64_t persons = 0;

    cr_expect_eq(grant_signers(&roster, &grant, slice_str(vector), &persons, &why),
                 SG_INVALID);
    memset(bytes, 'x', sizeof(bytes));
    cr_expect_eq(
        grant_signers(&roster, &grant, slice_of(bytes, sizeof(bytes)), &persons, &why),
        SG_INVALID);
}

#include "proto/quorum/grant.h"

#include <criterion/criterion.h>
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

static struct grant parsed(const char *text)
{
    struct grant grant;

    cr_assert_eq(grant_parse(slice_str(text), &grant, &why), SG_OK, "%s", why.text);
    return grant;
}

Test(grant, of_the_vector_is_read)
{
    struct grant grant = parsed(vector);
    uint8_t request[2] = {0x1f, 0x58};

    cr_assert_eq(sizeof(vector) - 1, 331);
    cr_expect_str_eq(grant.id, "g-88");
    cr_expect_eq(grant.action, TASK_KEY_ACTIVATE);
    cr_expect_str_eq(grant.object, "seal-setda");
    cr_expect_str_eq(grant.param,
                     "mode=window until=2026-05-02T17:00:00+07:00 max=20000");
    cr_expect_eq(memcmp(grant.request, request, 2), 0);
    cr_expect_str_eq(grant.requester, "officer-a");
    cr_expect_eq(grant.not_after_us, (int64_t)1777684323 * 1000000);
}

Test(grant, of_the_vector_is_written)
{
    struct grant grant = parsed(vector);
    char text[GRANT_TEXT_MAX];
    size_t len = 0;

    cr_assert_eq(grant_write(&grant, text, &len), SG_OK);
    cr_expect(slice_equal(slice_of(text, len), slice_str(vector)));
}

Test(grant, of_the_vector_is_signed_by_two)
{
    struct grant grant = parsed(vector);
    char note[2048];
    uint64_t persons = 0;

    add_vector_keys();
    (void)snprintf(note, sizeof(note), "%s%s", vector, signatures);
    cr_assert_eq(grant_signers(&roster, &grant, slice_str(note), &persons, &why), SG_OK,
                 "%s", why.text);
    cr_expect_eq(persons, 6);
    cr_expect(roster_reached(&roster, grant.action, persons, 0));
}

/* --- What is refused ------------------------------------------------------------------
 */

static void refused(const char *from, const char *to)
{
    char text[2 * sizeof(vector)];
    struct grant grant;
    const char *at = strstr(vector, from);

    cr_assert_not_null(at, "%s", from);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - vector), vector, to,
                   at + strlen(from));
    cr_expect_eq(grant_parse(slice_str(text), &grant, &why), SG_INVALID, "'%s' for '%s'",
                 to, from);
    cr_expect_gt(strlen(why.text), 20);
}

Test(grant, in_another_form_is_refused)
{
    refused("segel-grant/v1", "segel-grant/v2");
    refused("segel-grant/v1\n", "");
    refused("id g-88\n", "");
    refused("id g-88", "id  g-88");
    refused("id g-88", "id g-88 ");
    refused("id g-88", "id g 88");
    refused("id g-88", "id ");
    refused("id g-88\n", "id g-88\n\n");
    refused("id g-88\n", "id g-88\nid g-88\n");
    refused("key.activate", "key.copy");
    refused("seal-setda", "seal/setda");
    refused("mode=window", " mode=window");
    refused("max=20000\n", "max=20000\nparam max=1\n");
    refused("max=20000", "max=20000\xE2\x80\xA8");
    refused("max=20000", "max=\t20000");
    refused("sha256:1f58", "sha256:1F58");
    refused("sha256:1f58", "sha512:1f58");
    refused("sha256:1f58", "sha256:1f5");
    refused("officer-a", "");
    refused("03Z", "03.000000Z");
    refused("03Z", "03.5Z");
    refused("01:12:03Z", "08:12:03+07:00");
    refused("03Z\n", "03Z");
    refused("03Z\n", "03Z\nextra 1\n");
    refused("03Z\n", "03Z\r\n");
}

Test(grant, is_not_written_with_what_could_not_be_read)
{
    struct grant lawful = parsed(vector);
    char text[GRANT_TEXT_MAX];
    size_t len = 0;
    struct grant grant = lawful;

    grant.param[0] = '\0';
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = lawful;
    (void)snprintf(grant.param, sizeof(grant.param), "max=1\nrequester nobody");
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = lawful;
    grant.not_after_us++;
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = lawful;
    grant.id[0] = ' ';
    cr_expect_eq(grant_write(&grant, text, &len), SG_INVALID);
    grant = lawful;
    memset(grant.param, 'x', GRANT_PARAM_MAX);
    cr_expect_eq(grant_write(&grant, text, &len), SG_OK, "the longest fits");
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
    struct grant grant = parsed(vector);
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
    struct grant grant = parsed(vector);
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
    struct grant grant = parsed(vector);
    uint64_t persons = 0;

    memcpy(other, vector, sizeof(vector));
    *strstr(other, "20000") = '9';
    struct slice note = note_by(other, who, 2);
    cr_expect_eq(grant_signers(&roster, &grant, note, &persons, &why), SG_INVALID);
    cr_expect_eq(persons, 0);
}

Test(grant, that_is_no_note_or_too_long_is_refused)
{
    struct grant grant = parsed(vector);
    uint64_t persons = 0;

    cr_expect_eq(grant_signers(&roster, &grant, slice_str(vector), &persons, &why),
                 SG_INVALID);
    memset(bytes, 'x', sizeof(bytes));
    cr_expect_eq(
        grant_signers(&roster, &grant, slice_of(bytes, sizeof(bytes)), &persons, &why),
        SG_INVALID);
}

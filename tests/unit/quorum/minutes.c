#include "proto/quorum/minutes.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/quorum/support/people.h"

/* The vector: keys are the Ed25519 seeds 40…5f, 60…7f and 80…9f; hashes are SHA-256 of
 * the words "script", "tool" and so on. Made with another library. */
static const char vector[] =
    "segel-minutes/v1\n"
    "world real\n"
    "ceremony key-generation\n"
    "id c-88\n"
    "place Ruang server lantai 2\n"
    "began 2026-05-02T01:00:03Z\n"
    "ended 2026-05-02T01:40:59Z\n"
    "script sha256:21a0270b7f66a1e4c25933f13a1e5a1bbb4757578072930c8189131f9c6aaae1\n"
    "tool sha256:7c9bbe5ec9b3fb774e8fa0f54247e93c34ddf8e5d16fe3073420de0ae81a262d\n"
    "quorum sha256:5f09ae9ab8cfe6c9ab80631cb359cbad53895a518d0b2d94e95a5da0a1f8c763\n"
    "participant officer-b officer\n"
    "participant officer-c officer\n"
    "witness reviewer-x reviewer\n"
    "grant g-88 sha256:3492ad65d05a973fef8c825521eeb41ae64625a672a8aeeeabc696e16d62a020\n"
    "token lane0.serial 00112233\n"
    "attribute CKA_EXTRACTABLE false\n"
    "refusal C_CopyObject CKR_ATTRIBUTE_READ_ONLY\n"
    "spki sha256:6feecc8c16c5551d9feb3eb5f77e2da773bf68bd9ef9c52927ceb2c86e56892b\n"
    "csr sha256:c27338c453067b437471afbce792704d816112c6031bb996b62c698ea599ef80\n"
    "step 1 confirmed by officer-b\n"
    "log 17 sha256:9f91161f43433e49a6de6db680d79f60159f2e4ac9172621a12846428158440b\n"
    "remark the lift was out of order\n";

static const char *const signatures[] = {
    "— officer-b.example.go.id "
    "QzNGFWD2qLOjAjhYO0RjQybWjjsavFViPLwM1PIh1EuIshKe3qWSf4+vpv0dN9Z8ANrpP1agVT9DklJ+"
    "iP9A5u9wYAM=\n",
    "— officer-c.example.go.id "
    "MoQ3FhOirc4JiV/"
    "NcikS7yRHdoF5+cRqEYCSe3mzbOfF14ANUpQ4FtrnezX4fLt9uHb3Sql7sr9pzZX5pFXSc4HogQY=\n",
    "— reviewer-x.example.go.id "
    "akScl5KtLUX63kGlo7OzzI2MD28PGTKekTTBxHXP4ZWIPT36BbYxZgoWhurg+v4QSsDQqnE5xGMCVwvX+"
    "8BYZxZstQk=\n"};

static const char *const vector_keys[] = {
    "officer-b.example.go.id+43334615+ASVDuS/xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd",
    "officer-c.example.go.id+32843716+ARdFU7RW3d/GkI7KscEB/mqyHiuqBhd5W31DpjSCmT/V",
    "reviewer-x.example.go.id+6a449c97+Ac0Us3+VbpUxlP9/tzs9gdzFYdYadTgJS3w+GmQ+5fOq"};

enum { B = 1, C = 2, X = 4, NOTE_SIZE = 8192 }; /* as people.c has them */

static struct people people;
static struct roster roster;
static struct minutes minutes;
static struct minutes_votes votes;
static struct sg_error why;
static char note[NOTE_SIZE];

static void add_key(unsigned person, const char *vkey)
{
    struct roster_person *who = &roster.persons[person];

    cr_assert_eq(note_vkey_parse(slice_str(vkey), &who->keys[who->key_count++]), SG_OK);
}

static void set_up(void)
{
    people_make(&people);
    cr_assert_eq(roster_parse(slice_str(people.text), &roster, &why), SG_OK);
    add_key(B, vector_keys[0]);
    add_key(C, vector_keys[1]);
    add_key(X, vector_keys[2]);
}

static void tear_down(void)
{
    people_remove(&people);
}

TestSuite(minutes, .init = set_up, .fini = tear_down);

static enum sg_status read_text(const char *text)
{
    return minutes_read(slice_str(text), &minutes, &why);
}

/* The vector with one text in the place of another. */
static const char *changed(const char *from, const char *to)
{
    static char out[NOTE_SIZE];
    const char *at = strstr(vector, from);

    cr_assert(at != NULL, "%s", from);
    (void)snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - vector), vector, to,
                   at + strlen(from));
    return out;
}

static enum sg_status votes_of(const char *text, const char *first, const char *second,
                               const char *third)
{
    (void)snprintf(note, sizeof(note), "%s\n%s%s%s", text, first, second, third);
    return minutes_votes(&roster, slice_str(note), &minutes, &votes, &why);
}

/* --- The text ---------------------------------------------------------------------- */

Test(minutes, of_the_vector_are_read_and_written_again)
{
    char text[MINUTES_TEXT_MAX];
    size_t len = 0;

    cr_assert_eq(read_text(vector), SG_OK, "%s", why.text);
    cr_expect(slice_equal(minutes_get(&minutes, MINUTES_FIELD_PLACE, 0),
                          slice_str("Ruang server lantai 2")));
    cr_expect(
        slice_equal(minutes_first(minutes_get(&minutes, MINUTES_FIELD_PARTICIPANT, 1)),
                    slice_str("officer-c")));
    cr_expect_eq(minutes_get(&minutes, MINUTES_FIELD_PARTICIPANT, 2).len, 0);
    cr_expect(!minutes_rehearsed(&minutes));
    cr_assert_eq(minutes_write(&minutes, text, &len, &why), SG_OK);
    cr_expect(slice_equal(slice_of(text, len), slice_str(vector)));
}

Test(minutes, are_written_in_one_order_whatever_the_order_they_came_in)
{
    static struct minutes mixed;
    char text[MINUTES_TEXT_MAX];
    size_t len = 0;

    cr_assert_eq(read_text(vector), SG_OK);
    for (unsigned field = MINUTES_FIELD_COUNT; field > 0; field--) {
        struct slice value;
        for (size_t n = 0; (value = minutes_get(&minutes, field - 1, n)).len > 0; n++) {
            cr_assert_eq(minutes_add(&mixed, field - 1, value, &why), SG_OK);
        }
    }
    cr_assert_eq(minutes_write(&mixed, text, &len, &why), SG_OK);
    cr_expect(slice_equal(slice_of(text, len), slice_str(vector)));
}

Test(minutes, that_are_not_strictly_so_are_refused)
{
    static const struct {
        const char *from;
        const char *to;
        const char *words;
    } rows[] = {
        {"segel-minutes/v1", "segel-minutes/v2", "no minutes"},
        {"world real\n", "", "'world' is missing"},
        {"world real", "world Real", "line 2"},
        {"world real\n", "world real\nworld real\n", "line 3: there are more than 1"},
        {"place Ruang", "place  Ruang", "line 5"},
        {"lantai 2", "lantai 2 ", "line 5"},
        {"lantai 2\n", "lantai 2\ncolour red\n", "line 6: it begins with no name"},
        {"lantai 2\n", "lantai 2\n\n", "line 6"},
        {"place Ruang server lantai 2\n", "place\n", "line 5"},
        {"01:00:03Z", "01:00:03.5Z", "line 6"},
        {"01:00:03Z", "08:00:03+07:00", "line 6"},
        {"ended 2026", "ended 2025", "before it began"},
        {"ceremony key", "id c-88\nceremony key", "line 4: 'ceremony' stands too late"},
        {"sha256:21a0", "sha256:21A0", "line 8"},
        {"sha256:21a0", "sha256:1a0", "line 8"},
        {"officer-c officer", "officer-c king", "line 12"},
        {"officer-c officer", "officer-b officer", "'officer-b' takes part twice"},
        {"reviewer-x reviewer", "officer-c reviewer", "'officer-c' takes part twice"},
        {"participant officer-b officer\nparticipant officer-c officer\n", "",
         "'participant' is missing"},
        {"log 17", "log 017", "line 21"},
        {"out of order\n", "out of order", "no line feed"},
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        cr_expect_eq(read_text(changed(rows[i].from, rows[i].to)),
                     SG_INVALID + (strstr(rows[i].words, "more than") != NULL
                                       ? (int)SG_TOO_LARGE - (int)SG_INVALID
                                       : 0),
                     "%s: %s", rows[i].to, why.text);
        cr_expect(strstr(why.text, rows[i].words) != NULL, "%s", why.text);
    }
}

Test(minutes, hold_no_line_that_could_be_read_as_two)
{
    struct minutes empty = {.count = 0};

    cr_expect_eq(minutes_add(&empty, MINUTES_FIELD_REMARK, slice_str("a\nlog 1 x"), &why),
                 SG_INVALID);
    cr_expect_eq(minutes_add(&empty, MINUTES_FIELD_PLACE, slice_str("\xC2\x85"), &why),
                 SG_INVALID);
    cr_expect_eq(minutes_add(&empty, MINUTES_FIELD_STEP, slice_str("1"), &why),
                 SG_INVALID);
    cr_expect_eq(empty.count, 0);
}

/* --- Signatures -------------------------------------------------------------------- */

Test(minutes, of_the_vector_are_complete)
{
    cr_assert_eq(votes_of(vector, signatures[0], signatures[1], signatures[2]), SG_OK,
                 "%s", why.text);
    cr_expect_eq(votes.must, 1 << B | 1 << C | 1 << X);
    cr_expect_eq(votes.witnesses, 1 << X);
    cr_expect_eq(votes.given, votes.must);
    cr_expect(minutes_complete(&votes));
}

Test(minutes, without_a_participant_or_the_witness_are_not_complete)
{
    cr_assert_eq(votes_of(vector, signatures[0], signatures[2], ""), SG_OK);
    cr_expect_eq(votes.given, 1 << B | 1 << X);
    cr_expect(!minutes_complete(&votes));
    cr_assert_eq(votes_of(vector, signatures[0], signatures[1], ""), SG_OK);
    cr_expect(!minutes_complete(&votes));
    cr_assert_eq(votes_of(vector, signatures[0], signatures[0], signatures[2]), SG_OK);
    cr_expect(!minutes_complete(&votes));
}

Test(minutes, whose_witness_did_not_sign_last_are_not_complete)
{
    cr_assert_eq(votes_of(vector, signatures[0], signatures[2], signatures[1]), SG_OK);
    cr_expect_eq(votes.given, votes.must);
    cr_expect(votes.late);
    cr_expect(!minutes_complete(&votes));
}

Test(minutes, that_were_changed_carry_false_signatures)
{
    static const char *const changes[][2] = {
        {"out of order", "in good order"},
        {"EXTRACTABLE false", "EXTRACTABLE true"},
        {"log 17", "log 18"},
        {"lantai 2", "lantai 3"},
        {"world real", "world REHEARSAL"},
    };

    for (size_t i = 0; i < SG_COUNT(changes); i++) {
        cr_expect_eq(votes_of(changed(changes[i][0], changes[i][1]), signatures[0],
                              signatures[1], signatures[2]),
                     SG_CORRUPT);
        cr_expect(strstr(why.text, "'officer-b' is false") != NULL, "%s", why.text);
    }
}

Test(minutes, name_only_persons_of_the_quorum_file_by_their_roles)
{
    cr_expect_eq(votes_of(changed("officer-c officer", "officer-z officer"),
                          signatures[0], "", ""),
                 SG_INVALID);
    cr_expect(strstr(why.text, "no officer 'officer-z'") != NULL, "%s", why.text);
    cr_expect_eq(votes_of(changed("reviewer-x reviewer", "officer-a reviewer"),
                          signatures[0], "", ""),
                 SG_INVALID);
}

Test(minutes, signed_by_somebody_else_are_not_signed)
{
    char text[NOTE_SIZE];
    struct lines_out out;
    struct slice done;

    lines_start(&out, text, sizeof(text));
    note_begin(&out, slice_str(vector));
    people_sign(&people, 0, slice_str(vector), &out); /* took no part */
    people_sign(&people, C, slice_str(vector), &out); /* by another key of hers */
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_assert_eq(minutes_votes(&roster, done, &minutes, &votes, &why), SG_OK);
    cr_expect_eq(votes.given, 1 << C);
}

Test(minutes, signed_with_a_key_of_another_quorum_file_are_signed)
{
    static struct roster before;
    const struct minutes_rosters rosters = {&roster, &before};
    uint64_t must = 1 << B | 1 << C | 1 << X;

    before = roster;
    roster.persons[B].key_count--; /* it was given another one */
    cr_assert_eq(votes_of(vector, signatures[0], signatures[1], signatures[2]), SG_OK);
    cr_expect_eq(votes.given, must & ~(uint64_t)(1 << B));
    cr_assert_eq(minutes_votes_by(&rosters, slice_str(note), &minutes, &votes, &why),
                 SG_OK, "%s", why.text);
    cr_expect_eq(votes.given, must);
    cr_expect(minutes_complete(&votes));
    /* somebody else of that name */
    before.persons[B].role = PERSON_REVIEWER;
    cr_assert_eq(minutes_votes_by(&rosters, slice_str(note), &minutes, &votes, &why),
                 SG_OK);
    cr_expect_eq(votes.given, must & ~(uint64_t)(1 << B));
}

Test(minutes, signed_falsely_by_a_key_of_another_quorum_file_are_refused)
{
    static struct roster before;
    const struct minutes_rosters rosters = {&roster, &before};

    before = roster;
    roster.persons[B].key_count--;
    (void)snprintf(note, sizeof(note), "%s\n%s", changed("lantai 2", "lantai 3"),
                   signatures[0]);
    cr_expect_eq(minutes_votes_by(&rosters, slice_str(note), &minutes, &votes, &why),
                 SG_CORRUPT);
}

#include "proto/quorum/trust.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct trust_policy trust;
static struct sg_error why;
static char text[16384];

/* A key of which nobody has the private part. */
static const char *vkey(const char *name, enum note_kind kind, unsigned byte)
{
    static char out[8][NOTE_VKEY_MAX];
    static unsigned turn;
    uint8_t public_key[NOTE_KEY_SIZE];
    struct note_key key;
    char *vkey = out[turn++ % 8];

    memset(public_key, (int)byte, sizeof(public_key));
    cr_assert_eq(note_key_make(slice_str(name), kind, public_key, &key), SG_OK);
    note_vkey_format(&key, vkey);
    return vkey;
}

static void set_up(void)
{
    (void)snprintf(text, sizeof(text),
                   "# whom we trust\n"
                   "log %s\n"
                   "witness bsre %s https://witness.example.go.id/\n"
                   "witness prov/1 %s\n"
                   "witness uni %s\n"
                   "group two 2 bsre prov/1 uni\n"
                   "quorum two\n",
                   vkey("segel.example.go.id/log", NOTE_ED25519, 1),
                   vkey("witness.example.go.id/bsre", NOTE_COSIGNATURE, 2),
                   vkey("witness.example.go.id/prov", NOTE_COSIGNATURE, 3),
                   vkey("witness.example.go.id/uni", NOTE_COSIGNATURE, 4));
}

TestSuite(trust, .init = set_up);

static enum sg_status parse(void)
{
    return trust_parse(slice_str(text), &trust, &why);
}

static void change(const char *from, const char *to)
{
    char changed[sizeof(text)];
    char *at = strstr(text, from);

    cr_assert_not_null(at, "%s", from);
    (void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
    memcpy(text, changed, sizeof(text));
}

static void refused(const char *words)
{
    cr_assert_eq(parse(), SG_INVALID, "it was taken, and not refused for: %s", words);
    cr_expect_not_null(strstr(why.text, words), "'%s' does not say '%s'", why.text,
                       words);
}

Test(trust, has_logs_witnesses_and_a_quorum)
{
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
    cr_expect_eq(trust.log_count, 1);
    cr_expect_eq(trust.groups.leaf_count, 3);
    cr_expect_str_eq(trust.witnesses[1].name, "witness.example.go.id/prov");
    cr_expect_not(trust_reached(&trust, 0));
    cr_expect_not(trust_reached(&trust, 2));
    cr_expect(trust_reached(&trust, 1 | 4));
}

Test(trust, one_witness_may_be_the_quorum)
{
    change("quorum two", "quorum uni");
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
    cr_expect_not(trust_reached(&trust, 1 | 2));
    cr_expect(trust_reached(&trust, 4));
}

Test(trust, none_may_be_asked_for)
{
    change("quorum two", "quorum none");
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
    cr_expect(trust_reached(&trust, 0));
}

Test(trust, has_exactly_one_quorum)
{
    change("quorum two\n", "");
    refused("no quorum line");
    set_up();
    change("quorum two\n", "quorum two\nquorum none\n");
    refused("there is one quorum");
    set_up();
    change("quorum two", "quorum");
    refused("there is one quorum");
    set_up();
    change("quorum two", "quorum three");
    refused("'three' does not stand above");
}

Test(trust, a_name_is_a_member_once)
{
    change("quorum two\n", "group one any uni\nquorum one\n");
    refused("'uni' is a member of another group already");
    set_up();
    change("quorum two\n", "group one any two\ngroup other any two\nquorum one\n");
    refused("'two' is a member of another group already");
}

Test(trust, no_key_stands_twice)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "witness other %s\nquorum two\n",
                   vkey("another.name", NOTE_COSIGNATURE, 2));
    change("quorum two\n", line);
    refused("this key stands above already");
    set_up();
    (void)snprintf(line, sizeof(line), "log %s\nquorum two\n",
                   vkey("another.name", NOTE_ED25519, 1));
    change("quorum two\n", line);
    refused("this key stands above already");
}

Test(trust, a_log_is_no_witness_and_the_other_way_round)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "log %s\nquorum two\n",
                   vkey("another.name", NOTE_COSIGNATURE, 9));
    change("quorum two\n", line);
    refused("is no verifier key of a log");
    set_up();
    (void)snprintf(line, sizeof(line), "witness other %s\nquorum two\n",
                   vkey("another.name", NOTE_ED25519, 9));
    change("quorum two\n", line);
    refused("is no verifier key of a witness");
}

Test(trust, refuses_other_lines)
{
    change("quorum two", "task two");
    refused("line 7: it begins with none of the words");
    set_up();
    change("log ", "log log ");
    refused("line 2: ");
    set_up();
    change("witness bsre", "witness all");
    refused("line 3: a name has");
}

/* --- By hand -------------------------------------------------------------------------
 */

static struct note_key key_of(enum note_kind kind, unsigned byte)
{
    uint8_t public_key[NOTE_KEY_SIZE];
    struct note_key key;

    memset(public_key, (int)byte, sizeof(public_key));
    cr_assert_eq(note_key_make(slice_str("a.name"), kind, public_key, &key), SG_OK);
    return key;
}

Test(trust, by_hand_asks_for_a_number)
{
    struct note_key log = key_of(NOTE_ED25519, 9);

    memset(&trust, 0, sizeof(trust));
    cr_assert_eq(trust_add_log(&trust, &log, &why), SG_OK);
    cr_expect_eq(trust_fewest(&trust), 0);
    cr_expect(trust_reached(&trust, 0));
    for (unsigned i = 0; i < 3; i++) {
        struct note_key witness = key_of(NOTE_COSIGNATURE, i);
        cr_assert_eq(trust_add_witness(&trust, &witness, &why), SG_OK);
        cr_expect_eq(trust_add_witness(&trust, &witness, &why), SG_INVALID, "twice");
    }
    cr_expect_eq(trust_add_witness(&trust, &log, &why), SG_INVALID, "a log's key");
    cr_expect_eq(trust_ask_for(&trust, 4, &why), SG_INVALID, "more than there are");
    cr_assert_eq(trust_ask_for(&trust, 2, &why), SG_OK);
    cr_expect_eq(trust_fewest(&trust), 2);
    cr_expect_not(trust_reached(&trust, 4));
    cr_expect(trust_reached(&trust, 1 | 4));
}

/* Keys on P-256 begin alike: they are told apart by their points. */
Test(trust, two_logs_on_one_curve_are_two_logs)
{
    uint8_t spki[NOTE_SPKI_SIZE] = {0x30, 0x59};
    struct note_key one;
    struct note_key two;

    memset(&trust, 0, sizeof(trust));
    cr_assert_eq(note_key_make(slice_str("a.name"), NOTE_ECDSA, spki, &one), SG_OK);
    spki[NOTE_SPKI_SIZE - 1] = 1;
    cr_assert_eq(note_key_make(slice_str("b.name"), NOTE_ECDSA, spki, &two), SG_OK);
    cr_assert_eq(trust_add_log(&trust, &one, &why), SG_OK);
    cr_assert_eq(trust_add_log(&trust, &two, &why), SG_OK);
    cr_expect_eq(trust_add_log(&trust, &two, &why), SG_INVALID, "twice");
    cr_expect_eq(trust_add_witness(&trust, &two, &why), SG_INVALID, "no cosignatures");
}

Test(trust, the_log_is_the_one_of_the_name)
{
    cr_assert_eq(parse(), SG_OK, "%s", why.text);
    cr_expect_eq(trust_log(&trust, "segel.example.go.id/log"), &trust.logs[0]);
    cr_expect_eq(trust_log(&trust, "another"), &trust.logs[0]);
    cr_expect_eq(trust_fewest(&trust), 2);
}

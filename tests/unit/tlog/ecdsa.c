#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>

#include "proto/tlog/checkpoint.h"
#include "proto/tlog/note.h"

/* A log key on P-256 (kind 2). The private key is the number whose bytes are 01 to 20;
 * key, id and signatures were made with the Python package cryptography. */
#define NAME  "segel.example.go.id/policy-log"
#define PLACE NAME "+f1d59449+"
#define POINT_HEAD                                                                       \
    "AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFFcPW6545a5BNP+yn9U/c0MwemXvzddylFa0KbDtANfRT" \
    "a+OlDzGPv5pUdZAqIhUCvvDVfgjFOyzApW8X2f"
static const char vkey[] = PLACE POINT_HEAD "k1Q=";

#define TEXT         NAME "\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
#define LINE(base64) TEXT "\n\xE2\x80\x94 " NAME " " base64 "\n"
static const char signed_note[] =
    LINE("8dWUSTBEAiAgi81pysz0T4zd3qaL4JMjHUO0NxEfSaoDT68bZphOSAIgEkbn2e0yDKYRzuBgqZi/"
         "kf3fn+iT4qWl9V7/vt3+njs=");
/* The same r and s: side by side, and with a length in a longer form than DER has. */
static const char raw_note[] =
    LINE("8dWUSSCLzWnKzPRPjN3epovgkyMdQ7Q3ER9JqgNPrxtmmE5IEkbn2e0yDKYRzuBgqZi/kf3fn+iT"
         "4qWl9V7/vt3+njs=");
static const char ber_note[] =
    LINE("8dWUSTCBRAIgIIvNacrM9E+M3d6mi+CTIx1DtDcRH0mqA0+vG2aYTkgCIBJG59ntMgymEc7gYKmY"
         "v5H935/ok+KlpfVe/77d/p47");
static const char sha384_note[] =
    LINE("8dWUSTBGAiEAmnhmxj7RDgOQm/R1yUqEtBXROUjvpLlTzr4Do9zW/1wCIQDNgS4vUdhpwaEIELn4"
         "nUPNmT5498V7trOugixaDEfpww==");

static struct note_key key_of(const char *text)
{
    struct note_key key;

    cr_assert_eq(note_vkey_parse(slice_str(text), &key), SG_OK);
    return key;
}

static enum sg_status open_note(const char *note, struct checkpoint *checkpoint)
{
    struct note_key key = key_of(vkey);

    return checkpoint_open(slice_str(note), &key, checkpoint);
}

Test(ecdsa, a_known_key_survives_parse_and_format)
{
    char text[NOTE_VKEY_MAX];
    struct note_key key = key_of(vkey);

    cr_expect_eq(key.kind, NOTE_ECDSA);
    cr_expect(note_kind_of_log(key.kind));
    note_vkey_format(&key, text);
    cr_expect_str_eq(text, vkey);
}

Test(ecdsa, a_known_checkpoint_opens)
{
    struct checkpoint checkpoint;

    cr_assert_eq(open_note(signed_note, &checkpoint), SG_OK);
    cr_expect_eq(checkpoint.head.size, 8);
}

Test(ecdsa, another_text_or_form_of_signature_is_false)
{
    char changed[sizeof(signed_note)];
    struct checkpoint checkpoint;

    memcpy(changed, signed_note, sizeof(changed));
    changed[sizeof(NAME)] = '9';
    cr_expect_eq(open_note(changed, &checkpoint), SG_CORRUPT, "the size");
    cr_expect_eq(open_note(raw_note, &checkpoint), SG_CORRUPT, "r and s side by side");
    cr_expect_eq(open_note(ber_note, &checkpoint), SG_CORRUPT, "BER that is no DER");
    cr_expect_eq(open_note(sha384_note, &checkpoint), SG_CORRUPT, "another hash");
}

/* Each byte of the signature counts, and no change of one crashes. */
Test(ecdsa, every_changed_character_of_a_signature_is_refused)
{
    char changed[sizeof(signed_note)];
    struct checkpoint checkpoint;
    size_t start = (size_t)(strstr(signed_note, "8dWUS") - signed_note) + 6;

    for (size_t i = start; signed_note[i] != '='; i++) {
        memcpy(changed, signed_note, sizeof(changed));
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        cr_expect_neq(open_note(changed, &checkpoint), SG_OK, "character %zu", i);
    }
}

Test(ecdsa, what_is_no_key_on_p256_is_refused)
{
    static const struct {
        const char *vkey;
        enum sg_status status;
        const char *why;
    } cases[] = {
        {NAME "+c75df303+" POINT_HEAD "k1U=", SG_INVALID,
         "a point that is not on the curve"},
        {NAME "+8922b28e+AjA5MBMGByqGSM49AgEGCCqGSM49AwEHAyIAAlFcPW6545a5BNP+yn9U/c0MwemX"
              "vzddylFa0KbDtANf",
         SG_INVALID, "a compressed point: another text of the same key"},
        {NAME "+d4cd4248+AjB2MBAGByqGSM49AgEGBSuBBAAiA2IABBHeJKLCUcd3VzysXqAl5GfyCOUdv/mP"
              "xU9mYcvlZYOwN4gvShyil+YKvNvDg22EvI+mlsd0QPktD1g36QoA58UoS0R3VNXe6IyYZTO2kB"
              "rrMXdobQro+zMYRBSr5sFxOg==",
         SG_UNSUPPORTED, "P-384"},
        {NAME "+e1341ea4+" POINT_HEAD "k1Q=", SG_INVALID,
         "an id as Ed25519 keys have it"},
    };

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        struct note_key key;
        cr_expect_eq(note_vkey_parse(slice_str(cases[i].vkey), &key), cases[i].status,
                     "%s", cases[i].why);
    }
}

Test(ecdsa, the_name_is_no_part_of_the_id_and_counts_all_the_same)
{
    struct note_key key = key_of(vkey);
    struct note_key other;
    struct note note;
    struct note_verdict verdict;

    cr_assert_eq(
        note_key_make(slice_str("another.name"), NOTE_ECDSA, key.public_key, &other),
        SG_OK);
    cr_expect_eq(other.id, key.id);
    cr_assert_eq(note_parse(slice_str(signed_note), &note), SG_OK);
    cr_expect_eq(note_verify(&note, &other, &verdict), SG_NOT_FOUND);
}

Test(ecdsa, keys_are_told_apart_by_all_of_their_bytes)
{
    struct note_key a = key_of(vkey);
    struct note_key b = a;

    cr_expect(note_key_same(&a, &b));
    b.public_key[NOTE_SPKI_SIZE - 1] ^= 1; /* far behind what all keys on P-256 share */
    cr_expect_not(note_key_same(&a, &b));
}

Test(ecdsa, a_token_tells_either_kind)
{
    static const uint8_t ed25519[] = {
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
        0x00, 1,    2,    3,    4,    5,    6,    7,    8,    9,    10,
        11,   12,   13,   14,   15,   16,   17,   18,   19,   20,   21,
        22,   23,   24,   25,   26,   27,   28,   29,   30,   31,   32};
    struct note_key p256 = key_of(vkey);
    struct slice spki = slice_of(p256.public_key, NOTE_SPKI_SIZE);
    struct note_key key;

    cr_assert_eq(note_key_of_spki(slice_str(NAME), spki, &key), SG_OK);
    cr_expect_eq(key.kind, NOTE_ECDSA);
    cr_expect_eq(key.id, p256.id);
    cr_assert_eq(
        note_key_of_spki(slice_str(NAME), slice_of(ed25519, sizeof(ed25519)), &key),
        SG_OK);
    cr_expect_eq(key.kind, NOTE_ED25519);
    cr_expect_eq(key.public_key[31], 32);
    cr_expect_eq(note_key_of_spki(slice_str(NAME), slice_of(spki.data, 90), &key),
                 SG_UNSUPPORTED);
    cr_expect_eq(note_key_of_spki(slice_str("a b"), spki, &key), SG_INVALID);
}

/* A thread that serves TLS asks OpenSSL's queue what went wrong there. */
Test(ecdsa, false_signatures_leave_no_error_behind)
{
    struct checkpoint checkpoint;
    struct note_key key;

    ERR_clear_error();
    cr_expect_eq(open_note(raw_note, &checkpoint), SG_CORRUPT);
    cr_expect_eq(note_vkey_parse(slice_str(NAME "+c75df303+" POINT_HEAD "k1U="), &key),
                 SG_INVALID);
    cr_expect_eq(ERR_peek_error(), 0);
}

#include "proto/tlog/note.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/tlog/checkpoint.h"
#include "tests/unit/tlog/support/vectors.h"

static struct note_key key_of(const char *vkey)
{
    struct note_key key;

    cr_assert_eq(note_vkey_parse(slice_str(vkey), &key), SG_OK);
    return key;
}

static enum sg_status verify(const char *text, const char *vkey)
{
    static struct note note;
    struct note_key key = key_of(vkey);
    struct note_verdict verdict;

    cr_assert_eq(note_parse(slice_str(text), &note), SG_OK);
    return note_verify(&note, &key, &verdict);
}

/* text with the first `from` replaced by `to`, in a buffer that the next call reuses. */
static const char *with(const char *text, const char *from, const char *to)
{
    static char out[4096];
    const char *at = strstr(text, from);

    cr_assert_not_null(at);
    (void)snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
    return out;
}

Test(vkey, known_keys_survive_parse_and_format)
{
    const char *keys[] = {vector_log_vkey, vector_witness_vkey, vector_example_vkey};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        char text[NOTE_VKEY_MAX];
        struct note_key key = key_of(keys[i]);
        note_vkey_format(&key, text);
        cr_expect_str_eq(text, keys[i]);
    }
}

Test(vkey, an_id_that_is_not_the_keys_is_refused)
{
    struct note_key key;

    cr_expect_eq(
        note_vkey_parse(slice_str(with(vector_log_vkey, "083b816d", "083b816e")), &key),
        SG_INVALID);
    cr_expect_eq(
        note_vkey_parse(slice_str(with(vector_log_vkey, "083b816d", "083B816D")), &key),
        SG_INVALID);
}

Test(vkey, malformed_keys_are_refused)
{
    const char *bad[] = {"",
                         "+",
                         "++",
                         "name+083b816d",
                         "name+083b816d+",
                         "name+083b816d+AQ==",
                         "+083b816d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
                         "a name+083b816d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        struct note_key key;
        cr_expect_eq(note_vkey_parse(slice_str(bad[i]), &key), SG_INVALID, "%s", bad[i]);
    }
}

Test(vkey, another_kind_of_key_is_unsupported)
{
    struct note_key key;

    cr_expect_eq(note_vkey_parse(slice_str(with(vector_log_vkey, "+AQO", "+BQO")), &key),
                 SG_UNSUPPORTED);
}

Test(vkey, names_with_spaces_of_any_kind_are_refused)
{
    const char *bad[] = {
        "", "a b", "a+b", "a\xC2\xA0", "a\xE2\x80\x83", "a\xE3\x80\x80", "a\nb", "a\xFF"};
    const uint8_t public_key[NOTE_KEY_SIZE] = {1};
    struct note_key key;

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(note_key_make(slice_str(bad[i]), NOTE_ED25519, public_key, &key),
                     SG_INVALID, "name %zu", i);
    }
    cr_expect_eq(
        note_key_make(slice_str("segel\xC3\xA9"), NOTE_ED25519, public_key, &key), SG_OK);
}

Test(note, known_notes_verify)
{
    cr_expect_eq(verify(vector_checkpoint, vector_log_vkey), SG_OK);
    cr_expect_eq(verify(vector_checkpoint, vector_witness_vkey), SG_OK);
    cr_expect_eq(verify(vector_empty_checkpoint, vector_log_vkey), SG_OK);
    cr_expect_eq(verify(vector_example_note, vector_example_vkey), SG_OK);
}

Test(note, a_cosignature_tells_its_time)
{
    static struct note note;
    struct note_key key = key_of(vector_witness_vkey);
    struct note_verdict verdict;

    cr_assert_eq(note_parse(slice_str(vector_checkpoint), &note), SG_OK);
    cr_assert_eq(note_verify(&note, &key, &verdict), SG_OK);
    cr_expect_eq(verdict.time_s, 1700000000);
}

Test(note, a_line_is_found_by_name_and_id_and_repeated_as_it_stood)
{
    static struct note note;
    const char *vkeys[] = {vector_log_vkey, vector_witness_vkey};
    struct note_key key;
    struct lines_out lines;
    struct slice again = {0};
    char out[4096];

    cr_assert_eq(note_parse(slice_str(vector_checkpoint), &note), SG_OK);
    lines_start(&lines, out, sizeof(out));
    note_begin(&lines, note.text);
    for (size_t i = 0; i < SG_COUNT(vkeys); i++) {
        key = key_of(vkeys[i]);
        cr_assert_eq(note_signature_by(&note, &key), &note.signatures[i]);
        note_repeat_signature(&lines, note_signature_by(&note, &key));
    }
    cr_assert_eq(lines_finish(&lines, &again), SG_OK);
    cr_expect(slice_equal(again, slice_str(vector_checkpoint)));
    key.id ^= 1;
    cr_expect_null(note_signature_by(&note, &key), "the same name with another id");
    key.id ^= 1;
    key.name[0] ^= 1;
    cr_expect_null(note_signature_by(&note, &key), "the same id under another name");
}

Test(note, a_changed_text_is_refused_by_both_signatures)
{
    const char *changed = with(vector_checkpoint, "\n8\n", "\n9\n");

    cr_expect_eq(verify(changed, vector_log_vkey), SG_CORRUPT);
    cr_expect_eq(verify(changed, vector_witness_vkey), SG_CORRUPT);
}

Test(note, a_changed_signature_is_refused)
{
    cr_expect_eq(verify(with(vector_checkpoint, "CDuBbfmd", "CDuBbfme"), vector_log_vkey),
                 SG_CORRUPT);
}

Test(note, a_changed_cosignature_time_is_refused)
{
    cr_expect_eq(
        verify(with(vector_checkpoint, "AAAABlU/EA", "AAAABlU/EB"), vector_witness_vkey),
        SG_CORRUPT);
}

Test(note, unknown_keys_are_ignored)
{
    cr_expect_eq(verify(vector_empty_checkpoint, vector_witness_vkey), SG_NOT_FOUND);
    /* The same name with another id, and the same id under another name. */
    cr_expect_eq(verify(with(vector_checkpoint, "CDuBbf", "DDuBbf"), vector_log_vkey),
                 SG_NOT_FOUND);
    cr_expect_eq(verify(with(vector_checkpoint, " segel.example", " other.example"),
                        vector_log_vkey),
                 SG_NOT_FOUND);
}

Test(note, a_false_duplicate_rejects_a_true_signature)
{
    char text[4096];
    const char *line = strrchr(vector_empty_checkpoint, '\xE2');

    (void)snprintf(text, sizeof(text), "%s%s", vector_empty_checkpoint, line);
    cr_expect_eq(verify(text, vector_log_vkey), SG_OK, "a true one counts once");
    char *last = strstr(text + strlen(vector_empty_checkpoint), "CDuBbWQR");
    cr_assert_not_null(last);
    last[7] = 'S';
    cr_expect_eq(verify(text, vector_log_vkey), SG_CORRUPT);
}

Test(note, malformed_notes_are_refused)
{
    static struct note note;
    const char *ok = vector_empty_checkpoint;
    const char *dash = "\xE2\x80\x94 ";
    const char *swaps[][2] = {
        {"\n\n", "\n"},         {"log\n0", "log\r\n0"},
        {"log\n0", "log\t0"},   {"log\n0", "log\xFF"},
        {dash, "- "},           {dash, "\xE2\x80\x94"},
        {"3CtQw=\n", "3CtQw="}, {"3CtQw=\n", "3CtQx=\n"},
        {"3CtQw=\n", "3CtQ\n"}, {" CDuB", "  CDuB"},
        {"CDuB", "*DuB"},       {"QR", "Q="},
    };

    cr_assert_eq(note_parse(slice_str(ok), &note), SG_OK);
    for (size_t i = 0; i < SG_COUNT(swaps); i++) {
        const char *bad = with(ok, swaps[i][0], swaps[i][1]);
        cr_expect_eq(note_parse(slice_str(bad), &note), SG_INVALID, "case %zu", i);
    }
    cr_expect_eq(note_parse(slice_str(""), &note), SG_INVALID);
    cr_expect_eq(note_parse(slice_str("\n\n"), &note), SG_INVALID);
    cr_expect_eq(note_parse(slice_of("a\0b\n\n", 5), &note), SG_INVALID);
}

Test(note, the_last_empty_line_separates)
{
    static struct note note;
    const char *text = with(vector_empty_checkpoint, "segel", "first\n\nsecond\n\nsegel");

    cr_assert_eq(note_parse(slice_str(text), &note), SG_OK);
    cr_expect_eq(note.count, 1);
    cr_expect_eq(note.text.data[note.text.len - 1], '\n');
    cr_expect_eq(memcmp(note.text.data, "first\n\nsecond\n\nsegel", 20), 0);
}

Test(note, a_limit_of_signatures_is_kept)
{
    static struct note note;
    static char text[65536];
    struct lines_out out;
    uint8_t blob[64] = {0};
    struct slice done;

    lines_start(&out, text, sizeof(text));
    note_begin(&out, slice_str("text\n"));
    for (uint32_t i = 0; i < NOTE_SIGNATURES_MAX; i++) {
        note_add_signature(&out, slice_str("name"), i, slice_of(blob, sizeof(blob)));
    }
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_expect_eq(note_parse(done, &note), SG_OK);
    cr_expect_eq(note.count, NOTE_SIGNATURES_MAX);
    note_add_signature(&out, slice_str("name"), 99, slice_of(blob, sizeof(blob)));
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_expect_eq(note_parse(done, &note), SG_TOO_LARGE);
}

Test(note, a_signature_made_elsewhere_becomes_a_line_that_verifies)
{
    uint8_t seed[32];
    uint8_t public_key[32];
    uint8_t signature[64];
    size_t len = sizeof(public_key);
    size_t signature_len = sizeof(signature);
    char text[1024];
    struct lines_out out;
    struct slice done;
    struct note_key key;

    for (uint8_t i = 0; i < 32; i++) {
        seed[i] = i;
    }
    EVP_PKEY *made = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct slice body =
        slice_of(vector_checkpoint,
                 (size_t)(strstr(vector_checkpoint, "\n\n") + 1 - vector_checkpoint));
    cr_assert_eq(EVP_PKEY_get_raw_public_key(made, public_key, &len), 1);
    cr_assert_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, made), 1);
    cr_assert_eq(EVP_DigestSign(ctx, signature, &signature_len, body.data, body.len), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(made);

    cr_assert_eq(note_key_make(slice_str("segel.example.go.id/policy-log"), NOTE_ED25519,
                               public_key, &key),
                 SG_OK);
    lines_start(&out, text, sizeof(text));
    note_begin(&out, body);
    note_add_signature(&out, slice_str(key.name), key.id, slice_of(signature, 64));
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    /* Ed25519 has one signature a text: the known note begins with these very bytes. */
    cr_expect_eq(memcmp(done.data, vector_checkpoint, done.len), 0);
}

Test(note, a_buffer_too_small_is_told_at_the_end)
{
    char text[40];
    struct lines_out out;
    struct slice done;
    uint8_t blob[64] = {0};

    lines_start(&out, text, sizeof(text));
    note_begin(&out, slice_str("text\n"));
    note_add_signature(&out, slice_str("name"), 1, slice_of(blob, sizeof(blob)));
    cr_expect_eq(lines_finish(&out, &done), SG_TOO_LARGE);
}

Test(checkpoint, known_checkpoints_open)
{
    struct note_key key = key_of(vector_log_vkey);
    struct checkpoint checkpoint;
    struct tlog_hash root =
        hash_from_hex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

    cr_assert_eq(checkpoint_open(slice_str(vector_checkpoint), &key, &checkpoint), SG_OK);
    cr_expect_eq(checkpoint.head.size, 8);
    cr_expect(tlog_hash_equal(&checkpoint.head.root, &root));
    cr_expect_eq(checkpoint_open(slice_str(vector_empty_checkpoint), &key, &checkpoint),
                 SG_OK);
    cr_expect_eq(checkpoint.head.size, 0);
}

Test(checkpoint, a_checkpoint_of_another_log_is_not_found)
{
    struct note_key key = key_of(vector_witness_vkey);
    struct checkpoint checkpoint;

    cr_expect_eq(checkpoint_open(slice_str(vector_checkpoint), &key, &checkpoint),
                 SG_NOT_FOUND);
}

static const char head_text[] =
    "origin\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";

Test(checkpoint, writing_gives_back_the_text_that_was_read)
{
    struct checkpoint checkpoint;
    char text[256];
    struct lines_out out;
    struct slice done;
    const char *extended = with(head_text, "yg=\n", "yg=\nmore\nlines\n");

    cr_assert_eq(checkpoint_parse(slice_str(extended), &checkpoint), SG_OK);
    lines_start(&out, text, sizeof(text));
    checkpoint_write(&out, &checkpoint);
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_expect(slice_equal(done, slice_str(extended)));
}

Test(checkpoint, malformed_texts_are_refused)
{
    const char *swaps[][2] = {
        {"origin", ""},      {"\n8\n", "\n08\n"},  {"\n8\n", "\n+8\n"},
        {"\n8\n", "\n 8\n"}, {"\n8\n", "\n\n"},    {"\n8\n", "\n9223372036854775808\n"},
        {"\n8\n", "\n-8\n"}, {"yg=\n", "yg="},     {"yg=\n", "yh=\n"},
        {"yg=\n", "yg\n"},   {"yg=\n", "yg=\n\n"}, {"yg=\n", "yg=\nmore"},
        {"Xcna", "*cna"},    {"\n8\n", "\n0\n"},   {"yg=\n", "yg= \n"},
    };
    struct checkpoint checkpoint;

    cr_assert_eq(checkpoint_parse(slice_str(head_text), &checkpoint), SG_OK);
    for (size_t i = 0; i < SG_COUNT(swaps); i++) {
        const char *bad = with(head_text, swaps[i][0], swaps[i][1]);
        cr_expect_eq(checkpoint_parse(slice_str(bad), &checkpoint), SG_INVALID,
                     "case %zu", i);
    }
    cr_expect_eq(
        checkpoint_parse(slice_str(with(head_text, "\n8\n", "\n9223372036854775807\n")),
                         &checkpoint),
        SG_OK);
}

Test(note, spoiled_bytes_never_pass_as_signed_by_the_log)
{
    static struct note note;
    struct note_key key = key_of(vector_log_vkey);
    size_t len = strlen(vector_checkpoint);
    uint32_t state = 20260722;
    struct note_verdict verdict;

    for (unsigned i = 0; i < 20000; i++) {
        uint8_t *copy = malloc(len); /* exact: a read beyond it shows under ASan */
        memcpy(copy, vector_checkpoint, len);
        size_t at = test_random(&state) % len;
        size_t cut = test_random(&state) % 4 == 0 ? test_random(&state) % len : len;
        uint8_t flip = (uint8_t)(1 + test_random(&state) % 255);
        copy[at] ^= flip;
        struct slice text = slice_of(copy, cut);
        if (note_parse(text, &note) == SG_OK &&
            note_verify(&note, &key, &verdict) == SG_OK) {
            /* Then the text and this signature are as they were. */
            size_t kept =
                (size_t)(strstr(vector_checkpoint, "\n\n") + 1 - vector_checkpoint);
            cr_assert_eq(note.text.len, kept);
            cr_assert_eq(memcmp(note.text.data, vector_checkpoint, kept), 0);
        }
        free(copy);
    }
}

#include "client/commands/receipt/check.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* A log of five records with a key made here; the receipt is that of record 3. */
enum { RECORDS = 7, PLACE = 3, TEXT_MAX = 4096 };

#define OUTCOME "\"type\":\"outcome\","
#define LAWFUL  OUTCOME "\"caller\":\"e-office\",\"job\":\"r-1\",\"outcome\":\"failed\""
static const char *const records[RECORDS] = {
    "{\"seq\":0,\"type\":\"boot\"}",
    "{\"seq\":1,\"type\":\"intent\"}",
    "{\"seq\":2,\"type\":\"deny\"}",
    "{\"seq\":3," LAWFUL "}",
    "{\"seq\":7," OUTCOME "\"outcome\":\"signed\"}",
    "{\"seq\":5," OUTCOME "\"outcome\":\"sign\\u0065d\"}",
    "{\"seq\":6,\"type\":\"outcom\\u0065\",\"outcome\":\"signed\"}"};

static EVP_PKEY *pair;
static struct note_key key;
static char text[TEXT_MAX];
static size_t text_len;
static struct receipt receipt;

static struct tlog_hash leaf_of(size_t i)
{
    return tlog_leaf(slice_str(records[i]));
}

static enum sg_status fetch(void *context, unsigned level, uint64_t index,
                            struct tlog_hash *out)
{
    struct tlog_hash hashes[8];

    (void)context;
    for (size_t i = 0; i < (size_t)1 << level; i++) {
        hashes[i] = leaf_of(((size_t)index << level) + i);
    }
    *out = tlog_fold(hashes, (size_t)1 << level);
    return SG_OK;
}

static void make_key(const char *name)
{
    uint8_t public_key[NOTE_KEY_SIZE];
    size_t len = sizeof(public_key);

    EVP_PKEY_free(pair);
    pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_eq(EVP_PKEY_get_raw_public_key(pair, public_key, &len), 1);
    cr_assert_eq(note_key_make(slice_str(name), NOTE_ED25519, public_key, &key), SG_OK);
}

static struct slice sign_checkpoint(char *out, size_t cap)
{
    struct tlog_source source = {fetch, NULL};
    struct checkpoint checkpoint = {.origin = slice_str(key.name), .head.size = RECORDS};
    char body[CHECKPOINT_TEXT_MAX];
    uint8_t signature[NOTE_ED25519_SIZE];
    size_t len = sizeof(signature);
    struct lines_out lines;
    struct slice note;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert_eq(tlog_root(&source, RECORDS, &checkpoint.head.root), SG_OK);
    lines_start(&lines, body, sizeof(body));
    checkpoint_write(&lines, &checkpoint);
    cr_assert_eq(lines_finish(&lines, &note), SG_OK);
    cr_assert_eq(EVP_DigestSignInit(context, NULL, NULL, NULL, pair), 1);
    cr_assert_eq(EVP_DigestSign(context, signature, &len, note.data, note.len), 1);
    EVP_MD_CTX_free(context);
    lines_start(&lines, out, cap);
    note_begin(&lines, note);
    note_add_signature(&lines, slice_str(key.name), key.id, slice_of(signature, len));
    cr_assert_eq(lines_finish(&lines, &note), SG_OK);
    return note;
}

static void make_receipt(size_t place)
{
    struct tlog_source source = {fetch, NULL};
    struct proof proof = {.index = place, .extra = slice_str(records[place])};
    char note[TEXT_MAX];
    struct lines_out lines;
    struct slice made;

    cr_assert_eq(
        tlog_inclusion_prove(&source, (struct tlog_place){place, RECORDS}, &proof.path),
        SG_OK);
    proof.checkpoint = sign_checkpoint(note, sizeof(note));
    lines_start(&lines, text, sizeof(text));
    proof_write(&lines, &proof);
    cr_assert_eq(lines_finish(&lines, &made), SG_OK);
    text_len = made.len;
}

static enum receipt_fault check_bytes(const void *bytes, size_t len)
{
    receipt = (struct receipt){.record = NULL};
    enum receipt_fault fault = receipt_check(slice_of(bytes, len), &key, &receipt);
    return fault;
}

static void set_up(void)
{
    make_key("segel.example.go.id/log");
    make_receipt(PLACE);
}

static void tear_down(void)
{
    receipt_fini(&receipt);
    EVP_PKEY_free(pair);
    pair = NULL;
}

TestSuite(receipt, .init = set_up, .fini = tear_down);

Test(receipt, a_lawful_one_is_sound_and_shows_its_record)
{
    cr_assert_eq(check_bytes(text, text_len), RECEIPT_SOUND);
    cr_expect_eq(receipt.proof.index, PLACE);
    cr_expect_eq(receipt.checkpoint.head.size, RECORDS);
    cr_expect_str_eq(receipt_member(&receipt, "job"), "r-1");
    cr_expect_str_eq(receipt_member(&receipt, "absent"), "");
}

Test(receipt, every_changed_bit_is_refused)
{
    for (size_t at = 0; at < text_len * 8; at++) {
        text[at / 8] = (char)(text[at / 8] ^ (1 << at % 8));
        cr_expect_neq(check_bytes(text, text_len), RECEIPT_SOUND, "bit %zu", at);
        receipt_fini(&receipt);
        text[at / 8] = (char)(text[at / 8] ^ (1 << at % 8));
    }
    cr_expect_eq(check_bytes(text, text_len), RECEIPT_SOUND);
}

Test(receipt, every_cut_and_every_added_byte_is_refused)
{
    for (size_t len = 0; len < text_len; len++) {
        cr_expect_neq(check_bytes(text, len), RECEIPT_SOUND, "length %zu", len);
        receipt_fini(&receipt);
    }
    text[text_len] = '\n';
    cr_expect_neq(check_bytes(text, text_len + 1), RECEIPT_SOUND);
}

Test(receipt, a_giant_is_refused_before_it_is_read)
{
    size_t len = PROOF_MAX + 1;
    char *giant = (char *)calloc(1, len);

    cr_assert_not_null(giant);
    memcpy(giant, text, text_len);
    cr_expect_eq(check_bytes(giant, len), RECEIPT_TOO_LARGE);
    free(giant);
}

Test(receipt, another_logs_key_does_not_accept_it)
{
    make_key("segel.example.go.id/log"); /* the same name */
    cr_expect_eq(check_bytes(text, text_len), RECEIPT_OTHER_LOG);
    make_key("other.example.go.id/log");
    cr_expect_eq(check_bytes(text, text_len), RECEIPT_OTHER_LOG);
}

Test(receipt, a_true_proof_of_another_kind_of_record_is_none)
{
    make_receipt(0);
    cr_expect_eq(check_bytes(text, text_len), RECEIPT_OTHER_RECORD);
}

Test(receipt, a_record_that_says_another_place_than_it_has_is_none)
{
    make_receipt(4);
    cr_expect_eq(check_bytes(text, text_len), RECEIPT_OTHER_RECORD);
}

Test(receipt, a_fate_or_type_spelt_with_escapes_is_none)
{
    for (size_t place = 5; place < RECORDS; place++) {
        make_receipt(place);
        cr_expect_eq(check_bytes(text, text_len), RECEIPT_DISGUISED, "%zu", place);
        cr_expect_null(receipt.record, "nothing of it is shown");
    }
}

Test(receipt, an_outcome_without_signature_belongs_to_no_letter)
{
    cr_assert_eq(check_bytes(text, text_len), RECEIPT_SOUND);
    cr_expect_eq(receipt_check_letter(&receipt, slice_str("%PDF-1.7\n")),
                 RECEIPT_NOT_SIGNED);
}

Test(receipt, each_fault_has_a_code_and_both_languages)
{
    for (int fault = RECEIPT_SOUND; fault < RECEIPT_FAULT_COUNT; fault++) {
        cr_expect_not_null(receipt_fault_code((enum receipt_fault)fault));
        cr_expect_str_neq(receipt_fault_text((enum receipt_fault)fault, true),
                          receipt_fault_text((enum receipt_fault)fault, false));
    }
}

#include "client/witness/judge.h"

#include <criterion/criterion.h>

#include "client/witness/clock.h"
#include "client/witness/key.h"
#include "proto/tlog/b64.h"
#include "tests/unit/tlog/support/vectors.h"
#include "tests/unit/witness/support/log.h"

static struct submission submission;
static struct witness_entry last;

static enum sg_status parse(const char *text)
{
    return submission_parse(slice_str(text), &submission);
}

/* --- Reading a request ------------------------------------------------------------- */

static char request[4096];

static const char *with_head(const char *head)
{
    (void)snprintf(request, sizeof(request), "%s%s", head, vector_checkpoint);
    return request;
}

Test(submission, a_known_checkpoint_is_read_with_its_proof)
{
    cr_assert_eq(parse(with_head("old 4\n"
                                 "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=\n\n")),
                 SG_OK);
    cr_expect_eq(submission.old_size, 4);
    cr_expect_eq(submission.path.count, 1);
    cr_expect_eq(submission.checkpoint.head.size, 8);
    cr_expect_eq(submission.note.count, 2);
    cr_expect_not(submission.false_empty);
}

Test(submission, heads_of_another_form_are_refused)
{
    static const char *const heads[] = {
        "",
        "\n",
        "old\n\n",
        "old \n\n",
        "old  4\n\n",
        "old 04\n\n",
        "old -4\n\n",
        "old 4 \n\n",
        "Old 4\n\n",
        "old 4\n",
        "old 4\r\n\n",
        "old 9223372036854775808\n\n",
        "old 4\na0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9u\n\n",
        "old 4\na0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uR=\n\n",
        "old 4\n a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=\n\n"};

    for (size_t i = 0; i < SG_COUNT(heads); i++) {
        cr_expect_neq(parse(with_head(heads[i])), SG_OK, "head %zu", i);
    }
}

static enum sg_status parse_with_hashes(unsigned count)
{
    static char text[8192];
    struct tlog_hash hash = tlog_sha256(slice_str("x"));
    struct lines_out lines;
    struct slice whole;

    lines_start(&lines, text, sizeof(text));
    lines_text(&lines, "old 4\n");
    for (unsigned i = 0; i < count; i++) {
        lines_b64(&lines, slice_of(hash.bytes, sizeof(hash.bytes)));
        lines_text(&lines, "\n");
    }
    lines_text(&lines, "\n");
    lines_text(&lines, vector_checkpoint);
    cr_assert_eq(lines_finish(&lines, &whole), SG_OK);
    return submission_parse(whole, &submission);
}

Test(submission, sixty_three_hashes_are_read_and_one_more_is_not)
{
    cr_expect_eq(parse_with_hashes(63), SG_OK);
    cr_expect_eq(submission.path.count, 63);
    cr_expect_eq(parse_with_hashes(64), SG_TOO_LARGE);
}

Test(submission, an_empty_tree_with_a_root_of_its_own_is_told_apart)
{
    struct tlog_hash root = tlog_sha256(slice_str("x"));
    char text[2048];

    cr_assert_eq(parse("old 0\n\n"), SG_INVALID);
    struct slice note = log_note(0, &root);
    (void)snprintf(text, sizeof(text), "old 0\n\n%.*s", (int)note.len,
                   (const char *)note.data);
    cr_assert_eq(parse(text), SG_OK);
    cr_expect(submission.false_empty);
    cr_expect_eq(judge_growth(&submission, NULL), WITNESS_FALSE_EMPTY);
    (void)snprintf(text, sizeof(text), "old 0\n\n%s", vector_empty_checkpoint);
    cr_assert_eq(parse(text), SG_OK);
    cr_expect_not(submission.false_empty);
    cr_expect_eq(judge_growth(&submission, NULL), WITNESS_COSIGNED);
}

/* --- Growth ------------------------------------------------------------------------ */

static const struct {
    uint64_t size;
    const char *root;
} roots[] = {
#define LEAF(n, hex)
#define ROOT(size, hex) {size, hex},
#define BIG_ROOT(size, hex)
#define INCLUSION(index, size, ...)
#define CONSISTENCY(old_size, size, ...)
#include "tests/unit/tlog/support/vectors.def"
#undef LEAF
#undef ROOT
#undef BIG_ROOT
#undef INCLUSION
#undef CONSISTENCY
};

enum { KNOWN_PATH_MAX = 4 };
static const struct {
    uint64_t old_size;
    uint64_t size;
    const char *path[KNOWN_PATH_MAX + 1];
} proofs[] = {
#define LEAF(n, hex)
#define ROOT(size, hex)
#define BIG_ROOT(size, hex)
#define INCLUSION(index, size, ...)
#define CONSISTENCY(old_size, size, ...) {old_size, size, {__VA_ARGS__}},
#include "tests/unit/tlog/support/vectors.def"
#undef LEAF
#undef ROOT
#undef BIG_ROOT
#undef INCLUSION
#undef CONSISTENCY
};

static void set_case(size_t at)
{
    last = (struct witness_entry){
        .head = {.size = proofs[at].old_size,
                 .root = hash_from_hex(roots[proofs[at].old_size].root)}};
    submission = (struct submission){
        .old_size = proofs[at].old_size,
        .checkpoint.head = {.size = proofs[at].size,
                            .root = hash_from_hex(roots[proofs[at].size].root)}};
    for (size_t i = 0; i < KNOWN_PATH_MAX && proofs[at].path[i] != NULL; i++) {
        if (proofs[at].path[i][0] != '\0') {
            cr_assert_eq(
                b64_decode_hash(slice_str(proofs[at].path[i]), &submission.path.hash[i]),
                SG_OK);
            submission.path.count++;
        }
    }
}

Test(growth, every_known_proof_is_enough)
{
    for (size_t i = 0; i < SG_COUNT(proofs); i++) {
        set_case(i);
        cr_expect_eq(judge_growth(&submission, &last), WITNESS_COSIGNED, "proof %zu", i);
    }
}

Test(growth, a_proof_with_one_thing_changed_is_not)
{
    for (size_t i = 0; i < SG_COUNT(proofs); i++) {
        set_case(i);
        size_t count = submission.path.count;
        submission.path.count = count + 1;
        cr_expect_eq(judge_growth(&submission, &last), WITNESS_NOT_PROVED);
        submission.path.count = count;
        for (size_t at = 0; at < count; at++) {
            submission.path.hash[at].bytes[at] ^= 1;
            cr_expect_eq(judge_growth(&submission, &last), WITNESS_NOT_PROVED);
            submission.path.hash[at].bytes[at] ^= 1;
        }
        if (count > 0) {
            submission.path.count = count - 1;
            cr_expect_eq(judge_growth(&submission, &last), WITNESS_NOT_PROVED);
            submission.path.count = count;
            last.head.root.bytes[31] ^= 1;
            cr_expect_eq(judge_growth(&submission, &last), WITNESS_NOT_PROVED);
            last.head.root.bytes[31] ^= 1;
        }
        submission.checkpoint.head.root.bytes[0] ^= 1;
        cr_expect_neq(judge_growth(&submission, &last), WITNESS_COSIGNED);
    }
}

Test(growth, the_old_size_is_the_one_that_was_cosigned)
{
    set_case(1); /* 1 to 8 */
    for (uint64_t old = 0; old <= 8; old++) {
        submission.old_size = old;
        cr_expect_eq(judge_growth(&submission, &last),
                     old == 1 ? WITNESS_COSIGNED : WITNESS_OTHER_SIZE);
    }
    submission.old_size = 9;
    cr_expect_eq(judge_growth(&submission, &last), WITNESS_OLD_ABOVE);
    submission.old_size = 1;
    cr_expect_eq(judge_growth(&submission, NULL), WITNESS_OTHER_SIZE,
                 "none was cosigned");
}

Test(growth, another_root_of_the_same_size_is_a_split)
{
    set_case(0); /* 1 to 1 */
    cr_expect_not(judge_split(&submission, &last));
    submission.checkpoint.head.root.bytes[7] ^= 1;
    cr_expect(judge_split(&submission, &last));
    cr_expect_eq(judge_growth(&submission, &last), WITNESS_SPLIT);
    submission.old_size = 0;
    cr_expect(judge_split(&submission, &last), "whatever the old size");
    cr_expect_eq(judge_growth(&submission, &last), WITNESS_OTHER_SIZE);
    cr_expect_not(judge_split(&submission, NULL));
}

/* --- Clock, answers, signatures ------------------------------------------------------
 */

Test(clock, never_goes_behind_the_last_cosignature)
{
    last.time_s = 1800000000;
    cr_expect(judge_clock(1800000000, &last));
    cr_expect(judge_clock(1800000001, &last));
    cr_expect_not(judge_clock(1799999999, &last));
    cr_expect_not(judge_clock(0, NULL));
    cr_expect_not(judge_clock(1767225599, NULL), "before this program was written");
    cr_expect(judge_clock(1767225600, NULL));
    cr_expect_not(judge_clock((uint64_t)INT64_MAX + 1, NULL));
}

Test(clock, a_leap_of_more_than_a_day_is_not_believed)
{
    struct clock_watch watch = {.known = false};

    cr_expect_eq(clock_judge(&watch, 1800000000, 1000), 1800000000, "the first is");
    cr_expect_eq(clock_judge(&watch, 1800000500, 1500), 1800000500);
    cr_expect_eq(clock_judge(&watch, 4070908800, 1501), 0, "the year 2099");
    cr_expect_eq(clock_judge(&watch, 1800000502, 1502), 1800000502, "it came back");
    cr_expect_eq(clock_judge(&watch, 1800086904, 1503), 0, "a day and a second");
    cr_expect_eq(clock_judge(&watch, 1800086903, 1503), 1800086903, "a day");
    cr_expect_eq(clock_judge(&watch, 1800000000, 1503), 1800000000, "back: judge_clock");
    cr_expect_eq(clock_judge(&watch, 1900000000, 100001503), 1900000000, "silence");
    cr_expect_eq(clock_judge(&watch, 0, 100001503), 0);
    cr_expect_eq(clock_judge(&watch, -5, 100001503), 0);
}

Test(answers, each_has_a_code_of_the_protocol_and_a_sentence)
{
    for (unsigned i = 0; i < WITNESS_ANSWER_COUNT; i++) {
        int code = witness_answer_code((enum witness_answer)i);
        cr_expect(code == 200 || (code >= 400 && code <= 503), "%u", i);
        cr_expect(strlen(witness_answer_text((enum witness_answer)i)) > 5);
        cr_expect(strlen(witness_answer_name((enum witness_answer)i)) > 3);
    }
}

Test(signatures, only_the_origins_own_keys_count)
{
    struct witness_keys keys;

    log_keys(&keys);
    cr_assert_eq(parse(with_head("old 0\n\n")), SG_OK);
    cr_expect_eq(judge_signatures(&submission, &keys), WITNESS_COSIGNED);
    struct note_key *key = &keys.key[0];
    uint8_t other[NOTE_KEY_SIZE] = {9};
    struct note_key made;
    cr_assert_eq(note_key_make(slice_str(key->name), NOTE_ED25519, other, &made), SG_OK);
    *key = made;
    cr_expect_eq(judge_signatures(&submission, &keys), WITNESS_NOT_SIGNED);
    log_keys(&keys);
    key->public_key[3] ^= 1; /* name and id match */
    cr_expect_eq(judge_signatures(&submission, &keys), WITNESS_FALSE_SIGNATURE);
    key->name[0] = 'x';
    cr_expect_eq(judge_signatures(&submission, &keys), WITNESS_UNKNOWN_ORIGIN);
    keys.count = 0;
    cr_expect_eq(judge_signatures(&submission, &keys), WITNESS_UNKNOWN_ORIGIN);
}

Test(key, the_known_cosignature_is_made)
{
    static struct note note;
    uint8_t blob[4 + WITNESS_COSIGNATURE_SIZE];
    struct named_key key;
    size_t len = 0;

    log_witness_key(&key);
    cr_assert_eq(note_parse(slice_str(vector_checkpoint), &note), SG_OK);
    cr_assert_eq(b64_decode(note.signatures[1].base64, blob, sizeof(blob), &len), SG_OK);
    uint8_t made[WITNESS_COSIGNATURE_SIZE];
    cr_assert_eq(witness_key_cosign(&key, note.text, 1700000000, made), SG_OK);
    cr_expect_eq(len, sizeof(blob));
    cr_expect_arr_eq(blob + 4, made, sizeof(made));
    named_key_fini(&key);
}

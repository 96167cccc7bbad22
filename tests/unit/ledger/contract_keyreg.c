#include <criterion/criterion.h>
#include <string.h>

#include "gateway/ledger/keyreg.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;
static struct keyreg found;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

static struct keyreg full(const char *name)
{
    struct keyreg key = {.state = KEY_HELD,
                         .before_hold = KEY_ACTIVE,
                         .ckaid_len = 16,
                         .lane = "lane0",
                         .type = "rsa-3072",
                         .backup = "copy 1 in the safe",
                         .since_us = 1780000000000000,
                         .predecessor = "seal-old",
                         .successor = "seal-new",
                         .rotated_us = 1780000000000001,
                         .overlap_until_us = 1780000000000002,
                         .hold_reason = "laptop lost",
                         .activation = {.mode = ACTIVATION_WINDOW,
                                        .begun_us = 3,
                                        .until_us = 4,
                                        .max = 20000,
                                        .used = 19999,
                                        .idle_s = UINT32_MAX,
                                        .last_use_us = 5,
                                        .grant = "g-88"},
                         .minutes = "c-1",
                         .request = "g-2",
                         .trouble = "the token was lost",
                         .log_index = 77};

    (void)snprintf(key.name, sizeof(key.name), "%s", name);
    memset(key.ckaid, 0xa5, key.ckaid_len);
    memset(key.log_hash, 0x5a, sizeof(key.log_hash));
    return key;
}

static void put(const struct keyreg *key)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_put_key(book.ledger, key), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

static void reopen(void)
{
    book_close(&book);
    book_open(&book);
}

CONTRACT(keyreg, a_key_outlives_the_gateway_with_all_that_is_known_of_it)
{
    const struct keyreg wanted = full("seal");

    put(&wanted);
    reopen();
    cr_assert_eq(ledger_find_key(book.ledger, "seal", &found), SG_OK);
    cr_expect_arr_eq(&found, &wanted, sizeof(wanted));
}

CONTRACT(keyreg, a_key_that_is_not_in_it_is_not_found)
{
    cr_expect_eq(ledger_find_key(book.ledger, "seal", &found), SG_NOT_FOUND);
}

CONTRACT(keyreg, the_last_row_of_a_name_stands)
{
    struct keyreg key = full("seal");

    put(&key);
    key.state = KEY_RETIRED;
    key.before_hold = KEY_NONE;
    key.ckaid_len = 0;
    memset(key.ckaid, 0, sizeof(key.ckaid));
    key.activation = (struct activation){.mode = ACTIVATION_NONE};
    put(&key);
    cr_assert_eq(ledger_find_key(book.ledger, "seal", &found), SG_OK);
    cr_expect_arr_eq(&found, &key, sizeof(key));
}

CONTRACT(keyreg, a_use_changes_nothing_else)
{
    struct keyreg key = full("seal");

    put(&key);
    key.activation.used = 20000;
    key.activation.last_use_us = 99;
    struct keyreg use = {.activation = key.activation};
    (void)snprintf(use.name, sizeof(use.name), "%s", key.name);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_use_key(book.ledger, &use), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    reopen();
    cr_assert_eq(ledger_find_key(book.ledger, "seal", &found), SG_OK);
    cr_expect_arr_eq(&found, &key, sizeof(key));
}

CONTRACT(keyreg, before_the_commit_nothing_of_it_is_there)
{
    const struct keyreg key = full("seal");

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_put_key(book.ledger, &key), SG_OK);
    reopen(); /* as a crash would */
    cr_expect_eq(ledger_find_key(book.ledger, "seal", &found), SG_NOT_FOUND);
}

CONTRACT(keyreg, certificates_are_kept_beside_it)
{
    const struct keyreg key = full("seal");
    const struct keyreg_der der = {.spki = slice_str("spki"),
                                   .chain = slice_of("a\0b", 3)};
    struct keyreg_der kept = {.spki = slice_str("")};
    struct arena arena;

    cr_assert_eq(arena_init(&arena, 4096), SG_OK);
    put(&key);
    cr_expect_eq(ledger_find_key_der(book.ledger, "seal", &arena, &kept), SG_NOT_FOUND);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_put_key_der(book.ledger, "seal", &der), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    reopen();
    cr_assert_eq(ledger_find_key_der(book.ledger, "seal", &arena, &kept), SG_OK);
    cr_expect(slice_equal(kept.spki, der.spki));
    cr_expect(slice_equal(kept.chain, der.chain));
    arena_fini(&arena);
}

CONTRACT(keyreg, a_full_arena_is_no_failure_of_the_ledger)
{
    static uint8_t large[KEYREG_CHAIN_MAX];
    const struct keyreg_der der = {.spki = slice_str(""),
                                   .chain = slice_of(large, sizeof(large))};
    struct keyreg_der kept = {.spki = slice_str("")};
    struct arena arena;

    cr_assert_eq(arena_init(&arena, 4096), SG_OK);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_put_key_der(book.ledger, "seal", &der), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect_eq(ledger_find_key_der(book.ledger, "seal", &arena, &kept), SG_NO_MEMORY);
    cr_expect_str_eq(ledger_why(book.ledger), "");
    arena_fini(&arena);
}

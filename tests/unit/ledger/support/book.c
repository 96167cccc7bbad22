#include "tests/unit/ledger/support/book.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>

void book_make(struct book *book)
{
    uint8_t public_key[NOTE_KEY_SIZE];
    size_t len = sizeof(public_key);

    memset(book, 0, sizeof(*book));
    book->backend = backend_used();
    book->backend->make(book->folder, book->path);
    book->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_not_null(book->key);
    cr_assert_eq(EVP_PKEY_get_raw_public_key(book->key, public_key, &len), 1);
    cr_assert_eq(
        note_key_make(slice_str(BOOK_ORIGIN), NOTE_ED25519, public_key, &book->note_key),
        SG_OK);
    note_vkey_format(&book->note_key, book->vkey);
}

enum sg_status book_try_open(struct book *book)
{
    struct ledger_options options = {.path = book->path,
                                     .origin = BOOK_ORIGIN,
                                     .log_key = book->vkey,
                                     .on_hashing = book->on_hashing,
                                     .context = book};

    return ledger_open(&options, &book->ledger, &book->state, &book->why);
}

void book_open(struct book *book)
{
    cr_assert_eq(book_try_open(book), SG_OK, "%s", book->why.text);
}

void book_close(struct book *book)
{
    ledger_close(book->ledger);
    book->ledger = NULL;
}

void book_remove(struct book *book)
{
    book_close(book);
    EVP_PKEY_free(book->key);
    book->backend->remove(book->folder, book->path);
}

static struct slice record_text(uint64_t index, char *text, size_t size)
{
    int len = snprintf(text, size, "record %llu", (unsigned long long)index);

    return slice_of(text, (size_t)len);
}

void book_add(struct book *book, unsigned count)
{
    char text[40];

    cr_assert_eq(ledger_begin(book->ledger), SG_OK);
    for (unsigned i = 0; i < count; i++) {
        struct slice record =
            record_text(ledger_next_index(book->ledger), text, sizeof(text));
        cr_assert_eq(ledger_append(book->ledger, record, NULL), SG_OK);
    }
    cr_assert_eq(ledger_commit(book->ledger), SG_OK);
}

void book_make_checked(struct book *book, const struct book_sizes *sizes)
{
    book_make(book);
    book_open(book);
    book_add(book, sizes->early);
    book_checkpoint(book);
    book_add(book, sizes->covered - sizes->early);
    book_checkpoint(book);
    book_add(book, sizes->records - sizes->covered);
    book_close(book);
}

struct tlog_hash book_leaf(uint64_t index)
{
    char text[40];

    return tlog_leaf(record_text(index, text, sizeof(text)));
}

struct tlog_hash book_root(uint64_t size)
{
    struct tlog_frontier frontier = {0};

    for (uint64_t i = 0; i < size; i++) {
        struct tlog_hash leaf = book_leaf(i);
        tlog_frontier_add(&frontier, &leaf);
    }
    return tlog_frontier_root(&frontier);
}

struct slice book_sign(const struct book *book, struct slice text, char *out, size_t cap)
{
    uint8_t signature[NOTE_ED25519_SIZE];
    size_t len = sizeof(signature);
    struct lines_out lines;
    struct slice note;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    cr_assert_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, book->key), 1);
    cr_assert_eq(EVP_DigestSign(ctx, signature, &len, text.data, text.len), 1);
    EVP_MD_CTX_free(ctx);
    lines_start(&lines, out, cap);
    note_begin(&lines, text);
    note_add_signature(&lines, slice_str(book->note_key.name), book->note_key.id,
                       slice_of(signature, len));
    cr_assert_eq(lines_finish(&lines, &note), SG_OK);
    return note;
}

void book_checkpoint(struct book *book)
{
    char text[512];
    char note[1024];
    size_t len = 0;

    cr_assert_eq(ledger_checkpoint_text(book->ledger, text, sizeof(text), &len), SG_OK);
    struct slice signed_note = book_sign(book, slice_of(text, len), note, sizeof(note));
    cr_assert_eq(ledger_checkpoint_store(book->ledger, signed_note), SG_OK);
}

void book_tamper(const struct book *book, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    cr_assert_eq(sqlite3_open(book->path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s: %s", sql,
                 message);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

struct claim book_claim(const char *request_id)
{
    struct claim claim = {.state = CLAIM_PENDING,
                          .attempt = 1,
                          .decision_id = "01J00000000000000000000000",
                          .intent_index = 7,
                          .signing_time_us = 1767225600000000,
                          .request_hash = {1, 2, 3},
                          .template_id = {9, 8, 7}};

    (void)snprintf(claim.caller, sizeof(claim.caller), "e-office");
    (void)snprintf(claim.request_id, sizeof(claim.request_id), "%s", request_id);
    return claim;
}

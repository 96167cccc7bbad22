#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_BOOK_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_BOOK_H

#include <openssl/evp.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"
#include "tests/unit/ledger/support/backend.h"

/* A ledger in a place of its own (backend.h), with a log key made for the test. */
#define BOOK_ORIGIN "segel.example.go.id/log"

struct book {
    const struct backend *backend;
    char folder[BACKEND_FOLDER_MAX];
    char path[BACKEND_WHERE_MAX];
    EVP_PKEY *key;
    char vkey[NOTE_VKEY_MAX];
    struct note_key note_key;
    bool (*on_hashing)(void *context); /* of the book */
    struct ledger *ledger;
    struct ledger_state state;
    struct sg_error why;
};

/* Makes folder and key; opens nothing. */
void book_make(struct book *book);
enum sg_status book_try_open(struct book *book);
void book_open(struct book *book);  /* must succeed */
void book_close(struct book *book); /* the ledger only */
void book_remove(struct book *book);

/* "record N" for N = next index, count times, in one transaction. */
void book_add(struct book *book, unsigned count);
/* A new ledger, closed again, of so many records, with checkpoints at two sizes. */
struct book_sizes {
    unsigned early;
    unsigned covered; /* by the newest checkpoint */
    unsigned records;
};
void book_make_checked(struct book *book, const struct book_sizes *sizes);
/* The leaf hash of "record N". */
struct tlog_hash book_leaf(uint64_t index);
struct tlog_hash book_root(uint64_t size);
/* Signs and stores a checkpoint of the present tree. */
void book_checkpoint(struct book *book);
/* A note over text by the book's key. */
struct slice book_sign(const struct book *book, struct slice text, char *out, size_t cap);
/* Runs SQL on the closed file of the SQLite backend, as an intruder would. */
void book_tamper(const struct book *book, const char *sql);

struct claim book_claim(const char *request_id);
#endif

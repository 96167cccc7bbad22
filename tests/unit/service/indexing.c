#include "gateway/service/log/indexing.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/ledger/index.h"
#include "tests/unit/ledger/support/book.h"

enum { PER_COMMIT = 8192 };

static struct book book;
static struct ledger_reader *reader;
static struct indexing indexing;
static bool busy;

static bool is_busy(void *context)
{
    return *(const bool *)context;
}

static void set_up(void)
{
    struct sg_error why;

    book_make(&book);
    book_open(&book);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK, "%s", why.text);
    cr_assert_eq(ledger_reader_index(reader, book.path, &why), SG_OK, "%s", why.text);
    indexing.options = (struct indexing_options){.busy = is_busy, .context = &busy};
}

static void tear_down(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[200];

    ledger_reader_close(reader);
    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        (void)snprintf(name, sizeof(name), "%s.index%s", book.path, ends[i]);
        (void)unlink(name);
    }
    book_close(&book);
    book_remove(&book);
}

TestSuite(indexing, .init = set_up, .fini = tear_down);

static void add(unsigned count)
{
    for (unsigned done = 0; done < count; done += PER_COMMIT) {
        book_add(&book, count - done < PER_COMMIT ? count - done : PER_COMMIT);
    }
}

static uint64_t lack(void)
{
    uint64_t records = 0;

    cr_assert_eq(ledger_reader_lack(reader, &records), SG_OK);
    return records;
}

/* As often as there is something to do, whenever that is due. */
static void go_on(void)
{
    for (unsigned i = 0; i < 2 * INDEXING_LACK_MAX / INDEX_BLOCK; i++) {
        indexing.due_us = 0;
        indexing_step(&indexing, reader, true);
    }
}

Test(indexing, gives_way_to_signatures_and_catches_up)
{
    add(3 * INDEX_BLOCK + 1);
    busy = true;
    go_on();
    cr_expect_eq(lack(), 3 * INDEX_BLOCK + 1);
    busy = false;
    go_on();
    cr_expect_eq(lack(), 1);
}

Test(indexing, gives_way_only_so_far)
{
    add(INDEXING_LACK_MAX + 1);
    busy = true;
    go_on();
    cr_expect(lack() < INDEXING_LACK_MAX, "%llu", (unsigned long long)lack());
    cr_expect(lack() > INDEXING_LACK_MAX - 2 * INDEX_BLOCK);
}

Test(indexing, looks_again_after_a_while_only)
{
    add(INDEX_BLOCK);
    busy = true;
    indexing_step(&indexing, reader, true);
    busy = false;
    indexing_step(&indexing, reader, true);
    cr_expect_eq(lack(), INDEX_BLOCK, "it was looked at a moment ago");
    cr_expect_gt(indexing.due_us, 0);
}

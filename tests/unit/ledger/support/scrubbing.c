#include "tests/unit/ledger/support/scrubbing.h"

#include <criterion/criterion.h>

void scrubbing_make(struct scrubbing *scrubbing)
{
    const struct book_sizes sizes = {
        .early = SCRUB_EARLY, .covered = SCRUB_COVERED, .records = SCRUB_RECORDS};

    memset(scrubbing, 0, sizeof(*scrubbing));
    book_make_checked(&scrubbing->book, &sizes);
}

void scrubbing_close_reader(struct scrubbing *scrubbing)
{
    ledger_reader_close(scrubbing->reader);
    scrubbing->reader = NULL;
}

void scrubbing_remove(struct scrubbing *scrubbing)
{
    scrubbing_close_reader(scrubbing);
    book_remove(&scrubbing->book);
}

enum sg_status scrubbing_pass(struct scrubbing *scrubbing)
{
    struct scrub_progress progress = {0};
    struct sg_error *why = &scrubbing->why;
    unsigned steps = 0;

    scrubbing_close_reader(scrubbing);
    why->text[0] = '\0';
    cr_assert_eq(ledger_reader_open(scrubbing->book.path, &scrubbing->reader, why), SG_OK,
                 "%s", why->text);
    enum sg_status status =
        ledger_scrub_begin(scrubbing->reader, scrubbing->book.vkey, why);
    while (status == SG_OK && steps++ < 10000) {
        status = ledger_scrub_step(scrubbing->reader, &progress, why);
    }
    scrubbing->records = progress.records;
    return status;
}

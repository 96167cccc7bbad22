/* The words of a record: what is scanned where it lies must be what a tree of all its
 * values says, whatever the bytes are; and a filter that asks for one of them shows it.
 */
#include <stdlib.h>

#include "gateway/ledger/filter.h"
#include "gateway/ledger/index_inside.h"
#include "tests/fuzz/support/fuzz.h"

/* Sums do not mind the order. */
struct told {
    uint64_t count;
    uint64_t sum;
};

static void add(void *context, enum word_kind kind, struct slice text)
{
    struct told *told = (struct told *)context;

    MUST(kind < WORD_KINDS && text.len > 0);
    told->count++;
    told->sum += (uint64_t)index_word(kind, text);
}

/* Whoever asks for the word finds the record: the index hides none. */
static void hold_filter(void *context, enum word_kind kind, struct slice text)
{
    const struct slice *record = (const struct slice *)context;
    struct record_filter filter = {0};
    /* With the quote that follows, which becomes the end of the text. */
    char *wanted = (char *)fuzz_copy(slice_of(text.data, text.len + 1));
    const char *const types[] = {wanted};

    wanted[text.len] = '\0';
    filter.types = types;
    filter.type_count = kind == WORD_TYPE ? 1 : 0;
    filter.rule = kind == WORD_RULE ? wanted : NULL;
#define FILTER_TEXT(condition, member)                                                   \
    filter.condition = kind == WORD_##condition ? wanted : NULL;
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
    MUST(filter_matches(&filter, *record));
    free(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct told scanned = {0};
    struct told parsed = {0};
    struct words scan = {.take = add, .context = &scanned};
    struct words parse = {.take = add, .context = &parsed};
    uint8_t *bytes = fuzz_copy(slice_of(data, len));
    struct slice record = slice_of(bytes, len);

    words_parse(&parse, record);
    if (words_scan(&scan, record)) {
        struct words shown = {.take = hold_filter, .context = &record};
        MUST(scanned.count == parsed.count && scanned.sum == parsed.sum);
        MUST(scan.timed == parse.timed && (!scan.timed || scan.ts_us == parse.ts_us));
        MUST(words_scan(&shown, record));
    } else {
        MUST(scanned.count == 0);
    }
    free(bytes);
    return 0;
}

/* A journal that somebody wrote who knows check sums: each line gets its own. One that is
 * accepted is written again as the very same text. */
#include "client/batch/journal_line.h"

#include <openssl/sha.h>

#include "proto/text.h"
#include "tests/fuzz/support/fuzz.h"

static struct slice with_sum(struct slice body)
{
    static char text[JOURNAL_LINE_MAX + 16];
    uint8_t hash[SHA256_DIGEST_LENGTH];

    if (body.len > JOURNAL_LINE_MAX) {
        return body;
    }
    (void)SHA256(body.data, body.len, hash);
    memcpy(text, body.data, body.len);
    text_hex(slice_of(hash, 4), text + body.len);
    return slice_of(text, body.len + 8);
}

static void take_line(struct slice text)
{
    static struct journal_line line;
    static char again[JOURNAL_LINE_MAX];
    size_t len = 0;

    if (journal_line_read(text, &line) != SG_OK) {
        return;
    }
    MUST(journal_line_write(&line, again, &len) == SG_OK);
    MUST(again[len - 1] == '\n');
    MUST(slice_equal(slice_of(again, len - 1), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t begin = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i == len || data[i] == '\n') {
            take_line(with_sum(slice_of(data + begin, i - begin)));
            take_line(slice_of(data + begin, i - begin));
            begin = i + 1;
        }
    }
    return 0;
}

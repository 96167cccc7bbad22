/* gzip from a peer: never more than the maximum, the budget is whole again, and what was
 * inflated is inflated to the same once it was packed by us. Input: maximum (2 bytes),
 * the bytes. */
#include "gateway/transport/compress.h"

#include <stdlib.h>

#include "segel/v1/errors.pb-c.h"
#include "tests/fuzz/support/fuzz.h"

enum { WHOLE = 1 << 20 };

static struct gzip gzip;

/* A Detail of these bytes, packed plainly and compressed, inflates to the same. */
static void pack_again(struct slice bytes, struct budget *budget)
{
    static uint8_t plain[(1 << 16) + 64];
    static uint8_t packed[1 << 16];
    Segel__V1__Detail detail;
    struct slice again;

    segel__v1__detail__init(&detail);
    detail.value.data = (uint8_t *)sg_unconst(bytes.data);
    detail.value.len = bytes.len;
    size_t size = protobuf_c_message_pack(&detail.base, plain);
    size_t len = gzip_pack(&gzip, &detail.base, packed, sizeof(packed));
    if (len == 0) {
        return;
    }
    MUST(gzip_inflate(&gzip, slice_of(packed, len), sizeof(plain), budget, &again) ==
         SG_OK);
    MUST(slice_equal(again, slice_of(plain, size)));
    gzip_release(&gzip, budget);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct budget budget = {.cap = WHOLE};
    struct slice input = slice_of(data, len);
    size_t max = (size_t)fuzz_choice(&input) << 8;
    struct slice out = {0};

    max |= fuzz_choice(&input);
    uint8_t *in = fuzz_copy(input);
    enum sg_status status =
        gzip_inflate(&gzip, slice_of(in, input.len), max, &budget, &out);
    MUST(status == SG_OK || status == SG_INVALID || status == SG_TOO_LARGE);
    MUST(budget.used <= WHOLE);
    if (status == SG_OK) {
        MUST(out.len <= max);
        uint8_t *kept = fuzz_copy(out);
        size_t size = out.len;
        gzip_release(&gzip, &budget);
        pack_again(slice_of(kept, size), &budget);
        free(kept);
    } else {
        gzip_release(&gzip, &budget);
    }
    MUST(budget.used == 0);
    free(in);
    return 0;
}

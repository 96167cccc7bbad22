/* A trust policy that is
 * accepted is satisfied by all witnesses, and by none only where it asks for none. */
#include "proto/quorum/trust.h"

#include "tests/fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct trust_policy trust;
    struct sg_error why;

    if (trust_parse(slice_of(data, len), &trust, &why) != SG_OK) {
        return 0;
    }
    MUST(trust.log_count <= TRUST_LOGS_MAX);
    MUST(trust.groups.leaf_count <= TRUST_WITNESSES_MAX);
    MUST(trust_reached(&trust, ~(uint64_t)0));
    MUST(trust_reached(&trust, 0) == (trust_fewest(&trust) == 0));
    return 0;
}

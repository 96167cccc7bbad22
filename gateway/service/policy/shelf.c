#include "gateway/service/policy/shelf.h"

#include <stdlib.h>
#include <string.h>

static struct policy *read_back(struct ledger_reader *reader, const uint8_t sha256[32])
{
    struct policy *policy = NULL;
    struct sg_error why;
    uint8_t *text = NULL;
    size_t len = 0;

    enum sg_status status = ledger_read_policy(reader, sha256, &text, &len);
    if (status == SG_OK) {
        status =
            policy_parse(slice_of(text, len), "a policy of the ledger", &policy, &why);
    }
    free(text);
    return status == SG_OK ? policy : NULL;
}

struct policy *shelf_get(struct shelf *shelf, const uint8_t sha256[32])
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (memcmp(shelf->rows[i].sha256, sha256, 32) == 0) {
            return shelf->rows[i].policy;
        }
    }
    if (shelf->count == SHELF_MAX) {
        return NULL;
    }
    struct shelf_row *row = &shelf->rows[shelf->count++];
    memcpy(row->sha256, sha256, sizeof(row->sha256));
    row->policy = read_back(shelf->reader, sha256);
    return row->policy;
}

void shelf_fini(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        policy_free(shelf->rows[i].policy);
    }
    shelf->count = 0;
}

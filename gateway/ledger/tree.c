#include "gateway/ledger/tree.h"

enum sg_status tree_changed(struct sg_error *why, const char *what, uint64_t at)
{
    return sg_fail(why, SG_CORRUPT,
                   "the ledger was changed behind Segel's back (%s %llu): keep the file "
                   "as evidence, and restore a copy that holds its last checkpoint",
                   what, (unsigned long long)at);
}

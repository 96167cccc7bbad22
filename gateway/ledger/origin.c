#include "gateway/ledger/origin.h"

#include "proto/tlog/note.h"

enum sg_status origin_check(const char *origin, struct sg_error *why)
{
    return origin != NULL && note_name_valid(slice_str(origin))
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "ledger.origin must be a name without spaces and '+', such as "
                         "segel.example.go.id/log");
}

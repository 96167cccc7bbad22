#include "gateway/ledger/origin.h"

#include <string.h>

#include "proto/tlog/note.h"

enum sg_status origin_check(const char *origin, struct sg_error *why)
{
    if (origin != NULL && strlen(origin) > NOTE_NAME_MAX) {
        return sg_fail(why, SG_INVALID, "ledger.origin has %zu bytes; %d are the most",
                       strlen(origin), NOTE_NAME_MAX);
    }
    return origin != NULL && note_name_valid(slice_str(origin))
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "ledger.origin must be a name without spaces and '+', such as "
                         "segel.example.go.id/log");
}

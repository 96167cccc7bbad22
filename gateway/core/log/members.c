#include "gateway/core/log/members.h"

#include "gateway/core/core_inside.h"
#include "gateway/ledger/record.h"

void members_add(struct members *members, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        MUST(members->count < MEMBERS_MAX);
        members->pairs[2 * members->count] = name;
        members->pairs[2 * members->count + 1] = value;
        members->count++;
    }
}

enum sg_status members_write(struct core *core, const char *type,
                             const struct members *members, struct log_place *place)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};

    record_begin(core, &head);
    TRY(record_event(buffer, &head, type, members->pairs, members->count, &text));
    if (place == NULL) {
        return ledger_append(core->ledger, text, NULL);
    }
    place->index = head.seq;
    return ledger_append(core->ledger, text, place->hash);
}

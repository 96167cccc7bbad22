#include <jansson.h>
#include <string.h>

#include "gateway/core/officers/request_grant.h"
#include "gateway/ledger/request_view.h"
#include "gateway/ledger/written.h"
#include "gateway/log.h"
#include "gateway/service/inside.h"
#include "gateway/service/pb.h"
#include "gateway/service/policy/answer.h"
#include "proto/text.h"

/* Since when a policy is in force, and who brought it there: its policy.load record, and
 * what those persons signed. What the log does not give out any more stays empty. */

/* One answer on its way. */
struct telling {
    struct policy_ask *ask;
    struct ledger_reader *reader;
    Segel__V1__PolicyInfo *info;
    Segel__V1__GetPolicyResponse *out; /* NULL: of a list */
    char grant[LEDGER_ID_MAX + 1];     /* the request that was signed; "" = none was */
};

static void close_reader(struct ledger_reader **reader)
{
    ledger_reader_close(*reader);
}

/* A member's text in the arena. */
static char *member(struct telling *telling, const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    char *copy = size == 0 ? NULL : (char *)arena_alloc(&telling->ask->arena, size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return pb_text(copy);
}

/* Of two persons without a quorum file the record names one, and the request by another
 * name: those are not kept, and signed nothing. */
static void take_persons(struct telling *telling, const json_t *json)
{
    Segel__V1__PolicyInfo *info = telling->info;
    char *grant = member(telling, json, "grant");

    info->source = member(telling, json, "source");
    info->requester = member(telling, json, "requester");
    info->approval = grant[0] != '\0' ? grant : member(telling, json, "approval");
    info->approvers = member(telling, json, grant[0] != '\0' ? "approvers" : "approver");
    (void)snprintf(telling->grant, sizeof(telling->grant), "%s", grant);
}

static int64_t time_or_none(struct slice record)
{
    int64_t us = written_us(record);

    return us == INT64_MAX ? 0 : us;
}

/* Where no file was read that says it. */
static void take_name(struct telling *telling, const json_t *json)
{
    Segel__V1__PolicyInfo *info = telling->info;

    if (info->id[0] == '\0') {
        info->id = member(telling, json, "subject");
    }
    if (info->version == 0) {
        const char *text = json_string_value(json_object_get(json, "version"));
        (void)(text != NULL &&
               text_uint(slice_str(text), INT64_MAX, &info->version) == SG_OK);
    }
}

static void take_begin(void *context, uint64_t index, struct slice record)
{
    struct telling *telling = (struct telling *)context;
    json_t *json = json_loadb((const char *)record.data, record.len, 0, NULL);

    (void)index;
    telling->info->in_force_from_us = time_or_none(record);
    take_name(telling, json);
    take_persons(telling, json);
    json_decref(json);
}

static void take_end(void *context, uint64_t index, struct slice record)
{
    struct telling *telling = (struct telling *)context;

    (void)index;
    telling->info->in_force_until_us = time_or_none(record);
}

static SG_MUST_USE enum sg_status read_records(struct telling *telling,
                                               const struct ledger_policy_place *place)
{
    struct record_page first = {.first = place->index, .max = 1, .scan = 1};
    struct record_page next = {.first = place->next, .max = 1, .scan = 1};

    if (place->index >= place->pruned) {
        TRY(ledger_read(telling->reader, NULL, &first, take_begin, telling));
    }
    if (place->followed && place->next >= place->pruned) {
        TRY(ledger_read(telling->reader, NULL, &next, take_end, telling));
    }
    return SG_OK;
}

static SG_MUST_USE enum sg_status give_position(struct telling *telling,
                                                const struct ledger_policy_place *place)
{
    struct arena *arena = &telling->ask->arena;
    Segel__V1__LogPosition *log =
        (Segel__V1__LogPosition *)arena_alloc(arena, sizeof(*log));
    uint8_t *hash = (uint8_t *)arena_alloc(arena, sizeof(place->hash));

    if (log == NULL || hash == NULL) {
        return SG_NO_MEMORY;
    }
    segel__v1__log_position__init(log);
    memcpy(hash, place->hash, sizeof(place->hash));
    log->origin = pb_text(telling->ask->services->options.config->ledger_origin);
    log->index = place->index;
    log->leaf_hash = pb_bytes(slice_of(hash, sizeof(place->hash)));
    telling->out->log = log;
    return SG_OK;
}

/* As GetRequest gives it: the SHA-256 of it stands in the record. */
static SG_MUST_USE enum sg_status give_note(struct telling *telling)
{
    struct arena *arena = &telling->ask->arena;
    char *note = (char *)arena_alloc(arena, GRANT_NOTE_MAX);
    struct ledger_request request;
    size_t len = 0;

    if (note == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(ledger_read_request(telling->reader, telling->grant, arena, &request));
    TRY(request_note(&request, slice_of(NULL, 0), note, &len));
    telling->out->note = pb_bytes(slice_of(note, len));
    return SG_OK;
}

static SG_MUST_USE enum sg_status tell(struct telling *telling, const char *ledger,
                                       struct sg_error *why)
{
    AUTO(close_reader) struct ledger_reader *reader = NULL;
    struct ledger_policy_place place;

    TRY(ledger_reader_open(ledger, &reader, why));
    telling->reader = reader;
    TRY(ledger_place_policy(reader, telling->info->sha256.data, &place));
    TRY(read_records(telling, &place));
    TRY(give_position(telling, &place));
    return telling->grant[0] == '\0' ? SG_OK : give_note(telling);
}

enum sg_status answer_way(struct policy_ask *ask, struct ledger_reader *reader,
                          const struct ledger_policy_place *place,
                          Segel__V1__PolicyInfo *out)
{
    struct telling telling = {.ask = ask, .reader = reader, .info = out};

    return read_records(&telling, place);
}

void answer_since(struct policy_ask *ask, const char *ledger,
                  Segel__V1__GetPolicyResponse *out)
{
    struct telling telling = {.ask = ask, .info = out->info, .out = out};
    struct sg_error why = {0};
    enum sg_status status = tell(&telling, ledger, &why);

    /* Not found: its record is written at this very moment. */
    if (status != SG_OK && status != SG_NOT_FOUND) {
        log_event(LOG_WARN, "policy.not_dated", "why",
                  why.text[0] != '\0' ? why.text : sg_status_text(status), NULL);
    }
}

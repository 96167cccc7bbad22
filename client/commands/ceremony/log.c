#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "client/call/log_stream.h"
#include "client/commands/ceremony/action.h"
#include "proto/digest.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"

/* What the token said in a ceremony stands on the log, which reviewers read: the witness'
 * home folder is used where it is at this machine. */
enum { LOOKS = 30, LOOK_EVERY_S = 1, RECORDS_MAX = 256 };

struct reading {
    struct ceremony *ceremony;
    const char *key;
    bool ended; /* the last record of this ceremony has come */
    enum sg_status status;
    struct sg_error *why;
};

/* --- Records ----------------------------------------------------------------------- */

static const char *text_of(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text != NULL && text[0] != '\0' && text_plain(slice_str(text)) ? text : NULL;
}

static enum sg_status note_place(const struct reading *reading, uint64_t index,
                                 struct slice json)
{
    const struct tlog_hash leaf = tlog_leaf(json);
    struct action_answer place = {.logged = true, .index = index};

    memcpy(place.leaf, leaf.bytes, sizeof(place.leaf));
    return ceremony_note_log(reading->ceremony, &place, reading->why);
}

/* "local=1" is the line "CKA_LOCAL true". */
static enum sg_status note_attribute(const struct reading *reading, const char *word,
                                     size_t len)
{
    char name[64] = "CKA_";
    size_t at = strlen(name);

    while (len > 2 && *word != '=' && at < sizeof(name) - 1) {
        name[at++] = (char)(*word >= 'a' && *word <= 'z' ? *word - 'a' + 'A' : *word);
        word++;
        len--;
    }
    name[at] = '\0';
    return state_note(&reading->ceremony->state, reading->why, MINUTES_FIELD_ATTRIBUTE,
                      "%s %s", name, len == 2 && word[1] == '1' ? "true" : "false");
}

static enum sg_status note_key(const struct reading *reading, const json_t *record)
{
    struct ceremony_state *state = &reading->ceremony->state;
    const char *mechanism = text_of(record, "mechanism");
    const char *id = text_of(record, "ckaid");
    const char *spki = text_of(record, "spki");
    const char *words = text_of(record, "attributes");

    if (spki != NULL) {
        TRY(state_note(state, reading->why, MINUTES_FIELD_SPKI, "%s", spki));
    }

    if (mechanism != NULL) {
        TRY(state_note(state, reading->why, MINUTES_FIELD_MECHANISM, "%s", mechanism));
    }
    if (minutes_get(&state->minutes, MINUTES_FIELD_ATTRIBUTE, 0).len == 0) {
        TRY(state_note(state, reading->why, MINUTES_FIELD_ATTRIBUTE, "key %s",
                       reading->key));
    }
    if (id != NULL) {
        TRY(state_note(state, reading->why, MINUTES_FIELD_ATTRIBUTE, "CKA_ID %s", id));
    }
    while (words != NULL && *words != '\0') {
        size_t len = strcspn(words, " ");
        TRY(note_attribute(reading, words, len));
        words += len;
        words += strspn(words, " ");
    }
    return SG_OK;
}

static enum sg_status note_check(const struct reading *reading, const json_t *record,
                                 int number)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "check_%d", number);
    const char *text = text_of(record, name);
    return text == NULL ? SG_OK
                        : state_note(&reading->ceremony->state, reading->why,
                                     MINUTES_FIELD_REFUSAL, "%d %s", number, text);
}

static enum sg_status note_checks(const struct reading *reading, const json_t *record)
{
    enum { CHECKS_MAX = 16 };

    for (int i = 1; i <= CHECKS_MAX; i++) {
        TRY(note_check(reading, record, i));
    }
    return SG_OK;
}

/* Of a destruction: what was removed, and what a search found afterwards. */
static enum sg_status note_end(const struct reading *reading, const json_t *record)
{
    const char *destroyed = text_of(record, "destroyed");
    const char *found = text_of(record, "found");

    if (destroyed == NULL || found == NULL) {
        return SG_OK;
    }
    TRY(state_note(&reading->ceremony->state, reading->why, MINUTES_FIELD_REMARK,
                   "objects of '%s' removed from the token: %s", reading->key,
                   destroyed));
    return state_note(&reading->ceremony->state, reading->why, MINUTES_FIELD_REMARK,
                      "objects of '%s' that a search found afterwards: %s", reading->key,
                      found);
}

/* Where a process died nobody knows what it did: the gateway tries again, or looks. */
static bool is_last(const json_t *record)
{
    const char *result = text_of(record, "result");

    return result == NULL || strcmp(result, "unknown") != 0;
}

static enum sg_status take_step(struct reading *reading, const json_t *record,
                                uint64_t index, struct slice json)
{
    const char *step = text_of(record, "step");
    const char *subject = text_of(record, "subject");

    if (step == NULL || subject == NULL || strcmp(subject, reading->key) != 0) {
        return SG_OK;
    }
    TRY(note_place(reading, index, json));
    if (strcmp(step, "end") == 0) {
        reading->ended = is_last(record);
        return note_end(reading, record);
    }
    if (strcmp(step, "key") == 0) {
        return note_key(reading, record);
    }
    return strcmp(step, "checks") == 0 ? note_checks(reading, record) : SG_OK;
}

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct reading *reading = (struct reading *)context;
    json_t *record = json_loadb((const char *)json.data, json.len, 0, NULL);

    if (record != NULL) {
        reading->status = take_step(reading, record, index, json);
    }
    json_decref(record);
    return reading->status == SG_OK && !reading->ended;
}

/* --- Reading ----------------------------------------------------------------------- */

static enum sg_status read_from(struct reading *reading, const struct home *home,
                                uint64_t first)
{
    AUTO(channel_end) struct channel *channel = NULL;
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;
    char *type = sg_unconst_text("ceremony.step");
    const struct log_visitor visitor = {visit, reading};

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    filter.n_types = 1;
    filter.types = &type;
    request.first = first;
    request.count = RECORDS_MAX;
    request.filter = &filter;
    TRY(home_connect(home, &channel, reading->why));
    TRY(log_stream(channel, &request, &visitor, reading->why));
    return reading->status;
}

/* Records are shown when a checkpoint covers them. Each look begins anew, on minutes as
 * they were. */
static enum sg_status read_all(struct ceremony *ceremony, const struct home *home,
                               uint64_t first, bool *found, struct sg_error *why)
{
    static struct minutes before;
    const struct timespec pause = {.tv_sec = LOOK_EVERY_S};

    before = ceremony->state.minutes;
    size_t used = ceremony->state.used;
    *found = false;
    for (int i = 0; i < LOOKS && !*found; i++) {
        struct reading reading = {
            .ceremony = ceremony, .key = act_answer(ceremony, "key"), .why = why};
        ceremony->state.minutes = before;
        ceremony->state.used = used;
        TRY(read_from(&reading, home, first));
        *found = reading.ended;
        if (!*found) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return SG_OK;
}

enum sg_status ceremony_read_log(struct ceremony *ceremony, uint64_t first,
                                 struct sg_error *why)
{
    char witness[SCRIPT_NAME_SIZE];
    struct home home = {.dir = ""};
    bool found = false;

    if (ceremony->found.script.witnesses == 0) {
        return SG_OK;
    }
    ceremony_first(ceremony, true, witness);
    if (!ceremony_home_of(ceremony, witness, home.dir)) {
        return state_note(&ceremony->state, why, MINUTES_FIELD_REMARK,
                          "what the token said was not read from the log: no witness' "
                          "home folder is at this machine");
    }
    TRY(read_all(ceremony, &home, first, &found, why));
    return found ? SG_OK
                 : state_note(&ceremony->state, why, MINUTES_FIELD_REMARK,
                              "the log did not show in time what the token said");
}

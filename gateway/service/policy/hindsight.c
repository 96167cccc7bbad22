#include "gateway/service/policy/hindsight.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/reader.h"
#include "gateway/log.h"
#include "gateway/policy/replay_keys.h"
#include "gateway/service/policy/shelf.h"

enum { PAGE_RECORDS = 256 };

struct look_back {
    struct ledger_reader *reader;
    struct replay_keys keys;
    struct shelf
        shelf; /* the policies of the time: what was absent then was so by them */
    struct policy_effect *effect;
    uint8_t *bytes; /* of a page: a decision is judged when no statement is open */
    size_t len;
    struct {
        uint64_t index;
        size_t at;
        size_t len;
    } rows[PAGE_RECORDS];
    size_t count;
};

/* --- Reading ----------------------------------------------------------------------- */

struct taking {
    bool (*take)(void *context, uint64_t index, struct slice json);
    void *context;
};

static void visit_one(void *context, uint64_t index, struct slice json)
{
    const struct taking *taking = (const struct taking *)context;

    (void)taking->take(taking->context, index, json);
}

static enum sg_status fetch_one(void *source, uint64_t index,
                                bool (*take)(void *context, uint64_t index,
                                             struct slice json),
                                void *context, struct sg_error *why)
{
    struct taking taking = {take, context};
    struct record_page page = {.first = index, .max = 1, .scan = 1};

    (void)why;
    return ledger_read((struct ledger_reader *)source, NULL, &page, visit_one, &taking);
}

static void keep(void *context, uint64_t index, struct slice json)
{
    struct look_back *look = (struct look_back *)context;

    if (look->count < PAGE_RECORDS && json.len <= LOGGED_RECORD_MAX) {
        memcpy(look->bytes + look->len, json.data, json.len);
        look->rows[look->count].index = index;
        look->rows[look->count].at = look->len;
        look->rows[look->count].len = json.len;
        look->count++;
        look->len += json.len;
    }
}

/* --- Judging ----------------------------------------------------------------------- */

static enum sg_status judge(struct look_back *look, const struct logged *decision,
                            enum replay_kind *kind, struct sg_error *why)
{
    const struct policy *of_the_time = shelf_get(&look->shelf, decision->policy_rev);
    const struct replay_policies then = {&of_the_time, of_the_time == NULL ? 0 : 1};
    const struct replay_key *key = NULL;
    struct replay replay;

    if (!decision->by_gateway && decision->has_facts) {
        TRY(replay_keys_get(&look->keys, decision->bound, &key, why));
        if (key == NULL) { /* its record cannot be used: another gateway's, perhaps */
            return SG_INVALID;
        }
    }
    TRY(replay_judge(key, decision, &then, &replay, why));
    *kind = replay.kind;
    return SG_OK;
}

static void count(struct policy_effect *effect, enum replay_kind kind)
{
    effect->compared++;
    effect->newly_denied += kind == REPLAY_NEWLY_DENIED ? 1 : 0;
    effect->newly_allowed += kind == REPLAY_NEWLY_ALLOWED ? 1 : 0;
    effect->incomplete += kind == REPLAY_INCOMPLETE ? 1 : 0;
}

static void judge_row(struct look_back *look, size_t row)
{
    enum replay_kind kind = REPLAY_INCOMPLETE;
    struct logged decision = {.json = NULL};
    struct sg_error why = {0};

    enum sg_status status = logged_read(
        look->rows[row].index,
        slice_of(look->bytes + look->rows[row].at, look->rows[row].len), &decision, &why);
    if (status == SG_OK) {
        status = judge(look, &decision, &kind, &why);
    }
    logged_fini(&decision);
    count(look->effect, status == SG_OK ? kind : REPLAY_INCOMPLETE);
}

static enum sg_status judge_all(struct look_back *look)
{
    static const char *const types[] = {"intent", "deny"};
    const struct record_filter decisions = {.types = types,
                                            .type_count = SG_COUNT(types)};
    struct record_page page = {.max = PAGE_RECORDS, .scan = HINDSIGHT_RECORDS};
    uint64_t pruned = 0;
    uint64_t size = 0;

    TRY(ledger_read_size(look->reader, &size));
    TRY(ledger_read_pruned(look->reader, &pruned));
    page.next = size > HINDSIGHT_RECORDS ? size - HINDSIGHT_RECORDS : 0;
    page.next = page.next < pruned ? pruned : page.next;
    while (page.next < size) { /* what is written meanwhile is not waited for */
        page.first = page.next;
        look->count = 0;
        look->len = 0;
        TRY(ledger_read(look->reader, &decisions, &page, keep, look));
        for (size_t i = 0; i < look->count; i++) {
            judge_row(look, i);
        }
    }
    return SG_OK;
}

static void look_back_fini(struct look_back *look)
{
    replay_keys_fini(&look->keys);
    shelf_fini(&look->shelf);
    ledger_reader_close(look->reader);
    free(look->bytes);
}

void hindsight(const char *ledger, const struct policy *policy, struct policy_effect *out)
{
    AUTO(look_back_fini)
    struct look_back look = {.keys = {.policy = policy},
                             .effect = out,
                             .bytes = malloc((size_t)PAGE_RECORDS * LOGGED_RECORD_MAX)};
    struct sg_error why = {0};

    *out = (struct policy_effect){.known = false};
    enum sg_status status = look.bytes == NULL
                                ? SG_NO_MEMORY
                                : ledger_reader_open(ledger, &look.reader, &why);
    if (status == SG_OK) {
        look.shelf.reader = look.reader;
        look.keys.from = (struct replay_source){fetch_one, look.reader};
        status = judge_all(&look);
    }
    out->known = status == SG_OK;
    if (status != SG_OK) {
        log_event(LOG_WARN, "policy.not_compared", "why",
                  why.text[0] != '\0' ? why.text : sg_status_text(status), NULL);
    }
}

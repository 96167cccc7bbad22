#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/ceremony/check.h"
#include "gateway/core/ceremony/destruction.h"
#include "gateway/core/ceremony/task.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/officers/requests.h"
#include "proto/key_kind.h"

/* What is to be done next, and how the process is told. */

enum { AGAIN_US = 10 * 1000000 };

static struct rite_order order_of(struct ceremony_work *work, const struct keyreg *row,
                                  enum rite rite)
{
    memcpy(work->id, row->ckaid, row->ckaid_len);
    return (struct rite_order){.rite = rite,
                               .id = slice_of(work->id, row->ckaid_len),
                               .label = row->name,
                               .kind = "",
                               .start_date = "",
                               .end_date = "",
                               .subject = "",
                               .pipe = -1};
}

static bool fill_generate(struct core *core, const struct ledger_request *request,
                          struct ceremony_work *work)
{
    const Segel__V1__GenerateKeyRequest *task =
        task_generate(request, &core->ceremony.arena);
    const struct key *key = &core->keyring.keys[work->key];

    if (task == NULL || key_kind_name(task->type) == NULL ||
        !task_day(task->valid_from_us, work->start_date) ||
        !task_day(task->valid_until_us, work->end_date)) {
        return false;
    }
    (void)snprintf(work->kind, sizeof(work->kind), "%s", key_kind_name(task->type));
    work->order.kind = work->kind;
    work->order.scheme = key->config->scheme;
    work->order.start_date = work->start_date;
    work->order.end_date = work->end_date;
    return true;
}

static bool fill_import(struct core *core, const struct ledger_request *request,
                        struct ceremony_work *work)
{
    const Segel__V1__ImportCertificateRequest *task =
        task_import(request, &core->ceremony.arena);

    if (task == NULL || task->n_certificates == 0) {
        return false;
    }
    work->order.certificate =
        slice_of(task->certificates[0].data, task->certificates[0].len);
    return true;
}

/* Of a key that was to be made nobody knows after a restart how far that went: the token
 * is asked. A destruction is gone on with: what is gone is gone, the rest goes now. */
static enum rite rite_of(const struct core *core, size_t key,
                         const struct ledger_request *request)
{
    switch ((int)task_find(slice_str(request->task))) {
    case TASK_KEY_GENERATE:
        return core->ceremony.fresh[key] ? RITE_GENERATE : RITE_FIND;
    case TASK_CERT_ACCEPT:
        return RITE_IMPORT;
    case TASK_KEY_DESTROY:
        return RITE_DESTROY;
    default:
        return RITES;
    }
}

static bool fill_order(struct core *core, struct ceremony_work *work)
{
    struct arena *arena = &core->ceremony.arena;
    const struct keyreg *row = register_row(core, work->key);
    struct ledger_request request;

    arena_reset(arena);
    if (ledger_find_request(core->ledger, row->request, arena, &request) != SG_OK) {
        return false;
    }
    enum rite rite = rite_of(core, work->key, &request);
    if (rite == RITES) {
        return false;
    }
    work->order = order_of(work, row, rite);
    if (work->order.id.len == 0) { /* the configuration's */
        const struct config_object *object = &core->keyring.keys[work->key].object;
        memcpy(work->id, object->id, object->id_len);
        work->order.id = slice_of(work->id, object->id_len);
    }
    return (rite != RITE_DESTROY || destruction_fill(core, work) == SG_OK) &&
           (rite != RITE_GENERATE || fill_generate(core, &request, work)) &&
           (rite != RITE_IMPORT || fill_import(core, &request, work));
}

/* The lane of its ceremony; of a key of the configuration, the first that is asked for
 * it. */
static bool find_berth(struct core *core, struct ceremony_work *work)
{
    const struct keyreg *row = register_row(core, work->key);
    const struct berth *named = row->lane[0] == '\0' ? NULL : berth_find(core, row->lane);

    if (row->lane[0] != '\0') {
        work->berth = named == NULL ? 0 : (size_t)(named - core->berths);
        return named != NULL;
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && !berth->leaving && berth->positions[work->key] >= 0) {
            work->berth = i;
            return true;
        }
    }
    return false;
}

/* The first that waits and may still be had: while it waited the key may have been held,
 * or its lane may have gone. */
static struct request_order *first_csr(struct core *core)
{
    struct letter *letter;
    struct sg_error why = {0};

    while ((letter = STAILQ_FIRST(&core->ceremony.parked)) != NULL) {
        struct request_order *order = (struct request_order *)letter;
        enum sg_status status = ceremony_check_csr(core, order, &why);
        if (status == SG_OK) {
            return order;
        }
        STAILQ_REMOVE_HEAD(&core->ceremony.parked, link);
        MUST(request_refuse(order, status, &why) == SG_OK);
        STAILQ_INSERT_TAIL(&core->obeyed, letter, link);
    }
    return NULL;
}

static bool pick_csr(struct core *core)
{
    struct ceremony_work *work = &core->ceremony.work;
    struct request_order *order = first_csr(core);

    if (order == NULL) {
        return false;
    }
    *work = (struct ceremony_work){.key = register_find(core, order->object)};
    MUST(work->key < core->keyring.count && find_berth(core, work)); /* it was checked */
    STAILQ_REMOVE_HEAD(&core->ceremony.parked, link);
    work->csr = order;
    (void)snprintf(work->subject, sizeof(work->subject), "%s", order->text);
    work->order = order_of(work, register_row(core, work->key), RITE_CSR);
    work->order.subject = work->subject;
    return true;
}

bool ceremony_wait_due(struct ceremony_wait *wait, int64_t now_us)
{
    static const int64_t longest_us = 3600LL * 1000000;

    if (now_us < wait->next_us) {
        return false;
    }
    wait->gap_us = wait->gap_us == 0 ? AGAIN_US : 2 * wait->gap_us;
    wait->gap_us = wait->gap_us > longest_us ? longest_us : wait->gap_us;
    wait->next_us = now_us + wait->gap_us;
    return true;
}

/* Nothing would come of another look yet; others go on. */
static bool is_early(struct core *core, size_t key)
{
    struct ceremony *ceremony = &core->ceremony;
    int64_t now_us = clock_mono_us();
    int64_t until_us = ceremony->none_us[key];

    if (now_us < until_us) {
        until_us = until_us < now_us + AGAIN_US ? until_us : now_us + AGAIN_US;
        ceremony->again_us = until_us;
        return true;
    }
    return false;
}

static bool pick_row(struct core *core, size_t key)
{
    struct ceremony_work *work = &core->ceremony.work;
    const struct keyreg *row = register_row(core, key);
    struct sg_error why = {0};

    if (is_early(core, key)) {
        return false;
    }
    *work = (struct ceremony_work){.key = key};
    (void)snprintf(work->request, sizeof(work->request), "%s", row->request);
    bool found = find_berth(core, work);
    if (found && ceremony_check_pause(&core->berths[work->berth], &why) != SG_OK) {
        core->ceremony.again_us = clock_mono_us() + AGAIN_US;
        return false;
    }
    if (found && fill_order(core, work)) {
        core->ceremony.fresh[key] = false; /* from here on nobody knows */
        core->ceremony.waits[key] = (struct ceremony_wait){.gap_us = 0};
        return true;
    }
    if (ceremony_wait_due(&core->ceremony.waits[key], clock_mono_us())) {
        log_event(
            LOG_ERROR, "ceremony.waits", "key", row->name, "request", row->request, "why",
            "its lane is not configured any more, or the request cannot be read", NULL);
    }
    core->ceremony.again_us = clock_mono_us() + AGAIN_US;
    return false;
}

/* Asked for with each round of the core's loop: mostly there is nothing to look for. */
static bool may_wait(struct ceremony *ceremony)
{
    if (ceremony->again_us != 0 && clock_mono_us() >= ceremony->again_us) {
        ceremony->again_us = 0;
        ceremony->look = true;
    }
    return ceremony->look && ceremony->again_us == 0;
}

/* Behind the one that was taken last: of a token that is away nobody knows for days how
 * far it went, and its row is taken again and again. */
static bool pick_next(struct core *core)
{
    size_t count = core->keyring.count;
    size_t first = core->ceremony.last + 1;

    for (size_t i = 0; i < count; i++) {
        size_t key = (first + i) % count;
        if (register_row(core, key)->request[0] != '\0' && pick_row(core, key)) {
            core->ceremony.last = key;
            return true;
        }
    }
    return false;
}

bool ceremony_pick(struct core *core)
{
    if (pin_change_pick(core) || pick_csr(core)) {
        return true;
    }
    if (!may_wait(&core->ceremony)) {
        return false;
    }
    core->ceremony.look = false;
    return pick_next(core);
}

#include "gateway/core/watch/agenda.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "proto/text.h"

enum { ROOM_BYTES = 1 << 19 };

enum sg_status agenda_start(struct core *core)
{
    core->agenda.stale = true;
    return arena_init(&core->agenda.arena, ROOM_BYTES);
}

void agenda_fini(struct agenda_keeper *keeper)
{
    arena_fini(&keeper->arena);
    (void)pthread_mutex_destroy(&keeper->lock);
}

/* --- Looking ----------------------------------------------------------------------- */

static struct expiry_days days_of(const struct core *core)
{
    struct expiry_days days = {.days = core->options.config->reminders};

    while (days.count < CONFIG_REMINDERS_MAX && days.days[days.count] > 0) {
        days.count++;
    }
    return days;
}

void agenda_add(struct core *core, enum expiry_kind kind, const char *name,
                int64_t until_us)
{
    struct agenda *next = &core->agenda.next;
    struct expiry_days days = days_of(core);

    if (until_us <= 0) {
        return;
    }
    if (next->count == AGENDA_ITEMS_MAX) {
        next->lost++;
        return;
    }
    struct agenda_item *item = &next->items[next->count++];
    *item = (struct agenda_item){.kind = kind, .until_us = until_us};
    (void)snprintf(item->name, sizeof(item->name), "%.64s", name);
    item->passed = expiry_passed(kind, &days, until_us - clock_wall_us());
    item->urgent = expiry_urgent(kind, &days, item->passed);
}

static struct ledger_reminder reminder_of(const struct agenda_item *item)
{
    return (struct ledger_reminder){.what = expiry_name(item->kind),
                                    .name = item->name,
                                    .expires_us = item->until_us,
                                    .days = (uint32_t)item->passed};
}

/* Whether nobody was reminded of this threshold, or a later one, in any life of the
 * gateway. */
static enum sg_status look_up(struct core *core, struct agenda_item *item)
{
    struct ledger_reminder told = reminder_of(item);

    if (item->passed == EXPIRY_FAR) {
        return SG_OK;
    }
    enum sg_status found = ledger_recall_reminder(core->ledger, &told);
    item->untold = found == SG_NOT_FOUND || (int64_t)told.days > item->passed;
    core->agenda.due = core->agenda.due || item->untold;
    return found == SG_NOT_FOUND ? SG_OK : found;
}

static void show(struct agenda_keeper *keeper)
{
    MUST(pthread_mutex_lock(&keeper->lock) == 0);
    keeper->shown = keeper->next;
    MUST(pthread_mutex_unlock(&keeper->lock) == 0);
}

enum sg_status agenda_look(struct core *core)
{
    struct agenda *next = &core->agenda.next;

    memset(next, 0, sizeof(*next));
    core->agenda.due = false;
    core->agenda.stale = false;
    TRY(agenda_gather(core));
    for (size_t i = 0; i < next->count; i++) {
        TRY(look_up(core, &next->items[i]));
    }
    show(&core->agenda);
    return SG_OK;
}

/* --- Reminding --------------------------------------------------------------------- */

/* A clock that jumped, or that nobody has set, would tell of ends that are far; a full
 * disk has no room. */
bool agenda_due(const struct core *core)
{
    return core->agenda.due && clock_watch_trusted(&core->state.clock) &&
           !core->state.reserve.spent;
}

static enum sg_status remind(struct core *core, struct agenda_item *item)
{
    struct ledger_reminder reminder = reminder_of(item);
    struct members members = {.count = 0};
    char until[TEXT_TIME_SIZE];
    char days[24];

    text_time(item->until_us, until);
    (void)snprintf(days, sizeof(days), "%lld", (long long)item->passed);
    members_add(&members, "subject", item->name);
    members_add(&members, "what", reminder.what);
    members_add(&members, "until", until);
    members_add(&members, "days", days);
    TRY(members_write(core, "reminder", &members, NULL));
    item->untold = false;
    log_event(LOG_WARN, "reminder", "what", reminder.what, "name", item->name, "until",
              until, "days", days, NULL);
    return ledger_keep_reminder(core->ledger, &reminder);
}

static enum sg_status remind_of_all(struct core *core)
{
    struct agenda *next = &core->agenda.next;

    for (size_t i = 0; i < next->count; i++) {
        struct agenda_item *item = &next->items[i];
        TRY(item->untold ? remind(core, item) : SG_OK);
    }
    return SG_OK;
}

/* What is still on the agenda, and was told, is not forgotten, however long it is over:
 * it would be told again at the next look, and at each one behind that. */
static int64_t forget_before_us(const struct agenda *agenda)
{
    static const int64_t kept_us = INT64_C(400) * 86400 * 1000000;
    int64_t before_us = clock_wall_us() - kept_us;

    for (size_t i = 0; i < agenda->count; i++) {
        const struct agenda_item *item = &agenda->items[i];
        if (item->passed != EXPIRY_FAR && item->until_us < before_us) {
            before_us = item->until_us;
        }
    }
    return before_us;
}

enum sg_status agenda_write(struct core *core)
{
    if (!agenda_due(core)) {
        return SG_OK;
    }
    TRY(remind_of_all(core));
    core->agenda.due = false;
    return ledger_drop_reminders(core->ledger, forget_before_us(&core->agenda.next));
}

/* --- From other threads ------------------------------------------------------------ */

void core_agenda(struct core *core, struct agenda *out)
{
    MUST(pthread_mutex_lock(&core->agenda.lock) == 0);
    *out = core->agenda.shown;
    MUST(pthread_mutex_unlock(&core->agenda.lock) == 0);
}

static struct agenda_item *find_expected(struct agenda_keeper *keeper,
                                         enum expiry_kind kind, const char *name)
{
    for (size_t i = 0; i < keeper->expected_count; i++) {
        if (keeper->expected[i].kind == kind &&
            strcmp(keeper->expected[i].name, name) == 0) {
            return &keeper->expected[i];
        }
    }
    return NULL;
}

static void expect(struct agenda_keeper *keeper, enum expiry_kind kind, const char *name,
                   int64_t until_us)
{
    struct agenda_item *item = find_expected(keeper, kind, name);

    if (item == NULL && keeper->expected_count < AGENDA_EXPECTED_MAX) {
        item = &keeper->expected[keeper->expected_count++];
        *item = (struct agenda_item){.kind = kind};
        (void)snprintf(item->name, sizeof(item->name), "%.64s", name);
    }
    if (item != NULL && (kind != EXPIRY_CLIENT || until_us > item->until_us)) {
        item->until_us = until_us;
    }
}

void core_expect(struct core *core, enum expiry_kind kind, const char *name,
                 int64_t until_us)
{
    MUST(pthread_mutex_lock(&core->agenda.lock) == 0);
    expect(&core->agenda, kind, name, until_us);
    MUST(pthread_mutex_unlock(&core->agenda.lock) == 0);
}

/* config: callers that it has stay; NULL: none of that kind does. */
static void drop(struct agenda_keeper *keeper, enum expiry_kind kind,
                 const struct config *config)
{
    size_t kept = 0;

    for (size_t i = 0; i < keeper->expected_count; i++) {
        const struct agenda_item *item = &keeper->expected[i];
        if (item->kind != kind ||
            (config != NULL && config_find_caller(config, item->name) != NULL)) {
            keeper->expected[kept++] = *item;
        }
    }
    keeper->expected_count = kept;
}

void core_expect_all(struct core *core, enum expiry_kind kind,
                     const struct agenda_end *ends, size_t count)
{
    MUST(pthread_mutex_lock(&core->agenda.lock) == 0);
    drop(&core->agenda, kind, NULL);
    for (size_t i = 0; i < count; i++) {
        expect(&core->agenda, kind, ends[i].name, ends[i].until_us);
    }
    MUST(pthread_mutex_unlock(&core->agenda.lock) == 0);
}

void agenda_drop_callers(struct core *core, const struct config *config)
{
    struct agenda_keeper *keeper = &core->agenda;

    MUST(pthread_mutex_lock(&keeper->lock) == 0);
    drop(keeper, EXPIRY_CLIENT, config);
    keeper->stale = true;
    MUST(pthread_mutex_unlock(&keeper->lock) == 0);
}

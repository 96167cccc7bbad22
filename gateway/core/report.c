#include "gateway/core/report.h"

#include <stdio.h>

#include "gateway/core/core_inside.h"

static void describe_lane(const struct berth *berth, struct lane_report *out)
{
    const struct lane *lane = berth->lane;

    (void)snprintf(out->name, sizeof(out->name), "%s", lane_name(lane));
    out->state = lane_state(lane);
    (void)snprintf(out->why, sizeof(out->why), "%.255s", lane_why(lane));
    out->token = *lane_token(lane);
    out->outstanding[LANE_CURVE] = lane_outstanding(lane);
}

static void describe_key(const struct core *core, const struct key *key,
                         struct key_report *out)
{
    (void)snprintf(out->name, sizeof(out->name), "%s", key->config->name);
    out->usable = key->usable;
    out->lanes = 1;
    out->lanes_up = lane_state(core->berths[key->lane].lane) == LANE_UP ? 1 : 0;
    out->serving = key->usable && out->lanes_up > 0;
}

void report_update(struct core *core, bool changed)
{
    struct core_report *report = &core->board.report;

    MUST(pthread_mutex_lock(&core->board.lock) == 0);
    report->signing = !core->ending && !atomic_load(&core->broken);
    report->lane_count = core->berth_count;
    for (size_t i = 0; i < core->berth_count; i++) {
        describe_lane(&core->berths[i], &report->lanes[i]);
    }
    report->key_count = core->keyring.count;
    for (size_t i = 0; i < core->keyring.count; i++) {
        describe_key(core, &core->keyring.keys[i], &report->keys[i]);
    }
    MUST(pthread_mutex_unlock(&core->board.lock) == 0);
    if (changed) {
        (void)atomic_fetch_add(&core->board.version, 1);
    }
}

void core_report(struct core *core, struct core_report *out)
{
    MUST(pthread_mutex_lock(&core->board.lock) == 0);
    *out = core->board.report;
    MUST(pthread_mutex_unlock(&core->board.lock) == 0);
}

uint64_t core_report_version(const struct core *core)
{
    return atomic_load(&core->board.version);
}

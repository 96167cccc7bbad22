#include "gateway/service/health/serving.h"

#include <string.h>

static const char key_prefix[] = "segel.key/";
static const char lane_prefix[] = "segel.lane/";

static enum serving yes_or_no(bool serves)
{
    return serves ? SERVING_YES : SERVING_NO;
}

/* Every key that can sign at all can sign now. */
static bool signing(const struct vitals *vitals)
{
    const struct core_report *report = vitals->report;
    size_t usable = 0;

    for (size_t i = 0; i < report->key_count; i++) {
        usable += report->keys[i].usable ? 1 : 0;
        if (report->keys[i].usable && !report->keys[i].serving) {
            return false;
        }
    }
    return report->signing && usable > 0;
}

static enum serving key_serving(const struct vitals *vitals, const char *name)
{
    const struct core_report *report = vitals->report;

    for (size_t i = 0; i < report->key_count; i++) {
        if (strcmp(report->keys[i].name, name) == 0) {
            return yes_or_no(report->signing && report->keys[i].serving);
        }
    }
    return SERVING_NONE;
}

static enum serving lane_serving(const struct vitals *vitals, const char *name)
{
    const struct core_report *report = vitals->report;

    for (size_t i = 0; i < report->lane_count; i++) {
        if (strcmp(report->lanes[i].name, name) == 0) {
            return yes_or_no(report->lanes[i].state == LANE_UP);
        }
    }
    return SERVING_NONE;
}

static enum serving by_name(const struct vitals *vitals, const char *service)
{
    if (service[0] == '\0' || strcmp(service, "segel.v1.SigningService") == 0) {
        return yes_or_no(signing(vitals));
    }
    if (strcmp(service, "segel.v1.LogService") == 0) {
        return yes_or_no(vitals->log_readable);
    }
    if (strncmp(service, key_prefix, strlen(key_prefix)) == 0) {
        return key_serving(vitals, service + strlen(key_prefix));
    }
    if (strncmp(service, lane_prefix, strlen(lane_prefix)) == 0) {
        return lane_serving(vitals, service + strlen(lane_prefix));
    }
    return SERVING_NONE;
}

enum serving serving_of(const struct vitals *vitals, const char *service)
{
    enum serving serving = by_name(vitals, service);
    bool away = vitals->draining || vitals->resting;

    return serving == SERVING_YES && away ? SERVING_NO : serving;
}

const char *serving_lane_state(enum lane_state state)
{
    static const char *const names[] = {[LANE_STARTING] = "starting",
                                        [LANE_TRYING] = "trying",
                                        [LANE_UP] = "up",
                                        [LANE_DOWN] = "broken",
                                        [LANE_LATCHED] = "pin-latched",
                                        [LANE_AWAITING] = "awaits-pin"};

    return (size_t)state < SG_COUNT(names) ? names[state] : "broken";
}

/* The sentence may come from a module: a line stays a line. */
static void write_plain(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        bool control = (unsigned char)*text < 0x20 || *text == 0x7F;
        (void)fputc(control ? '?' : *text, out);
    }
}

static bool lanes_amiss(const struct core_report *report, FILE *out)
{
    bool amiss = false;

    for (size_t i = 0; i < report->lane_count; i++) {
        const struct lane_report *lane = &report->lanes[i];
        if (lane->state == LANE_UP) {
            continue;
        }
        amiss = true;
        (void)fprintf(out, "lane %s is %s: ", lane->name,
                      serving_lane_state(lane->state));
        write_plain(lane->why[0] == '\0' ? "it has not answered yet" : lane->why, out);
        (void)fputc('\n', out);
    }
    return amiss;
}

/* Why it does not sign though somebody expects it; NULL: it does, or nobody does. */
static const char *key_fault(const struct key_report *key)
{
    static const char *const states[KEY_STATES] = {
        [KEY_HELD] = "it is held, until officers release it",
        [KEY_COMPROMISED] = "it is compromised, and never signs again",
    };
    enum key_state state = key->life.state;

    if (!key_state_signs(state) || key->serving) {
        return states[state];
    }
    if (key->usable) {
        return "no lane that holds it is up";
    }
    return key->why[0] != '\0' ? key->why : "no lane that was open offers it";
}

/* It may be one token of several that fails now and then; this often in a row is no
 * chance. No reason to send callers elsewhere: without jobs nobody would see its end. */
static bool key_failing(const struct key_report *key, FILE *out)
{
    if (!key->serving || key->failures < KEY_FAILURES_MANY) {
        return false;
    }
    (void)fprintf(out, "key %s: its last %u operations failed: ", key->name,
                  (unsigned)key->failures);
    write_plain(key->failed_why, out);
    (void)fputc('\n', out);
    return true;
}

static bool keys_amiss(const struct core_report *report, FILE *out)
{
    bool amiss = false;
    bool any = false;

    for (size_t i = 0; i < report->key_count; i++) {
        const char *fault = key_fault(&report->keys[i]);
        any = any || fault != NULL || report->keys[i].serving;
        if (fault != NULL) {
            amiss = true;
            (void)fprintf(out, "key %s cannot sign: ", report->keys[i].name);
            write_plain(fault, out);
            (void)fputc('\n', out);
        }
        amiss = key_failing(&report->keys[i], out) || amiss;
    }
    if (!any) {
        (void)fputs("nothing can be signed: every key is an empty slot, retired or "
                    "destroyed\n",
                    out);
    }
    return amiss || !any;
}

static bool anchors_amiss(const struct core_report *report, FILE *out)
{
    bool amiss = false;

    for (size_t i = 0; i < report->anchor_count; i++) {
        const struct anchor_report *anchor = &report->anchors[i];
        if (anchor->state == ANCHOR_FAILING || anchor->state == ANCHOR_ALARM) {
            amiss = true;
            (void)fprintf(out, "anchor %s is %s: ", anchor->name,
                          anchor->state == ANCHOR_ALARM ? "an alarm" : "failing");
            write_plain(anchor->why, out);
            (void)fputc('\n', out);
        }
    }
    return amiss;
}

bool serving_amiss(const struct vitals *vitals, FILE *out)
{
    bool amiss = false;

    if (vitals->draining) {
        (void)fprintf(out, "the gateway is shutting down\n");
        amiss = true;
    } else if (vitals->report->locked_down) {
        (void)fprintf(out, "nothing is signed: a lock-down by %s is in force\n",
                      vitals->report->locked_down_by);
        amiss = true;
    } else if (vitals->report->disk_low) {
        (void)fprintf(out, "%s\n", vitals->report->disk_why);
        amiss = true;
    } else if (vitals->report->ban.rule[0] != '\0') {
        (void)fputs("nothing is signed: ", out);
        write_plain(vitals->report->ban.why, out);
        (void)fputc('\n', out);
        amiss = true;
    } else if (!vitals->report->signing) {
        (void)fprintf(out, "nothing is signed: the ledger has failed, or the gateway "
                           "ends\n");
        amiss = true;
    }
    if (vitals->resting && !vitals->draining) {
        (void)fputs("the gateway is out of rotation: ", out);
        write_plain(vitals->resting_why, out);
        (void)fputc('\n', out);
        amiss = true;
    }
    if (!vitals->log_readable) {
        (void)fprintf(out, "the ledger cannot be read\n");
        amiss = true;
    }
    amiss = lanes_amiss(vitals->report, out) || amiss;
    amiss = anchors_amiss(vitals->report, out) || amiss;
    return keys_amiss(vitals->report, out) || amiss;
}

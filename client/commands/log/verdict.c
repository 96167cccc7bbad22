#include "client/commands/log/verdict.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/console/screen.h"
#include "proto/json.h"
#include "proto/text.h"

static bool mark_equal(const struct audit_mark *mark, const struct tlog_hash *root)
{
    return mark->reached && tlog_hash_equal(&mark->root, root);
}

void log_verdict_reach(struct log_verdict *verdict)
{
    struct audit *audit = &verdict->audit;
    bool with_earlier = verdict->earlier.note_len > 0;

    audit_need_begin(audit);
    verdict->under_way = audit_end(audit);
    verdict->root_equal = mark_equal(&audit->marks[0], &verdict->head.root);
    verdict->earlier_equal =
        !with_earlier || (verdict->earlier.size <= verdict->head.size &&
                          mark_equal(&audit->marks[1], &verdict->earlier.root));
    verdict->sound =
        verdict->root_equal && verdict->earlier_equal && audit->fault_count == 0;
}

/* --- For people -------------------------------------------------------------------- */

static void print_check(bool good, const char *title, const char *text)
{
    (void)printf("%-12s%s%-7s%s%s\n", title,
                 screen_colour(stdout, good ? SCREEN_GREEN : SCREEN_RED),
                 good ? "ok" : "FAILED", screen_colour(stdout, SCREEN_PLAIN), text);
}

static void print_root(const struct log_verdict *verdict)
{
    char text[160];

    if (verdict->root_equal) {
        (void)snprintf(text, sizeof(text),
                       "the root over records 0 to %" PRIu64
                       " is the one that the log's key signed",
                       verdict->head.size == 0 ? 0 : verdict->head.size - 1);
    } else if (verdict->audit.marks[0].reached) {
        (void)snprintf(text, sizeof(text),
                       "the records do not lead to the signed root: some of the first "
                       "%" PRIu64 " were changed",
                       verdict->head.size);
    } else {
        (void)snprintf(text, sizeof(text),
                       "the checkpoint covers %" PRIu64 " records, but only %" PRIu64
                       " are there",
                       verdict->head.size, verdict->audit.tree.size);
    }
    print_check(verdict->root_equal, "tree", text);
}

static void print_earlier(const struct log_verdict *verdict)
{
    char text[160];

    if (verdict->earlier.note_len == 0) {
        return;
    }
    (void)snprintf(text, sizeof(text),
                   verdict->earlier_equal
                       ? "the log still begins with the %" PRIu64
                         " records of the earlier checkpoint"
                       : "the log no longer begins with the %" PRIu64
                         " records of the earlier checkpoint: it was rewritten or cut",
                   verdict->earlier.size);
    print_check(verdict->earlier_equal, "earlier", text);
}

static void print_faults(const struct audit *audit)
{
    uint64_t shown =
        audit->fault_count < AUDIT_FAULTS_SHOWN ? audit->fault_count : AUDIT_FAULTS_SHOWN;

    print_check(audit->fault_count == 0, "records",
                audit->fault_count == 0
                    ? "numbered without gaps; every outcome belongs to one intent"
                    : "they do not fit together:");
    for (uint64_t i = 0; i < shown; i++) {
        char text[AUDIT_FAULT_SIZE];
        audit_fault_text(&audit->faults[i], true, text);
        (void)printf("%19s%s\n", "", text);
    }
    if (audit->fault_count > shown) {
        (void)printf("%19sand %" PRIu64 " more\n", "", audit->fault_count - shown);
    }
}

static void print_facts(const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;
    char from[TEXT_TIME_SIZE] = "-";
    char until[TEXT_TIME_SIZE] = "-";

    if (audit->first_us > 0) {
        text_time(audit->first_us, from);
        text_time(audit->last_us, until);
    }
    (void)printf("%-12s", "log");
    screen_text(stdout, verdict->head.origin);
    (void)printf("\n%-12s%" PRIu64 " records, %.19sZ to %.19sZ\n", "read",
                 audit->tree.size, from, until);
    (void)printf("%-12s%" PRIu64 " intents: %" PRIu64 " signed, %" PRIu64
                 " failed, %" PRIu64 " indeterminate, %zu under way; %" PRIu64
                 " denials; %" PRIu64 " other records\n",
                 "jobs", audit->intents, audit->signed_count, audit->failed,
                 audit->indeterminate, verdict->under_way, audit->denials, audit->others);
}

/* more: there are records that no checkpoint covers. The record of a prune that was just
 * made is one of them, for some seconds. */
static void print_begin(const struct audit *audit, bool more)
{
    const char *why = "";

    if (audit->pruned) {
        why = ": a record says that officers had them pruned";
    } else if (more) {
        why = "; where they were pruned just now, ask again when the next\ncheckpoint "
              "covers the record of that";
    }
    (void)printf("Of records 0 to %" PRIu64 " only the hashes are there%s.\n",
                 audit->first - 1, why);
}

static void print_tail(const struct log_verdict *verdict)
{
    bool more = verdict->audit.tree.size > verdict->head.size;

    if (verdict->audit.first > 0) {
        print_begin(&verdict->audit, more);
    }
    if (more) {
        (void)printf("No checkpoint covers records %" PRIu64 " to %" PRIu64
                     " yet: nothing is proven about them.\n",
                     verdict->head.size, verdict->audit.tree.size - 1);
    }
    if (!verdict->trust.known) {
        (void)printf("The key was stated by the gateway itself. This shows that the log "
                     "agrees with itself, not\nthat it is the log you know: give --vkey "
                     "with the key that you received another way.\n");
    }
}

static void print_page(const struct log_verdict *verdict)
{
    print_facts(verdict);
    print_check(true, "checkpoint",
                verdict->trust.known ? "signed by the key that you gave"
                                     : "signed by the key that the gateway states");
    print_root(verdict);
    print_earlier(verdict);
    print_faults(&verdict->audit);
    print_tail(verdict);
    if (verdict->sound) {
        (void)printf("%sSOUND%s: the first %" PRIu64
                     " records are complete and as they were signed.\n",
                     screen_colour(stdout, SCREEN_GREEN),
                     screen_colour(stdout, SCREEN_PLAIN), verdict->head.size);
    } else {
        (void)printf("%sTAMPERED WITH OR INCOMPLETE%s: do not rely on this log; keep "
                     "this page and all copies.\n",
                     screen_colour(stdout, SCREEN_RED),
                     screen_colour(stdout, SCREEN_PLAIN));
    }
}

/* --- For machines ------------------------------------------------------------------ */

static void json_jobs(struct json_out *out, const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;

    json_uint(out, "intents", audit->intents);
    json_uint(out, "signed", audit->signed_count);
    json_uint(out, "failed", audit->failed);
    json_uint(out, "indeterminate", audit->indeterminate);
    json_uint(out, "under_way", verdict->under_way);
    json_uint(out, "denials", audit->denials);
    json_uint(out, "others", audit->others);
}

static void print_json(const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;
    char buffer[8192];
    struct json_out out;
    struct slice text;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_bool(&out, "sound", verdict->sound);
    json_str(&out, "log", verdict->head.origin);
    json_bool(&out, "key_known", verdict->trust.known);
    json_uint(&out, "records", audit->tree.size);
    json_uint(&out, "first", audit->first);
    json_uint(&out, "covered", verdict->head.size);
    json_bool(&out, "root_equal", verdict->root_equal);
    if (verdict->earlier.note_len > 0) {
        json_bool(&out, "earlier_equal", verdict->earlier_equal);
    }
    json_jobs(&out, verdict);
    json_uint(&out, "fault_count", audit->fault_count);
    json_open_array(&out, "faults");
    for (uint64_t i = 0; i < audit->fault_count && i < AUDIT_FAULTS_SHOWN; i++) {
        char fault[AUDIT_FAULT_SIZE];
        audit_fault_text(&audit->faults[i], true, fault);
        json_str(&out, NULL, fault);
    }
    json_end(&out);
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

void log_verdict_print(const struct log_verdict *verdict, bool json)
{
    if (json) {
        print_json(verdict);
    } else {
        print_page(verdict);
    }
}

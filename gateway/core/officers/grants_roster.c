#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/officers/roster_kept.h"

/* Which quorum file is in force: what was changed last, the file by whoever runs the
 * machine, or the roster by officers. Every change is on the log. */

static bool same_quorum(const struct quorum *one, const struct quorum *other)
{
    return (one == NULL) == (other == NULL) &&
           (one == NULL || memcmp(one->sha256, other->sha256, 32) == 0);
}

static void put_in_force(struct grants *grants, struct quorum *quorum)
{
    quorum_free(grants->retired);
    grants->retired = grants->quorum;
    grants->quorum = quorum;
    atomic_store_explicit(&grants->has_quorum, quorum != NULL, memory_order_relaxed);
}

static enum sg_status recall_text(struct core *core, const char *name,
                                  char out[LEDGER_MEMO_MAX])
{
    enum sg_status found = ledger_recall(core->ledger, name, out);

    if (found != SG_OK) {
        out[0] = '\0';
    }
    return found == SG_NOT_FOUND ? SG_OK : found;
}

static enum sg_status recall(struct core *core, struct roster_kept *out)
{
    char memo[LEDGER_MEMO_MAX];
    char file[LEDGER_MEMO_MAX];

    *out = (struct roster_kept){.since_us = 0};
    TRY(recall_text(core, LEDGER_ROSTER, memo));
    TRY(recall_text(core, LEDGER_ROSTER_FILE, file));
    roster_kept_read(memo, file, out);
    if (out->before[0] != '\0') {
        core->grants.since_us = out->since_us;
    }
    return SG_OK;
}

bool grants_had_quorum(struct core *core)
{
    struct roster_kept kept;

    return recall(core, &kept) != SG_OK ||
           (kept.before[0] != '\0' && strcmp(kept.before, "none") != 0);
}

/* --- At the start ------------------------------------------------------------------ */

static enum sg_status take_signed(struct core *core, const struct roster_kept *kept,
                                  struct sg_error *why)
{
    AUTO(ledger_roster_fini) struct ledger_roster last = {.index = 0};
    struct quorum *quorum = NULL;
    enum sg_status found = ledger_last_roster(core->ledger, &last);

    if (found != SG_OK && found != SG_NOT_FOUND) {
        return sg_fail(why, found, "%s", ledger_why(core->ledger));
    }
    TRY(roster_kept_make(core->newest, kept, &last, &quorum, why));
    quorum_free(core->grants.quorum);
    core->grants.quorum = NULL;
    put_in_force(&core->grants, quorum);
    return SG_OK;
}

enum sg_status grants_start(struct core *core, struct sg_error *why)
{
    struct grants *grants = &core->grants;
    struct roster_kept kept;
    struct quorum *quorum = NULL;

    TRY(quorum_load(core->options.config, &quorum, why));
    put_in_force(grants, quorum);
    TRY(recall(core, &kept));
    roster_kept_name(quorum, grants->file);
    grants->file_unwritten = strcmp(grants->file, kept.file) != 0;
    grants->is_new =
        kept.before[0] == '\0' ? quorum != NULL : strcmp(kept.before, grants->file) != 0;
    if (!roster_kept_counts(&kept, grants->file)) {
        return SG_OK;
    }
    grants->is_new = false;
    return take_signed(core, &kept, why);
}

/* --- Records ----------------------------------------------------------------------- */

static enum sg_status keep(struct core *core, const struct log_place *place)
{
    struct grants *grants = &core->grants;
    char name[DIGEST_SHA256_SIZE];
    char text[LEDGER_MEMO_MAX];

    grants->since_us = clock_wall_us();
    if (grants->quorum != NULL) {
        struct ledger_roster kept = {.index = place->index,
                                     .since_us = grants->since_us,
                                     .text = grants->quorum->text};
        memcpy(kept.sha256, grants->quorum->sha256, sizeof(kept.sha256));
        TRY(ledger_keep_roster(core->ledger, &kept));
    }
    roster_kept_name(grants->quorum, name);
    (void)snprintf(text, sizeof(text), "%s %lld", name, (long long)grants->since_us);
    return ledger_remember(core->ledger, LEDGER_ROSTER, text);
}

/* grant: NULL: whoever runs the machine did it. */
static enum sg_status write_roster(struct core *core, const struct members *grant,
                                   struct log_place *place)
{
    const struct quorum *quorum = core->grants.quorum;
    struct members members = {.count = 0};
    struct roster_kept kept;
    char now[DIGEST_SHA256_SIZE];
    char persons[24] = "";

    TRY(recall(core, &kept));
    roster_kept_name(quorum, now);
    if (quorum != NULL) {
        (void)snprintf(persons, sizeof(persons), "%zu", quorum->roster.groups.leaf_count);
    }
    if (grant != NULL) {
        members = *grant;
    } else {
        members_add(&members, "subject", core->options.config->node);
    }
    members_add(&members, "source", grant == NULL ? "file" : "officers");
    members_add(&members, "quorum", now);
    members_add(&members, "previous", kept.before);
    members_add(&members, "persons", persons);
    TRY(members_write(core, "roster.load", &members, place));
    return keep(core, place);
}

static enum sg_status write_file(struct core *core)
{
    core->grants.file_unwritten = false;
    return ledger_remember(core->ledger, LEDGER_ROSTER_FILE, core->grants.file);
}

enum sg_status grants_roster_write_start(struct core *core)
{
    struct log_place place;

    if (core->grants.is_new) {
        core->grants.is_new = false;
        TRY(write_roster(core, NULL, &place));
    }
    return core->grants.file_unwritten ? write_file(core) : SG_OK;
}

/* --- While it runs ----------------------------------------------------------------- */

/* What was in force is not looked at: a file that has not changed is no news, whatever
 * officers have made of the roster since. */
void core_take_quorum(struct core *core, struct quorum *quorum)
{
    struct grants *grants = &core->grants;
    char name[DIGEST_SHA256_SIZE];

    roster_kept_name(quorum, name);
    if (strcmp(name, grants->file) == 0) {
        quorum_free(quorum);
        return;
    }
    (void)snprintf(grants->file, sizeof(grants->file), "%s", name);
    grants->file_unwritten = true;
    quorum_free(grants->next);
    grants->has_next = !same_quorum(grants->quorum, quorum);
    grants->next = quorum;
    if (!grants->has_next) {
        quorum_free(quorum);
        grants->next = NULL;
    }
}

enum sg_status core_weigh_quorum(const struct core *core, const struct config *config,
                                 const struct quorum *file, struct sg_error *why)
{
    const struct quorum *quorum = core->grants.quorum;
    struct sg_error inner = {0};
    char name[DIGEST_SHA256_SIZE];

    roster_kept_name(file, name);
    if (quorum == NULL || file == NULL || strcmp(name, core->grants.file) != 0) {
        return SG_OK;
    }
    enum sg_status status = quorum_fits(config, quorum, &inner);
    return status == SG_OK
               ? SG_OK
               : sg_fail(why, status, "the roster that officers signed for: %.300s",
                         inner.text);
}

bool grants_roster_due(const struct grants *grants)
{
    return grants->has_next || grants->file_unwritten;
}

static enum sg_status take_next(struct core *core)
{
    struct grants *grants = &core->grants;
    char name[DIGEST_SHA256_SIZE];
    struct log_place place;

    put_in_force(grants, grants->next);
    grants->next = NULL;
    grants->has_next = false;
    roster_kept_name(grants->quorum, name);
    log_event(LOG_INFO, "roster.loaded", "quorum", name, NULL);
    return write_roster(core, NULL, &place);
}

enum sg_status grants_roster_write(struct core *core)
{
    if (core->grants.has_next) {
        TRY(take_next(core));
    }
    return core->grants.file_unwritten ? write_file(core) : SG_OK;
}

enum sg_status grants_succeed(struct core *core, struct quorum *quorum,
                              const struct members *grant, struct log_place *place)
{
    put_in_force(&core->grants, quorum);
    return write_roster(core, grant, place);
}

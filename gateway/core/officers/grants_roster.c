#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/ledger/rosters.h"
#include "proto/text.h"

/* Which quorum file is in force: what was changed last, the file by whoever runs the
 * machine, or the roster by officers. Every change is on the log. */

/* Kept as "sha256:… SINCE", or "none SINCE": also that there is none any more is news. */
static const char MEMO[] = "roster";
/* What the file was when it was last read, in force or not. */
static const char FILE_MEMO[] = "roster/file";

static void name_of(const struct quorum *quorum, char out[DIGEST_SHA256_SIZE])
{
    (void)snprintf(out, DIGEST_SHA256_SIZE, "none");
    if (quorum != NULL) {
        digest_sha256_text(quorum->sha256, out);
    }
}

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

/* What was in force before; "" = nothing ever. */
static enum sg_status recall(struct core *core, char before[DIGEST_SHA256_SIZE])
{
    char text[LEDGER_MEMO_MAX];
    uint64_t since = 0;
    enum sg_status found = ledger_recall(core->ledger, MEMO, text);

    before[0] = '\0';
    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    char *rest = strchr(text, ' ');
    if (rest != NULL && text_uint(slice_str(rest + 1), INT64_MAX, &since) == SG_OK) {
        *rest = '\0';
        (void)snprintf(before, DIGEST_SHA256_SIZE, "%.71s", text);
        core->grants.since_us = (int64_t)since;
    }
    return SG_OK;
}

bool grants_had_quorum(struct core *core)
{
    char before[DIGEST_SHA256_SIZE];

    return recall(core, before) != SG_OK ||
           (before[0] != '\0' && strcmp(before, "none") != 0);
}

/* --- At the start ------------------------------------------------------------------ */

/* Before officers could change it, the file was what was in force. */
static enum sg_status recall_file(struct core *core, const char *before,
                                  char out[DIGEST_SHA256_SIZE])
{
    char text[LEDGER_MEMO_MAX];
    enum sg_status found = ledger_recall(core->ledger, FILE_MEMO, text);

    (void)snprintf(out, DIGEST_SHA256_SIZE, "%.71s", found == SG_OK ? text : before);
    return found == SG_NOT_FOUND ? SG_OK : found;
}

static enum sg_status take_signed(struct core *core, const char *before,
                                  struct sg_error *why)
{
    AUTO(ledger_roster_fini) struct ledger_roster kept = {.index = 0};
    char name[DIGEST_SHA256_SIZE];
    struct quorum *quorum = NULL;
    struct sg_error inner = {0};
    enum sg_status found = ledger_last_roster(core->ledger, &kept);

    digest_sha256_text(kept.sha256, name);
    if (found != SG_OK || strcmp(name, before) != 0) {
        return sg_fail(why, found == SG_OK ? SG_CORRUPT : found,
                       "the roster in force cannot be read from the ledger: restore it "
                       "from its backup");
    }
    enum sg_status status = quorum_make(core->newest, kept.text, &quorum, &inner);
    if (status != SG_OK) {
        return sg_fail(why, status,
                       "the roster that officers signed for does not fit the "
                       "configuration: %.300s",
                       inner.text);
    }
    quorum_free(core->grants.quorum);
    core->grants.quorum = NULL;
    put_in_force(&core->grants, quorum);
    return SG_OK;
}

enum sg_status grants_start(struct core *core, struct sg_error *why)
{
    struct grants *grants = &core->grants;
    char before[DIGEST_SHA256_SIZE];
    char file[DIGEST_SHA256_SIZE];
    struct quorum *quorum = NULL;

    TRY(quorum_load(core->options.config, &quorum, why));
    put_in_force(grants, quorum);
    TRY(recall(core, before));
    TRY(recall_file(core, before, file));
    name_of(quorum, grants->file);
    grants->file_unwritten = strcmp(grants->file, file) != 0;
    grants->is_new =
        before[0] == '\0' ? quorum != NULL : strcmp(before, grants->file) != 0;
    if (quorum == NULL || grants->file_unwritten || !grants->is_new) {
        return SG_OK;
    }
    grants->is_new = false;
    return take_signed(core, before, why);
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
    name_of(grants->quorum, name);
    (void)snprintf(text, sizeof(text), "%s %lld", name, (long long)grants->since_us);
    return ledger_remember(core->ledger, MEMO, text);
}

/* grant: NULL: whoever runs the machine did it. */
static enum sg_status write_roster(struct core *core, const struct members *grant,
                                   struct log_place *place)
{
    const struct quorum *quorum = core->grants.quorum;
    struct members members = {.count = 0};
    char before[DIGEST_SHA256_SIZE];
    char now[DIGEST_SHA256_SIZE];
    char persons[24] = "";

    TRY(recall(core, before));
    name_of(quorum, now);
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
    members_add(&members, "previous", before);
    members_add(&members, "persons", persons);
    TRY(members_write(core, "roster.load", &members, place));
    return keep(core, place);
}

static enum sg_status write_file(struct core *core)
{
    core->grants.file_unwritten = false;
    return ledger_remember(core->ledger, FILE_MEMO, core->grants.file);
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

    name_of(quorum, name);
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

    name_of(file, name);
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
    name_of(grants->quorum, name);
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

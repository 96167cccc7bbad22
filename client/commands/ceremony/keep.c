#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/call/approval_call.h"
#include "client/channel/moment.h"
#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/minutes_file.h"
#include "client/console/program_hash.h"
#include "proto/digest.h"
#include "proto/text.h"

enum { INTERRUPTIONS_MAX = 16 }; /* that are told of; other remarks need room, too */

static const char *world_of(const struct ceremony *ceremony)
{
    return ceremony->rehearsal ? "REHEARSAL" : "real";
}

/* --- Keeping ----------------------------------------------------------------------- */

enum sg_status ceremony_keep(const struct ceremony *ceremony, struct sg_error *why)
{
    char *text = (char *)malloc(STATE_MAX);
    size_t len = 0;

    enum sg_status status =
        text == NULL ? SG_NO_MEMORY : state_write(&ceremony->state, text, &len);
    if (status == SG_OK) {
        status = minutes_file_keep(ceremony->state_path, slice_of(text, len), why);
    }
    free(text);
    return status;
}

/* What everybody has signed never gives way to what nobody has. */
static enum sg_status check_place(const struct ceremony *ceremony, struct sg_error *why)
{
    return file_exists(ceremony->minutes_path)
               ? sg_fail(why, SG_CONFLICT,
                         "%s holds minutes already: sign them with 'segel ceremony "
                         "sign', or begin anew with another --out",
                         ceremony->minutes_path)
               : SG_OK;
}

enum sg_status ceremony_close(struct ceremony *ceremony, struct sg_error *why)
{
    TRY(check_place(ceremony, why));
    char *text = (char *)malloc(MINUTES_TEXT_MAX + 1);
    size_t len = 0;

    enum sg_status status =
        text == NULL ? SG_NO_MEMORY
                     : minutes_write(&ceremony->state.minutes, text, &len, why);
    if (status == SG_OK) {
        text[len] = '\n';
        status = minutes_file_keep(ceremony->minutes_path, slice_of(text, len + 1), why);
    }
    free(text);
    return status;
}

/* --- Beginning --------------------------------------------------------------------- */

static enum sg_status note_hash(struct ceremony *ceremony, enum minutes_field field,
                                const uint8_t hash[32], struct sg_error *why)
{
    char text[DIGEST_SHA256_SIZE];

    digest_sha256_text(hash, text);
    return state_note(&ceremony->state, why, field, "%s", text);
}

static enum sg_status begin_new(struct ceremony *ceremony, const uint8_t tool[32],
                                struct sg_error *why)
{
    struct ceremony_state *state = &ceremony->state;
    char id[APPROVAL_ID_SIZE];
    char now[TEXT_TIME_SIZE];

    TRY(approval_make_id(id, why));
    text_time_s(moment_wall_us(), now);
    TRY(state_note(state, why, MINUTES_FIELD_WORLD, "%s", world_of(ceremony)));
    TRY(state_note(state, why, MINUTES_FIELD_CEREMONY, "%s",
                   ceremony->found.script.name));
    TRY(state_note(state, why, MINUTES_FIELD_ID, "c-%s", id));
    TRY(state_note(state, why, MINUTES_FIELD_BEGAN, "%s", now));
    TRY(note_hash(ceremony, MINUTES_FIELD_SCRIPT, ceremony->found.script.sha256, why));
    TRY(note_hash(ceremony, MINUTES_FIELD_TOOL, tool, why));
    TRY(minutes_file_keep(ceremony->quorum_path,
                          slice_of(ceremony->known.text, ceremony->known.text_len), why));
    return note_hash(ceremony, MINUTES_FIELD_QUORUM, ceremony->known.sha256, why);
}

/* --- Taking up again --------------------------------------------------------------- */

static bool says(const struct ceremony *ceremony, enum minutes_field field,
                 const char *text)
{
    return slice_equal(minutes_get(&ceremony->state.minutes, field, 0), slice_str(text));
}

static bool says_hash(const struct ceremony *ceremony, enum minutes_field field,
                      const uint8_t hash[32])
{
    char text[DIGEST_SHA256_SIZE];

    digest_sha256_text(hash, text);
    return says(ceremony, field, text);
}

static enum sg_status began_with_another(const struct ceremony *ceremony,
                                         const char *what, struct sg_error *why)
{
    return sg_fail(
        why, SG_PRECONDITION,
        "what began in %s had another %s: it cannot be gone on with; keep that "
        "file for the minutes, and begin anew with another --out",
        ceremony->state_path, what);
}

/* What began under other conditions is another ceremony. */
static enum sg_status check_same(const struct ceremony *ceremony, const uint8_t tool[32],
                                 struct sg_error *why)
{
    const struct script *script = &ceremony->found.script;
    const char *other = NULL;

    if (!says_hash(ceremony, MINUTES_FIELD_SCRIPT, script->sha256)) {
        other = "script";
    } else if (!says_hash(ceremony, MINUTES_FIELD_TOOL, tool)) {
        other = "program";
    } else if (!says_hash(ceremony, MINUTES_FIELD_QUORUM, ceremony->known.sha256)) {
        other = "quorum file";
    } else if (!says(ceremony, MINUTES_FIELD_WORLD, world_of(ceremony))) {
        other = "world (rehearsal or real)";
    } else if (ceremony->state.next >= script->step_count) {
        other = "number of steps";
    }
    return other == NULL ? SG_OK : began_with_another(ceremony, other, why);
}

/* By what it has done, or asked for before it was interrupted. */
static bool may_have_changed_roster(const struct ceremony *ceremony)
{
    const struct ceremony_state *state = &ceremony->state;
    size_t asked = state->next + (state->request[0] == '\0' ? 0 : 1);

    for (size_t i = 0; i < asked && i < ceremony->found.script.step_count; i++) {
        const struct script_step *step = &ceremony->found.script.steps[i];
        if (step->kind == STEP_RUN &&
            (step->row == ACTION_OFFICER_ADD || step->row == ACTION_OFFICER_REMOVE)) {
            return true;
        }
    }
    return false;
}

/* Nobody else's officers can approve what is still to be done, or sign at the end. */
static enum sg_status check_in_force(struct ceremony *ceremony, struct sg_error *why)
{
    TRY(known_from_gateway(ceremony->home, &ceremony->now, why));
    if (says_hash(ceremony, MINUTES_FIELD_QUORUM, ceremony->now.sha256) ||
        may_have_changed_roster(ceremony)) {
        return SG_OK;
    }
    return ceremony->rehearsal
               ? sg_fail(why, SG_PRECONDITION,
                         "what is in %s began in another world, or this one has other "
                         "officers now: name its own with --world, or begin anew with "
                         "another --out",
                         ceremony->state_path)
               : began_with_another(ceremony, "quorum file in the gateway", why);
}

static enum sg_status take_up(struct ceremony *ceremony, const uint8_t tool[32],
                              struct sg_error *why)
{
    struct file_bytes bytes = {0};
    struct sg_error plain = {0};
    char now[TEXT_TIME_SIZE];

    TRY(file_read(ceremony->state_path, STATE_MAX, &bytes, why));
    enum sg_status status =
        state_read(slice_of(bytes.data, bytes.len), &ceremony->state, &plain);
    file_free(&bytes);
    if (status != SG_OK) {
        return sg_fail(why, status, "%s: %s", ceremony->state_path, plain.text);
    }
    TRY(check_same(ceremony, tool, why));
    TRY(check_in_force(ceremony, why));
    if (minutes_get(&ceremony->state.minutes, MINUTES_FIELD_REMARK, INTERRUPTIONS_MAX - 1)
            .len > 0) {
        return SG_OK; /* it goes on, however often the terminal goes */
    }
    text_time_s(moment_wall_us(), now);
    return state_note(&ceremony->state, why, MINUTES_FIELD_REMARK,
                      "interrupted, and taken up again at %s before step %zu", now,
                      ceremony->state.next + 1);
}

static enum sg_status lock(struct ceremony *ceremony, struct sg_error *why)
{
    enum sg_status status = minutes_file_lock(ceremony->lock_path, &ceremony->lock, why);

    return status != SG_BUSY
               ? status
               : sg_fail(why, SG_BUSY,
                         "another 'segel ceremony run' leads the ceremony of %s, perhaps "
                         "at another terminal: go on there, or end that one first",
                         ceremony->minutes_path);
}

enum sg_status ceremony_open(struct ceremony *ceremony, bool *resumed,
                             struct sg_error *why)
{
    uint8_t tool[32];

    TRY(check_place(ceremony, why));
    TRY(lock(ceremony, why));
    TRY(check_place(ceremony, why)); /* the other one may just have ended */
    *resumed = file_exists(ceremony->state_path);
    TRY(program_hash(tool, why));
    TRY(*resumed ? known_from_file(ceremony->quorum_path, &ceremony->known, why)
                 : known_from_gateway(ceremony->home, &ceremony->known, why));
    TRY(*resumed ? take_up(ceremony, tool, why) : begin_new(ceremony, tool, why));
    return *resumed ? ceremony_keep(ceremony, why) : SG_OK;
}

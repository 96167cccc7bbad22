#include "client/commands/ceremony/correct.h"

#include <stdio.h>

#include "client/ceremony/script_rows.h"
#include "client/channel/moment.h"
#include "client/commands/ceremony/answer.h"
#include "client/commands/ceremony/talk.h"
#include "proto/text.h"

/* --- Which ------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = words; *at != '\0';) {
        size_t word = strcspn(at, " ");
        if (word == len && memcmp(at, name, len) == 0) {
            return true;
        }
        at += word;
        at += strspn(at, " ");
    }
    return false;
}

static bool needs(const struct script_step *step, const char *name)
{
    if (step->kind != STEP_CHECK && step->kind != STEP_RUN) {
        return false;
    }
    const struct script_row *row =
        script_row(step->kind == STEP_CHECK ? SCRIPT_CHECKS : SCRIPT_ACTIONS, step->row);
    return row != NULL && has_word(row->needs, name);
}

static bool may_correct(const struct ceremony *ceremony, size_t at)
{
    const struct script *script = &ceremony->found.script;
    const struct script_step *asked = &script->steps[at];

    /* the place is a line of the minutes by itself */
    if (asked->kind != STEP_ASK || strcmp(asked->name, "place") == 0 ||
        !needs(&script->steps[ceremony->state.next], asked->name)) {
        return false;
    }
    for (size_t i = at + 1; i < ceremony->state.next; i++) {
        if (needs(&script->steps[i], asked->name)) {
            return false;
        }
    }
    return true;
}

static bool is_open(const struct ceremony *ceremony)
{
    return ceremony->state.request[0] == '\0' || ceremony->refused;
}

void ceremony_correctable(const struct ceremony *ceremony, char out[CORRECT_NAMES_SIZE])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; is_open(ceremony) && i < ceremony->state.next; i++) {
        if (may_correct(ceremony, i) && used < CORRECT_NAMES_SIZE - SCRIPT_NAME_SIZE) {
            int len =
                snprintf(out + used, CORRECT_NAMES_SIZE - used, "%s%s",
                         used == 0 ? "" : " ", ceremony->found.script.steps[i].name);
            used += len > 0 ? (size_t)len : 0;
        }
    }
}

/* --- Anew -------------------------------------------------------------------------- */

static enum sg_status answer_anew(struct ceremony *ceremony, size_t at,
                                  struct sg_error *why)
{
    const struct script_step *step = &ceremony->found.script.steps[at];
    char value[ANSWER_MAX + 1];
    char now[TEXT_TIME_SIZE];

    talk_heading(at + 1, ceremony->found.script.step_count,
                 step->text.in[ceremony->indonesian]);
    TRY(ceremony_answer(ceremony, step, value, why));
    TRY(state_answer_anew(&ceremony->state, step->name, slice_str(value), why));
    text_time_s(moment_wall_us(), now);
    TRY(state_note(&ceremony->state, why, MINUTES_FIELD_STEP, "%zu %s ask %s: %s", at + 1,
                   now, step->name, value));
    ceremony->state.request[0] = '\0'; /* it was refused, and is another one now */
    return ceremony_keep(ceremony, why);
}

enum sg_status ceremony_correct(struct ceremony *ceremony, const char *name, bool *done,
                                struct sg_error *why)
{
    *done = false;
    for (size_t i = 0; is_open(ceremony) && i < ceremony->state.next; i++) {
        if (may_correct(ceremony, i) &&
            strcmp(ceremony->found.script.steps[i].name, name) == 0) {
            *done = true;
            return answer_anew(ceremony, i, why);
        }
    }
    return SG_OK;
}

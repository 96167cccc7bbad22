#include <stdio.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/commands/ceremony/answer.h"
#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/correct.h"
#include "client/commands/ceremony/talk.h"
#include "proto/text.h"

static enum sg_status note_step(struct ceremony *ceremony, const char *text,
                                struct sg_error *why)
{
    char now[TEXT_TIME_SIZE];

    text_time_s(moment_wall_us(), now);
    return state_note(&ceremony->state, why, MINUTES_FIELD_STEP, "%zu %s %s",
                      ceremony->state.next + 1, now, text);
}

/* --- say --------------------------------------------------------------------------- */

static enum sg_status confirm(struct ceremony *ceremony, bool witness, char *name,
                              struct sg_error *why)
{
    char question[128];
    char line[TALK_LINE_MAX];

    ceremony_first(ceremony, witness, name);
    (void)snprintf(
        question, sizeof(question),
        ceremony->indonesian ? "Dipastikan oleh [%s]:" : "Confirmed by [%s]:", name);
    for (;;) {
        enum sg_status status = talk_ask(question, line, why);
        if (status != SG_OK && status != SG_INVALID) {
            return status;
        }
        if (status == SG_OK && line[0] == '\0') {
            return SG_OK;
        }
        if (status == SG_OK && (ceremony_is_here(ceremony, line, witness))) {
            (void)snprintf(name, SCRIPT_NAME_SIZE, "%.64s", line);
            return SG_OK;
        }
        talk_passed(false, ceremony->indonesian,
                    witness ? "no witness of that name is here"
                            : "no officer of that name is here");
    }
}

static enum sg_status do_say(struct ceremony *ceremony, const struct script_step *step,
                             struct sg_error *why)
{
    char name[SCRIPT_NAME_SIZE];
    char text[SCRIPT_NAME_SIZE + 32];

    TRY(confirm(ceremony, step->row == 1, name, why));
    (void)snprintf(text, sizeof(text), "say: confirmed by %s", name);
    return note_step(ceremony, text, why);
}

/* --- ask --------------------------------------------------------------------------- */

static enum sg_status do_ask(struct ceremony *ceremony, const struct script_step *step,
                             struct sg_error *why)
{
    char value[ANSWER_MAX + 1];
    char text[ANSWER_MAX + SCRIPT_NAME_SIZE + 16];

    TRY(ceremony_answer(ceremony, step, value, why));
    TRY(state_answer(&ceremony->state, step->name, slice_str(value), why));
    if (strcmp(step->name, "place") == 0) {
        TRY(state_note(&ceremony->state, why, MINUTES_FIELD_PLACE, "%s", value));
    }
    (void)snprintf(text, sizeof(text), "ask %s: %s", step->name, value);
    return note_step(ceremony, text, why);
}

/* --- check and run ------------------------------------------------------------------ */

static void tell_correctable(const struct ceremony *ceremony)
{
    char names[CORRECT_NAMES_SIZE];

    ceremony_correctable(ceremony, names);
    if (names[0] != '\0') {
        (void)printf(ceremony->indonesian
                         ? "    Jawaban yang salah diberikan lagi dengan namanya: %s\n"
                         : "    To give a wrong answer anew, write its name: %s\n",
                     names);
    }
}

/* What a rehearsal cannot have, like a clock that is kept, must not end it. */
static enum sg_status after_failure(struct ceremony *ceremony, bool *again,
                                    struct sg_error *why)
{
    static const char *const questions[2][2] = {
        {"Mend it, then Enter to look again; 'stop' to go on another day:",
         "Perbaiki, lalu Enter untuk memeriksa lagi; 'berhenti' untuk melanjutkan lain "
         "hari:"},
        {"Enter to look again; 'c' to go on, because it is a rehearsal; 'stop':",
         "Enter untuk memeriksa lagi; 'c' untuk melanjutkan karena ini latihan; "
         "'berhenti':"},
    };
    char line[TALK_LINE_MAX];
    enum sg_status status = SG_INVALID;
    bool corrected = true;

    tell_correctable(ceremony);
    while (status == SG_INVALID) {
        status =
            talk_ask(questions[ceremony->rehearsal][ceremony->indonesian], line, why);
    }
    TRY(status);
    *again = !(ceremony->rehearsal && strcmp(line, "c") == 0);
    return ceremony_correct(ceremony, line, &corrected, why);
}

static enum sg_status work(struct ceremony *ceremony, const struct script_step *step,
                           struct ceremony_finding *finding, struct sg_error *why)
{
    struct sg_error refusal = {0};

    if (step->kind == STEP_RUN) {
        return ceremony_run_task(ceremony, step, finding, why);
    }
    enum sg_status status = ceremony_check(ceremony, step, finding, &refusal);
    if (status == SG_ABORTED) {
        *why = refusal;
        return status;
    }
    if (status != SG_OK) {
        ceremony_found(finding, false, "%s",
                       refusal.text[0] == '\0' ? sg_status_text(status) : refusal.text);
    }
    return SG_OK;
}

/* Whoever looks again and again must not fill the minutes: the lines of steps beyond one
 * for each that was done are failures, and answers that were given anew. */
static bool failures_fit(const struct ceremony *ceremony)
{
    enum { FAILURES_MAX = 24 };
    size_t lines = 0;

    while (minutes_get(&ceremony->state.minutes, MINUTES_FIELD_STEP, lines).len > 0) {
        lines++;
    }
    return lines < ceremony->state.next + FAILURES_MAX;
}

static enum sg_status work_once(struct ceremony *ceremony, const struct script_step *step,
                                bool *good, struct sg_error *why)
{
    static struct minutes before; /* large */
    struct ceremony_finding finding;
    char text[CEREMONY_TEXT_SIZE + 64];
    size_t used = ceremony->state.used;

    before = ceremony->state.minutes;
    TRY(work(ceremony, step, &finding, why));
    talk_passed(finding.good, ceremony->indonesian, finding.text);
    (void)snprintf(text, sizeof(text), "%s %s %s: %s", step_kind_name(step->kind),
                   step->name, finding.good ? "passed" : "FAILED", finding.text);
    *good = finding.good;
    if (finding.good || failures_fit(ceremony)) {
        return note_step(ceremony, text, why);
    }
    /* Nor do the request and the records of such a try stay. */
    ceremony->state.minutes = before;
    ceremony->state.used = used;
    return SG_OK;
}

static enum sg_status do_work(struct ceremony *ceremony, const struct script_step *step,
                              struct sg_error *why)
{
    bool again = true;

    while (again) {
        bool good = false;
        TRY(work_once(ceremony, step, &good, why));
        if (good) {
            return SG_OK;
        }
        TRY(ceremony_keep(ceremony, why));
        TRY(after_failure(ceremony, &again, why));
    }
    return SG_OK;
}

/* --- sign -------------------------------------------------------------------------- */

static enum sg_status do_sign(struct ceremony *ceremony, const struct script_step *step,
                              struct sg_error *why)
{
    char now[TEXT_TIME_SIZE];

    (void)step;
    text_time_s(moment_wall_us(), now);
    TRY(state_note(&ceremony->state, why, MINUTES_FIELD_ENDED, "%s", now));
    TRY(ceremony_close(ceremony, why));
    (void)unlink(ceremony->state_path);
    (void)unlink(ceremony->lock_path); /* whoever opened it before finds the minutes */
    return ceremony_finish(ceremony, why);
}

/* --- One after another ---------------------------------------------------------------
 */

static enum sg_status follow_one(struct ceremony *ceremony, struct sg_error *why)
{
    static enum sg_status (*const steps[STEP_KIND_COUNT])(
        struct ceremony *, const struct script_step *,
        struct sg_error *) = {do_say, do_ask, do_work, do_work, do_sign};
    const struct script *script = &ceremony->found.script;
    const struct script_step *step = &script->steps[ceremony->state.next];

    talk_heading(ceremony->state.next + 1, script->step_count,
                 step->text.in[ceremony->indonesian]);
    TRY(steps[step->kind](ceremony, step, why));
    ceremony->state.next++;
    return step->kind == STEP_SIGN ? SG_OK : ceremony_keep(ceremony, why);
}

enum sg_status ceremony_follow(struct ceremony *ceremony, struct sg_error *why)
{
    while (ceremony->state.next < ceremony->found.script.step_count) {
        TRY(follow_one(ceremony, why));
    }
    return SG_OK;
}

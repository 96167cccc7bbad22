#include "client/ceremony/state.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/text.h"
#include "proto/tlog/lines.h"

static const char HEADER[] = "segel-ceremony/v1";

/* --- What is kept ------------------------------------------------------------------ */

enum sg_status state_note(struct ceremony_state *state, struct sg_error *why,
                          enum minutes_field field, const char *format, ...)
{
    va_list args;
    char *at = state->room + state->used;
    size_t left = sizeof(state->room) - state->used;

    va_start(args, format);
    int len = vsnprintf(at, left, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= left) {
        return sg_fail(why, SG_TOO_LARGE, "the minutes of one ceremony are full");
    }
    TRY(minutes_add(&state->minutes, field, slice_of(at, (size_t)len), why));
    state->used += (size_t)len + 1;
    return SG_OK;
}

static size_t find_answer(const struct ceremony_state *state, const char *name)
{
    size_t at = 0;

    while (at < state->answer_count && strcmp(state->answers[at].name, name) != 0) {
        at++;
    }
    return at;
}

const char *state_answered(const struct ceremony_state *state, const char *name)
{
    size_t at = find_answer(state, name);

    return at < state->answer_count ? state->answers[at].text : NULL;
}

static enum sg_status check_answer(const char *name, struct slice text,
                                   struct sg_error *why)
{
    return text.len > 0 && text.len <= ANSWER_MAX && text_plain(text) &&
                   text_name(slice_str(name))
               ? SG_OK
               : sg_fail(why, SG_INVALID, "an answer is plain text of 1 to %d bytes",
                         ANSWER_MAX);
}

static void set_answer(struct ceremony_answer *answer, struct slice text)
{
    memcpy(answer->text, text.data, text.len);
    answer->text[text.len] = '\0';
}

enum sg_status state_answer_anew(struct ceremony_state *state, const char *name,
                                 struct slice text, struct sg_error *why)
{
    size_t at = find_answer(state, name);

    TRY(check_answer(name, text, why));
    if (at == state->answer_count) {
        return sg_fail(why, SG_INVALID, "'%s' was not asked for yet", name);
    }
    set_answer(&state->answers[at], text);
    return SG_OK;
}

enum sg_status state_answer(struct ceremony_state *state, const char *name,
                            struct slice text, struct sg_error *why)
{
    TRY(check_answer(name, text, why));
    if (state->answer_count == ANSWERS_MAX || state_answered(state, name) != NULL) {
        return sg_fail(why, SG_TOO_LARGE, "there are too many answers");
    }
    struct ceremony_answer *answer = &state->answers[state->answer_count++];
    (void)snprintf(answer->name, sizeof(answer->name), "%s", name);
    set_answer(answer, text);
    return SG_OK;
}

/* --- Writing ----------------------------------------------------------------------- */

enum sg_status state_write(const struct ceremony_state *state, char out[STATE_MAX],
                           size_t *len)
{
    struct lines_out lines;
    struct slice text;

    lines_start(&lines, out, STATE_MAX);
    lines_text(&lines, HEADER);
    lines_text(&lines, "\nnext ");
    lines_uint(&lines, state->next);
    lines_text(&lines, state->request[0] == '\0' ? "" : "\nrequest ");
    lines_text(&lines, state->request);
    for (size_t i = 0; i < state->answer_count; i++) {
        lines_text(&lines, "\nanswer ");
        lines_text(&lines, state->answers[i].name);
        lines_text(&lines, " ");
        lines_text(&lines, state->answers[i].text);
    }
    for (size_t i = 0; i < state->minutes.count; i++) {
        lines_text(&lines, "\nminutes ");
        lines_text(&lines, minutes_field_name(state->minutes.lines[i].field));
        lines_text(&lines, " ");
        lines_put(&lines, state->minutes.lines[i].value);
    }
    lines_text(&lines, "\n");
    TRY(lines_finish(&lines, &text));
    *len = text.len;
    return SG_OK;
}

/* --- Reading ----------------------------------------------------------------------- */

static enum sg_status read_next(struct slice value, struct ceremony_state *out,
                                struct sg_error *why)
{
    uint64_t next = 0;

    if (text_uint(value, SCRIPT_STEPS_MAX, &next) != SG_OK) {
        return sg_fail(why, SG_INVALID, "it names no step");
    }
    out->next = (size_t)next;
    return SG_OK;
}

static enum sg_status read_request(struct slice value, struct ceremony_state *out,
                                   struct sg_error *why)
{
    if (!text_name(value) || out->request[0] != '\0') {
        return sg_fail(why, SG_INVALID, "it holds no id");
    }
    memcpy(out->request, value.data, value.len);
    return SG_OK;
}

static enum sg_status read_answer(struct slice value, struct ceremony_state *out,
                                  struct sg_error *why)
{
    struct slice name = minutes_first(value);
    char text[SCRIPT_NAME_SIZE] = "";

    if (!text_name(name)) {
        return sg_fail(why, SG_INVALID, "it holds no answer");
    }
    memcpy(text, name.data, name.len);
    return state_answer(out, text, minutes_rest(value), why);
}

static enum sg_status read_minutes(struct slice value, struct ceremony_state *out,
                                   struct sg_error *why)
{
    enum minutes_field field = minutes_field_find(minutes_first(value));
    struct slice rest = minutes_rest(value);

    if (field == MINUTES_FIELD_COUNT) {
        return sg_fail(why, SG_INVALID, "it holds no line of minutes");
    }
    return state_note(out, why, field, "%.*s", (int)rest.len, (const char *)rest.data);
}

static enum sg_status read_line(struct slice line, struct ceremony_state *out,
                                struct sg_error *why)
{
    static const struct {
        const char *name;
        enum sg_status (*read)(struct slice, struct ceremony_state *, struct sg_error *);
    } rows[] = {{"next", read_next},
                {"request", read_request},
                {"answer", read_answer},
                {"minutes", read_minutes}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (slice_equal(minutes_first(line), slice_str(rows[i].name))) {
            return rows[i].read(minutes_rest(line), out, why);
        }
    }
    return sg_fail(why, SG_INVALID, "it is not understood");
}

enum sg_status state_read(struct slice text, struct ceremony_state *out,
                          struct sg_error *why)
{
    struct sg_error plain = {0};
    struct slice line;
    size_t number = 1;

    if (text.len > STATE_MAX || !lines_next(&text, &line) ||
        !slice_equal(line, slice_str(HEADER))) {
        return sg_fail(why, SG_INVALID, "this is not the state of a ceremony");
    }
    while (lines_next(&text, &line)) {
        number++;
        enum sg_status status = read_line(line, out, &plain);
        if (status != SG_OK) {
            return sg_fail(why, status, "line %zu: %s", number, plain.text);
        }
    }
    return text.len == 0 ? SG_OK
                         : sg_fail(why, SG_INVALID, "the state of the ceremony was cut");
}

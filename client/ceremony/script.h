#ifndef SEGEL_CLIENT_CEREMONY_SCRIPT_H
#define SEGEL_CLIENT_CEREMONY_SCRIPT_H

#include "proto/base.h"
#include "proto/slice.h"

/* A ceremony as lines, to be read by people and followed step by step. It is data: it has
 * no variables, branches or commands, only steps of these kinds, one after another.
 *
 *     ceremony lockdown          name
 *     officers 1                 who must be there at least, who leads it among them
 *     witnesses 0
 *     title
 *         id Penghentian darurat
 *         en Stop of all signing
 *     about
 *         id …
 *         en …
 *
 *     say                        read aloud, and confirmed; "say witness": by a witness
 *     ask reason text            a value, by a form of forms.def, into the minutes
 *     check lane up              a row of checks.def
 *     run lockdown               a row of actions.def
 *     sign                       the last step, once: everybody signs the minutes
 *
 * Each step has its text below it, indented by four blanks, first "id" then "en"; further
 * lines of the same language go on with it. "#" begins a comment at the begin of a line.
 */
enum {
    SCRIPT_MAX = 32768,
    SCRIPT_STEPS_MAX = 96,
    SCRIPT_WORDS_MAX = 12,
    SCRIPT_NAME_SIZE = 65,
    SCRIPT_HEADS = 2 /* title and about */
};

enum step_kind { STEP_SAY, STEP_ASK, STEP_CHECK, STEP_RUN, STEP_SIGN, STEP_KIND_COUNT };
enum check_kind {
#define CHECK(id, name, needs, words) CHECK_##id,
#include "client/ceremony/checks.def"
#undef CHECK
    CHECK_KIND_COUNT
};
enum action_kind {
#define ACTION(id, name, needs, object) ACTION_##id,
#include "client/ceremony/actions.def"
#undef ACTION
    ACTION_KIND_COUNT
};
enum form_kind {
#define FORM(id, name, words) FORM_##id,
#include "client/ceremony/forms.def"
#undef FORM
    FORM_KIND_COUNT
};

/* In both languages: [0] English, [1] Indonesian. NUL at the end. */
struct script_text {
    const char *in[2];
};
struct script_step {
    enum step_kind kind;
    unsigned row;     /* of SAY: 1 = by a witness; else a form, check or action */
    const char *name; /* of ASK: the answer's name; else the row's */
    size_t word_count;
    const char *words[SCRIPT_WORDS_MAX]; /* what follows: choices, states */
    struct script_text text;
};
struct script {
    char name[SCRIPT_NAME_SIZE];
    unsigned officers;
    unsigned witnesses;
    struct script_text title;
    struct script_text about;
    size_t step_count;
    struct script_step steps[SCRIPT_STEPS_MAX];
    uint8_t sha256[32]; /* of the bytes */
    size_t used;
    char room[2 * SCRIPT_MAX]; /* what everything above points into */
};

const char *step_kind_name(enum step_kind kind);

/* SG_INVALID, SG_TOO_LARGE: why names the line. out is undefined then; it must not be
 * moved afterwards. An action or check whose answers were not asked for before is refused
 * here, not when half of the ceremony is over. */
SG_MUST_USE enum sg_status script_parse(struct slice bytes, struct script *out,
                                        struct sg_error *why);

#endif

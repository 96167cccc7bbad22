#include "client/commands/ceremony/minutes_check.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/console/screen.h"
#include "proto/digest.h"
#include "proto/text.h"

enum { DETAIL_SIZE = 400 };

void minutes_check_say(struct minutes_check *check, bool good, const char *what,
                       const char *format, ...)
{
    char detail[DETAIL_SIZE];
    va_list args;
    const char *word = good ? "pass" : "FAIL";

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    if (check->indonesian) {
        word = good ? "baik" : "GAGAL";
    }
    check->failed += good ? 0 : 1;
    (void)fputs(screen_colour(stdout, good ? SCREEN_GREEN : SCREEN_RED), stdout);
    screen_cell(stdout, word, 6);
    (void)fputs(screen_colour(stdout, SCREEN_PLAIN), stdout);
    screen_cell(stdout, what, 12);
    screen_folded(stdout, detail, 18);
    (void)fputc('\n', stdout);
}

static struct slice get(const struct minutes_check *check, enum minutes_field field)
{
    return minutes_get(&check->file->minutes, field, 0);
}

static bool says_hash(const struct minutes_check *check, enum minutes_field field,
                      const uint8_t hash[32])
{
    char text[DIGEST_SHA256_SIZE];

    digest_sha256_text(hash, text);
    return slice_equal(get(check, field), slice_str(text));
}

static size_t count_of(const struct minutes_check *check, enum minutes_field field)
{
    size_t count = 0;

    while (minutes_get(&check->file->minutes, field, count).len > 0) {
        count++;
    }
    return count;
}

/* --- One line each -------------------------------------------------------------------
 */

static void check_world(struct minutes_check *check)
{
    bool rehearsed = minutes_rehearsed(&check->file->minutes);

    minutes_check_say(check, rehearsed == check->rehearsal, "world",
                      rehearsed ? "a REHEARSAL: nothing of it is real"
                                : "a real ceremony");
}

static void check_script(struct minutes_check *check)
{
    struct slice name = get(check, MINUTES_FIELD_CEREMONY);

    if (check->script == NULL) {
        minutes_check_say(check, false, "script",
                          "the script '%.*s' is not at hand: give it with --script",
                          (int)name.len, (const char *)name.data);
        return;
    }
    bool same = slice_equal(name, slice_str(check->script->script.name)) &&
                says_hash(check, MINUTES_FIELD_SCRIPT, check->script->script.sha256);
    minutes_check_say(check, same, "script",
                      same ? "'%.*s', as it stands here"
                           : "another '%.*s' was followed than the one that stands here: "
                             "give that one with --script",
                      (int)name.len, (const char *)name.data);
}

/* That they have this role in the quorum file is looked at with the signatures. */
static size_t count_role(const struct minutes_check *check, enum minutes_field field,
                         enum person_role role)
{
    struct slice line;
    size_t count = 0;

    for (size_t n = 0; (line = minutes_get(&check->file->minutes, field, n)).len > 0;
         n++) {
        bool has = slice_equal(minutes_rest(line), slice_str(person_role_name(role)));
        count += has ? 1 : 0;
    }
    return count;
}

static void check_people(struct minutes_check *check)
{
    size_t officers = count_role(check, MINUTES_FIELD_PARTICIPANT, PERSON_OFFICER);
    size_t witnesses = count_role(check, MINUTES_FIELD_WITNESS, PERSON_REVIEWER);
    const struct script *script = &check->script->script;
    bool good = officers >= script->officers && witnesses >= script->witnesses &&
                witnesses == count_of(check, MINUTES_FIELD_WITNESS);

    minutes_check_say(check, good, "people",
                      "%zu officers, and %zu reviewers as witnesses; the script asks for "
                      "%u and %u",
                      officers, witnesses, script->officers, script->witnesses);
}

static void check_quorum(struct minutes_check *check)
{
    bool same = says_hash(check, MINUTES_FIELD_QUORUM, check->known->sha256);

    minutes_check_say(check, same, "quorum file",
                      same ? "the one that was in force then"
                           : "another one was in force then: give that one with "
                             "--quorum");
}

/* --- Signatures -------------------------------------------------------------------- */

static unsigned bits(uint64_t set)
{
    unsigned count = 0;

    for (; set != 0; set &= set - 1) {
        count++;
    }
    return count;
}

static void check_signatures(struct minutes_check *check)
{
    static struct minutes minutes;
    struct minutes_votes votes = {.must = 0};
    struct sg_error why = {0};
    char names[256];

    if (check->file->signatures == 0) {
        minutes_check_say(check, false, "signatures", "nobody has signed");
        return;
    }
    if (minutes_votes(&check->known->roster,
                      slice_of(check->file->bytes.data, check->file->bytes.len), &minutes,
                      &votes, &why) != SG_OK) {
        minutes_check_say(check, false, "signatures", "%s", why.text);
        return;
    }
    known_names(check->known, votes.must & ~votes.given, names, sizeof(names));
    minutes_check_say(check, votes.given == votes.must, "signatures",
                      "%u of %u persons have signed%s%s", bits(votes.given),
                      bits(votes.must), names[0] == '\0' ? "" : "; missing: ", names);
    if (votes.witnesses != 0) {
        bool last = !votes.late && (votes.given & votes.witnesses) == votes.witnesses;
        minutes_check_say(check, last, "witness",
                          last ? "signed last" : "did not sign last");
    }
}

/* --- Steps ------------------------------------------------------------------------- */

/* The last line of a step tells how it ended. */
static struct slice last_of(const struct minutes_check *check, size_t step)
{
    char number[24];
    struct slice line;
    struct slice found = slice_of(NULL, 0);

    (void)snprintf(number, sizeof(number), "%zu", step);
    for (size_t n = 0;
         (line = minutes_get(&check->file->minutes, MINUTES_FIELD_STEP, n)).len > 0;
         n++) {
        if (slice_equal(minutes_first(line), slice_str(number))) {
            found = minutes_rest(minutes_rest(line)); /* behind number and time */
        }
    }
    return found;
}

/* "check clock passed: …", "say: …", "ask lane: …" */
static bool is_done(const struct script_step *step, struct slice line)
{
    char begin[128];
    int len = 0;

    switch (step->kind) {
    case STEP_SAY:
        len = snprintf(begin, sizeof(begin), "say: ");
        break;
    case STEP_ASK:
        len = snprintf(begin, sizeof(begin), "ask %s: ", step->name);
        break;
    case STEP_CHECK:
    case STEP_RUN:
        len = snprintf(begin, sizeof(begin), "%s %s passed: ", step_kind_name(step->kind),
                       step->name);
        break;
    case STEP_SIGN:
    case STEP_KIND_COUNT:
    default:
        break;
    }
    return len > 0 && line.len > (size_t)len &&
           memcmp(line.data, begin, (size_t)len) == 0;
}

bool minutes_check_done(const struct minutes_check *check, size_t index)
{
    return is_done(&check->script->script.steps[index], last_of(check, index + 1));
}

size_t minutes_check_ran(const struct minutes_check *check)
{
    for (size_t i = 0; check->script != NULL && i < check->script->script.step_count;
         i++) {
        if (check->script->script.steps[i].kind == STEP_RUN &&
            minutes_check_done(check, i)) {
            return i + 1;
        }
    }
    return 0;
}

struct slice minutes_check_answer(const struct minutes_check *check, const char *name)
{
    struct slice found = slice_of(NULL, 0);

    for (size_t i = 0; i < check->script->script.step_count; i++) {
        const struct script_step *step = &check->script->script.steps[i];
        if (step->kind == STEP_ASK && strcmp(step->name, name) == 0 &&
            minutes_check_done(check, i)) {
            found = minutes_rest(minutes_rest(last_of(check, i + 1)));
        }
    }
    return found;
}

static void check_steps(struct minutes_check *check)
{
    const struct script *script = &check->script->script;
    size_t wanted = script->step_count - 1; /* signing is the last */
    size_t done = 0;
    size_t first = 0;

    for (size_t i = 0; i < wanted; i++) {
        bool good = minutes_check_done(check, i);
        done += good ? 1 : 0;
        first = !good && first == 0 ? i + 1 : first;
    }
    /* a rehearsal goes on where a machine lacks what the real one has */
    minutes_check_say(check, done == wanted || check->rehearsal, "steps",
                      first == 0 ? "%zu of %zu steps were done"
                                 : "%zu of %zu steps were done; not so: step %zu",
                      done, wanted, first);
}

void minutes_check_text(struct minutes_check *check)
{
    struct slice id = get(check, MINUTES_FIELD_ID);

    minutes_check_say(check, true, "form", "minutes %.*s, %zu lines", (int)id.len,
                      (const char *)id.data, check->file->minutes.count);
    check_world(check);
    check_script(check);
    if (check->script != NULL) {
        check_people(check);
        check_steps(check);
    }
    check_quorum(check);
    check_signatures(check);
}

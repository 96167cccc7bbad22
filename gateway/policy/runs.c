#include "gateway/policy/runs.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

/* What is not plainly one of these is left to regexec: a wrong guess would change what a
 * policy says. So which bytes a set holds is asked of regexec itself, too. */

enum { ATOM_MAX = 256, COUNT_DIGITS = 4 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789/_-:,@ ";
static const char in_sets[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789/_-:,@ .+()#";

static bool is_member(const struct run *run, uint8_t byte)
{
    return (run->members[byte / 8] >> (byte % 8) & 1) != 0;
}

static void add_member(struct run *run, uint8_t byte)
{
    run->members[byte / 8] |= (uint8_t)(1U << (byte % 8));
}

/* --- Reading --------------------------------------------------------------------- */

static bool ask_members(const char *atom, size_t len, struct run *run)
{
    char anchored[ATOM_MAX + 8];
    regex_t regex;

    if (len > ATOM_MAX) {
        return false;
    }
    (void)snprintf(anchored, sizeof(anchored), "^(%.*s)$", (int)len, atom);
    if (regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB) != 0) {
        return false;
    }
    int status = 0;
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
        const char text[] = {(char)byte, '\0'};
        regmatch_t span = {.rm_so = 0, .rm_eo = 1};
        status = regexec(&regex, text, 1, &span, REG_STARTEND);
        if (status == 0) {
            add_member(run, (uint8_t)byte);
        } else if (status != REG_NOMATCH) {
            break;
        }
    }
    regfree(&regex);
    return status == 0 || status == REG_NOMATCH;
}

/* The length of the character or set that begins here; 0: something else does. */
static size_t atom_len(const char *at)
{
    if (*at == '[') {
        size_t inside = strspn(at + 1, in_sets);
        return inside > 0 && at[1 + inside] == ']' ? inside + 2 : 0;
    }
    if (*at == '\\') {
        return at[1] == '.' ? 2 : 0;
    }
    return *at != '\0' && (*at == '.' || strchr(letters, *at) != NULL) ? 1 : 0;
}

static bool read_members(const char *at, size_t len, struct run *run)
{
    if (*at == '[' || (*at == '.' && len == 1)) {
        return ask_members(at, len, run);
    }
    add_member(run, (uint8_t)at[len - 1]);
    return true;
}

static bool read_number(const char **at, uint16_t *number)
{
    size_t len = strspn(*at, "0123456789");
    unsigned value = 0;

    if (len == 0 || len > COUNT_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        value = value * 10 + (unsigned)((*at)[i] - '0');
    }
    *at += len;
    *number = (uint16_t)value;
    return true;
}

/* "{3}", "{3,}", "{3,5}" */
static bool read_counts(const char **at, struct run *run)
{
    (*at)++;
    if (!read_number(at, &run->least)) {
        return false;
    }
    run->most = run->least;
    if (**at == ',') {
        (*at)++;
        run->most = RUN_WITHOUT_END;
        if (**at != '}' && !read_number(at, &run->most)) {
            return false;
        }
    }
    return *(*at)++ == '}' && run->most > 0;
}

/* A second repetition behind it begins no atom, and so ends the reading. */
static bool read_repetition(const char **at, struct run *run)
{
    run->least = **at == '*' || **at == '?' ? 0 : 1;
    run->most = **at == '*' || **at == '+' ? RUN_WITHOUT_END : 1;
    if (**at == '{') {
        return read_counts(at, run);
    }
    if (**at == '*' || **at == '?' || **at == '+') {
        (*at)++;
    }
    return true;
}

static bool share_members(const struct run *one, const struct run *other)
{
    for (size_t i = 0; i < sizeof(one->members); i++) {
        if ((one->members[i] & other->members[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* Whatever may stand behind a run of open length must not belong to it: then the run ends
 * where its characters do, and no other end has to be tried. */
static bool end_is_seen(const struct runs *runs, size_t at)
{
    const struct run *run = &runs->run[at];

    if (run->least == run->most) {
        return true;
    }
    for (size_t i = at + 1; i < runs->count; i++) {
        if (share_members(run, &runs->run[i])) {
            return false;
        }
        if (runs->run[i].least > 0) {
            break;
        }
    }
    return true;
}

bool runs_read(const char *pattern, struct runs *out)
{
    struct runs runs = {0};

    for (const char *at = pattern; *at != '\0'; runs.count++) {
        size_t len = atom_len(at);
        if (len == 0 || runs.count == RUNS_MAX) {
            return false;
        }
        struct run *run = &runs.run[runs.count];
        if (!read_members(at, len, run)) {
            return false;
        }
        at += len;
        if (!read_repetition(&at, run)) {
            return false;
        }
    }
    for (size_t i = 0; i < runs.count; i++) {
        if (!end_is_seen(&runs, i)) {
            return false;
        }
    }
    *out = runs;
    return true;
}

/* --- Judging --------------------------------------------------------------------- */

static size_t run_len(const struct run *run, struct slice text, size_t from)
{
    size_t left = text.len - from;
    size_t most = run->most != RUN_WITHOUT_END && run->most < left ? run->most : left;
    size_t len = 0;

    while (len < most && is_member(run, text.data[from + len])) {
        len++;
    }
    return len;
}

bool runs_match(const struct runs *runs, struct slice text)
{
    size_t at = 0;

    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->run[i];
        size_t len = run_len(run, text, at);
        if (len < run->least) {
            return false;
        }
        at += len;
    }
    return at == text.len;
}

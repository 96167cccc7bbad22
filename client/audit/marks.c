#include "client/audit/marks.h"

#include <unistd.h>

static const enum member members[MARK_PAIRS][2] = {
    [MARK_REQUEST] = {MEMBER_caller, MEMBER_job},
    [MARK_WORK] = {MEMBER_key, MEMBER_digest},
};

void marking_start(struct marking *marking)
{
    MUST(getentropy(&marking->key, sizeof(marking->key)) == 0);
}

static struct seen_mark mark_text(const struct marking *marking, struct slice text)
{
    struct seen_mark mark;

    siphash(&marking->key, text, mark.word);
    return mark;
}

/* Kind and length stand before the text, so that no two pairs come to the same bytes.
 * Where the next one goes. */
static size_t put_member(struct marking *marking, size_t at, const struct scan *scan,
                         enum member member)
{
    MUST(at + MARK_HEAD <= sizeof(marking->text));
    uint8_t *head = marking->text + at;
    uint8_t *text = head + MARK_HEAD;
    size_t room = sizeof(marking->text) - at - MARK_HEAD;
    size_t len = scan_text(scan, member, text, room);

    head[0] = (uint8_t)scan->members[member].kind;
    for (size_t i = 1; i < MARK_HEAD; i++) {
        head[i] = (uint8_t)(len >> (8 * (i - 1)));
    }
    return at + MARK_HEAD + len;
}

struct seen_mark mark_record(struct marking *marking, const struct scan *scan,
                             enum mark_pair pair)
{
    size_t len = put_member(marking, 0, scan, members[pair][0]);

    len = put_member(marking, len, scan, members[pair][1]);
    return mark_text(marking, slice_of(marking->text, len));
}

static bool is_odd(const struct scan *scan, enum member member)
{
    enum member_kind kind = scan->members[member].kind;

    return kind != MEMBER_ABSENT && kind != MEMBER_TEXT;
}

bool mark_fits(struct marking *marking, const struct scan *scan, enum mark_pair pair,
               const struct seen_mark *mark)
{
    enum member one = members[pair][0];
    enum member two = members[pair][1];

    if (scan->members[one].kind == MEMBER_ABSENT &&
        scan->members[two].kind == MEMBER_ABSENT) {
        return true;
    }
    struct seen_mark own = mark_record(marking, scan, pair);
    return !is_odd(scan, one) && !is_odd(scan, two) && seen_mark_equal(&own, mark);
}

bool mark_is_named(const struct scan *scan)
{
    return scan_raw(scan, MEMBER_job).len > 0;
}

struct seen_mark mark_number(const struct marking *marking, uint64_t number)
{
    return mark_text(marking, slice_of(&number, sizeof(number)));
}

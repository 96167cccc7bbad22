/* What somebody hands in as minutes: what is read is written again as the same bytes, and
 * nobody has signed by chance. */
#include "proto/quorum/minutes.h"

#include "tests/fuzz/support/fuzz.h"

enum { PERSONS = 4 };

/* Keys of which nobody has the private part; the seeds name them. */
static void make_roster(struct roster *roster)
{
    static const char *const names[PERSONS] = {"a", "b", "x", "y"};
    struct sg_error why;

    for (size_t i = 0; i < PERSONS; i++) {
        uint8_t key[NOTE_KEY_SIZE];
        memset(key, (int)i + 1, sizeof(key));
        MUST(groups_add_leaf(&roster->groups, slice_str(names[i]), &why) == SG_OK);
        roster->persons[i].role = i < 2 ? PERSON_OFFICER : PERSON_REVIEWER;
        roster->persons[i].key_count = 1;
        MUST(note_key_make(slice_str(names[i]), NOTE_ED25519, key,
                           &roster->persons[i].keys[0]) == SG_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct roster roster;
    static struct minutes minutes;
    static char text[MINUTES_TEXT_MAX];
    struct minutes_votes votes;
    struct sg_error why;
    size_t text_len = 0;

    if (roster.groups.leaf_count == 0) {
        make_roster(&roster);
    }
    if (minutes_read(slice_of(data, len), &minutes, &why) == SG_OK) {
        MUST(minutes_write(&minutes, text, &text_len, &why) == SG_OK);
        MUST(slice_equal(slice_of(text, text_len), slice_of(data, len)));
    }
    if (minutes_votes(&roster, slice_of(data, len), &minutes, &votes, &why) == SG_OK) {
        MUST(votes.given == 0 && !minutes_complete(&votes));
        MUST((votes.witnesses & ~votes.must) == 0);
    }
    return 0;
}

/* What somebody hands in as approval:
 * it is over the very text of the request, and no signature is one by chance. */
#include "proto/quorum/grant.h"

#include <stdio.h>

#include "tests/fuzz/support/fuzz.h"

enum { PERSONS = 4 };

/* Keys of which nobody has the private part; the seeds name them. */
static void make_roster(struct roster *roster)
{
    static const char *const names[PERSONS] = {"a", "b", "c", "d"};
    struct sg_error why;

    for (size_t i = 0; i < PERSONS; i++) {
        uint8_t key[NOTE_KEY_SIZE];
        memset(key, (int)i + 1, sizeof(key));
        MUST(groups_add_leaf(&roster->groups, slice_str(names[i]), &why) == SG_OK);
        roster->persons[i].key_count = 1;
        MUST(note_key_make(slice_str(names[i]), NOTE_ED25519, key,
                           &roster->persons[i].keys[0]) == SG_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct roster roster;
    struct grant grant = {.id = "g-88",
                          .action = TASK_KEY_ACTIVATE,
                          .object = "seal-setda",
                          .param = "mode=count max=20000",
                          .requester = "officer-a",
                          .not_after_us = (int64_t)1777684323 * 1000000};
    char text[GRANT_TEXT_MAX];
    struct sg_error why;
    uint64_t persons = 99;
    size_t text_len = 0;

    if (roster.groups.leaf_count == 0) {
        make_roster(&roster);
    }
    for (int form = 0; form < 2; form++) {
        (void)snprintf(grant.log, sizeof(grant.log), "%s", form == 0 ? "" : "a.log/b");
        enum sg_status status =
            grant_signers(&roster, &grant, slice_of(data, len), &persons, &why);
        MUST(persons == 0);
        if (status == SG_OK) {
            MUST(grant_write(&grant, text, &text_len) == SG_OK);
            MUST(len > text_len && memcmp(data, text, text_len) == 0);
        }
    }
    return 0;
}

#include "client/witness/notes.h"

void notes_put_verified(struct lines_out *out, const struct submission *submission,
                        const struct witness_keys *keys)
{
    note_begin(out, submission->note.text);
    for (size_t i = 0; i < keys->count; i++) {
        const struct note_key *key = &keys->key[i];
        const struct note_signature *by = note_signature_by(&submission->note, key);
        if (by != NULL &&
            slice_equal(slice_str(key->name), submission->checkpoint.origin)) {
            note_repeat_signature(out, by);
        }
    }
}

const struct note_signature *
notes_newest(const struct note *note, const struct note_key *cosigner, uint64_t *time_s)
{
    const struct note_signature *found = NULL;
    struct note_verdict verdict;

    for (size_t i = 0; i < note->count; i++) {
        struct note one = {
            .text = note->text, .count = 1, .signatures = {note->signatures[i]}};
        if (note_verify(&one, cosigner, &verdict) == SG_OK && verdict.time_s > *time_s) {
            *time_s = verdict.time_s;
            found = &note->signatures[i];
        }
    }
    return found;
}

#include "gateway/service/anchored.h"

#include "proto/tlog/note.h"

static bool has_line(const struct note *note, const struct config_anchor *anchor)
{
    struct note_key key;

    if (anchor->kind != ANCHOR_WITNESS ||
        note_vkey_parse(slice_str(anchor->vkey), &key) != SG_OK) {
        return false;
    }
    for (size_t i = 0; i < note->count; i++) {
        if (note->signatures[i].id == key.id &&
            slice_equal(note->signatures[i].name, slice_str(key.name))) {
            return true;
        }
    }
    return false;
}

/* The first empty line ends the path, see proof.h. */
static bool find_note(struct slice proof, struct note *note)
{
    struct slice rest = proof;
    struct slice line = {0};

    while (lines_next(&rest, &line)) {
        if (line.len == 0) {
            return note_parse(rest, note) == SG_OK;
        }
    }
    return false;
}

bool receipt_anchored(const struct config *config, struct slice proof)
{
    struct note note;
    int64_t count = 0;

    if (config->anchor_count == 0 || !find_note(proof, &note)) {
        return false;
    }
    for (size_t i = 0; i < config->anchor_count; i++) {
        count += has_line(&note, &config->anchors[i]) ? 1 : 0;
    }
    return count >= config->anchoring_quorum;
}

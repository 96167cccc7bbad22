#include "gateway/service/log/anchored.h"

#include "proto/tlog/note.h"

static bool has_line(const struct note *note, const struct config_anchor *anchor)
{
    struct note_key key;

    return anchor->kind == ANCHOR_WITNESS &&
           note_vkey_parse(slice_str(anchor->vkey), &key) == SG_OK &&
           note_signature_by(note, &key) != NULL;
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

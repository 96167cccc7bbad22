#include "client/witness/state.h"

#include <stdlib.h>

#include "proto/text.h"
#include "proto/tlog/checkpoint.h"
#include "proto/tlog/lines.h"

static const char version[] = "segel-witness-state/v1";
static const char file_name[] = "state";
static const char hash_word[] = "sha256 ";

enum {
    HASH_WORD_LEN = sizeof(hash_word) - 1,
    HASH_LINE_LEN = HASH_WORD_LEN + 2 * TLOG_HASH_SIZE + 1,
    IMAGE_MAX = WITNESS_ORIGINS_MAX * (WITNESS_NOTE_MAX + 8) + NOTE_VKEY_MAX + 256
};

/* --- Entries ----------------------------------------------------------------------- */

enum sg_status witness_entry_read(struct slice note, const struct note_key *cosigner,
                                  struct witness_entry *out)
{
    struct note parsed;
    struct note_verdict verdict;
    struct checkpoint checkpoint;

    if (note.len > sizeof(out->note)) {
        return SG_TOO_LARGE;
    }
    TRY(note_parse(note, &parsed));
    TRY(note_verify(&parsed, cosigner, &verdict));
    TRY(checkpoint_parse(parsed.text, &checkpoint));
    memcpy(out->origin, checkpoint.origin.data, checkpoint.origin.len);
    out->origin[checkpoint.origin.len] = '\0';
    out->head = checkpoint.head;
    out->time_s = verdict.time_s;
    memmove(out->note, note.data, note.len); /* it may have been built there */
    out->note_len = note.len;
    return SG_OK;
}

/* count when there is none. */
static size_t place_of(const struct witness_state *state, struct slice origin)
{
    size_t at = 0;

    while (at < state->count &&
           !slice_equal(slice_str(state->entries[at].origin), origin)) {
        at++;
    }
    return at;
}

const struct witness_entry *witness_state_find(const struct witness_state *state,
                                               struct slice origin)
{
    size_t at = place_of(state, origin);

    return at < state->count ? &state->entries[at] : NULL;
}

/* --- Reading ----------------------------------------------------------------------- */

/* Takes the last line off; SG_CORRUPT: it is not the hash of the rest. */
static enum sg_status check_hash(struct slice *image)
{
    uint8_t said[TLOG_HASH_SIZE];
    size_t len = 0;

    if (image->len < HASH_LINE_LEN) {
        return SG_CORRUPT;
    }
    struct slice body = slice_of(image->data, image->len - HASH_LINE_LEN);
    const uint8_t *line = body.data + body.len;
    struct slice hex = slice_of(line + HASH_WORD_LEN, sizeof(said) * 2);
    struct tlog_hash hash = tlog_sha256(body);
    bool good = memcmp(line, hash_word, HASH_WORD_LEN) == 0 &&
                line[HASH_LINE_LEN - 1] == '\n' &&
                text_unhex(hex, said, sizeof(said), &len) == SG_OK &&
                memcmp(said, hash.bytes, sizeof(said)) == 0;
    *image = body;
    return good ? SG_OK : SG_CORRUPT;
}

static enum sg_status read_number(struct slice *rest, uint64_t max, uint64_t *value)
{
    struct slice line = {0};

    return lines_next(rest, &line) ? text_uint(line, max, value) : SG_CORRUPT;
}

static enum sg_status read_entry(struct slice *rest, struct witness_state *state)
{
    struct witness_entry *entry = &state->entries[state->count];
    uint64_t len = 0;

    TRY(read_number(rest, WITNESS_NOTE_MAX, &len));
    if (len > rest->len) {
        return SG_CORRUPT;
    }
    TRY(witness_entry_read(slice_of(rest->data, (size_t)len), &state->cosigner, entry));
    *rest = slice_of(rest->data + len, rest->len - (size_t)len);
    if (place_of(state, slice_str(entry->origin)) < state->count) {
        return SG_CORRUPT;
    }
    state->count++;
    return SG_OK;
}

static enum sg_status read_image(struct slice image, struct witness_state *out)
{
    struct slice line = {0};
    uint64_t count = 0;

    TRY(check_hash(&image));
    if (!lines_next(&image, &line) || !slice_equal(line, slice_str(version)) ||
        !lines_next(&image, &line)) {
        return SG_CORRUPT;
    }
    TRY(note_vkey_parse(line, &out->cosigner));
    TRY(read_number(&image, WITNESS_ORIGINS_MAX, &count));
    for (uint64_t i = 0; i < count; i++) {
        TRY(read_entry(&image, out));
    }
    return image.len == 0 ? SG_OK : SG_CORRUPT;
}

static bool is_of_another_version(struct slice image)
{
    static const size_t stem = sizeof(version) - 2; /* all but the number */
    struct slice line = {0};

    return lines_next(&image, &line) && line.len > stem &&
           memcmp(line.data, version, stem) == 0 &&
           !slice_equal(line, slice_str(version));
}

static enum sg_status damaged(const struct folder *folder, struct sg_error *why)
{
    return sg_fail(why, SG_CORRUPT,
                   "%s/%s is damaged, so what was promised is not known: begin a new "
                   "witness with another name and key by 'segel witness init'; an older "
                   "copy would make this one contradict itself",
                   folder->path, file_name);
}

static enum sg_status load_into(const struct folder *folder, struct folder_room *room,
                                struct witness_state *out, struct sg_error *why)
{
    enum sg_status status = folder_read(folder, file_name, room, why);
    struct slice image = slice_of(room->data, room->len);

    if (status == SG_NOT_FOUND) {
        return sg_fail(why, SG_NOT_FOUND,
                       "%s/%s is missing: without it this witness could contradict what "
                       "it signed before; put it back, or begin a new witness with "
                       "another name and key by 'segel witness init'",
                       folder->path, file_name);
    }
    if (status == SG_IO) {
        return status;
    }
    if (status == SG_OK && is_of_another_version(image)) {
        return sg_fail(why, SG_PRECONDITION,
                       "%s/%s was written by another version of Segel: run that one",
                       folder->path, file_name);
    }
    return status == SG_OK && read_image(image, out) == SG_OK ? SG_OK
                                                              : damaged(folder, why);
}

enum sg_status witness_state_load(const struct folder *folder, struct witness_state *out,
                                  struct sg_error *why)
{
    struct folder_room room = {.data = (uint8_t *)malloc(IMAGE_MAX), .cap = IMAGE_MAX};

    out->count = 0;
    if (room.data == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the state");
    }
    enum sg_status status = load_into(folder, &room, out, why);
    free(room.data);
    return status;
}

/* --- Writing ----------------------------------------------------------------------- */

static void put_entry(struct lines_out *out, const struct witness_entry *entry)
{
    lines_uint(out, entry->note_len);
    lines_text(out, "\n");
    lines_put(out, slice_of(entry->note, entry->note_len));
}

/* With entry in the place `at`, which may be the one behind the last. */
static enum sg_status put_state(struct lines_out *out, const struct witness_state *state,
                                const struct witness_entry *entry, size_t at)
{
    char vkey[NOTE_VKEY_MAX];
    char hex[2 * TLOG_HASH_SIZE + 1];
    struct slice above = {0};
    size_t count = entry != NULL && at == state->count ? at + 1 : state->count;

    note_vkey_format(&state->cosigner, vkey);
    lines_text(out, version);
    lines_text(out, "\n");
    lines_text(out, vkey);
    lines_text(out, "\n");
    lines_uint(out, count);
    lines_text(out, "\n");
    for (size_t i = 0; i < count; i++) {
        put_entry(out, entry != NULL && i == at ? entry : &state->entries[i]);
    }
    TRY(lines_finish(out, &above));
    struct tlog_hash hash = tlog_sha256(above);
    text_hex(slice_of(hash.bytes, sizeof(hash.bytes)), hex);
    lines_text(out, hash_word);
    lines_text(out, hex);
    lines_text(out, "\n");
    return SG_OK;
}

static enum sg_status write_image(const struct folder *folder,
                                  const struct lines_out *out, struct sg_error *why)
{
    struct slice image;

    TRY(lines_finish(out, &image));
    return folder_replace(folder, file_name, image, why);
}

enum sg_status witness_state_store(const struct folder *folder,
                                   struct witness_state *state,
                                   const struct witness_entry *entry,
                                   struct sg_error *why)
{
    size_t at = entry == NULL ? 0 : place_of(state, slice_str(entry->origin));
    struct lines_out out;

    if (entry != NULL && at == WITNESS_ORIGINS_MAX) {
        return sg_fail(why, SG_BUSY, "the state holds %d origins, and no more",
                       (int)WITNESS_ORIGINS_MAX);
    }
    char *data = (char *)malloc(IMAGE_MAX);
    if (data == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory to write the state");
    }
    lines_start(&out, data, IMAGE_MAX);
    enum sg_status status = put_state(&out, state, entry, at);
    if (status == SG_OK) {
        status = write_image(folder, &out, why);
    }
    free(data);
    if (status == SG_OK && entry != NULL) {
        state->entries[at] = *entry;
        state->count += at == state->count ? 1 : 0;
    }
    return status;
}

#include "client/witness/witness.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/witness/evidence.h"
#include "client/witness/notes.h"
#include "proto/text.h"
#include "proto/tlog/lines.h"

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_size[] = "text/x.tlog.size";

struct witness {
    struct named_key key;
    struct folder folder;
    const struct witness_keys *keys; /* borrowed */
    struct witness_state state;
    struct submission submission; /* of the request at hand */
    struct witness_entry entry;   /* what it may lead to */
};

/* --- Life -------------------------------------------------------------------------- */

static bool same_key(const struct note_key *a, const struct note_key *b)
{
    return a->id == b->id && a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           note_key_same(a, b);
}

static enum sg_status load(struct witness *witness, const struct witness_paths *paths,
                           struct sg_error *why)
{
    TRY(witness_key_load(paths->key, &witness->key, why));
    TRY(folder_open(paths->state, &witness->folder, why));
    TRY(folder_lock(&witness->folder, why));
    TRY(witness_state_load(&witness->folder, &witness->state, why));
    if (!same_key(&witness->state.cosigner, &witness->key.verifier)) {
        return sg_fail(why, SG_CONFLICT,
                       "the state in %s belongs to the witness '%s' and another key than "
                       "the one in %s",
                       paths->state, witness->state.cosigner.name, paths->key);
    }
    return witness_state_store(&witness->folder, &witness->state, NULL, why);
}

enum sg_status witness_open(const struct witness_paths *paths,
                            const struct witness_keys *keys, struct witness **out,
                            struct sg_error *why)
{
    struct witness *witness = (struct witness *)calloc(1, sizeof(*witness));

    if (witness == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the witness");
    }
    witness->keys = keys;
    witness->folder = (struct folder){.fd = -1, .lock_fd = -1};
    enum sg_status status = load(witness, paths, why);
    if (status != SG_OK) {
        witness_close(witness);
        return status;
    }
    *out = witness;
    return SG_OK;
}

void witness_close(struct witness *witness)
{
    if (witness == NULL) {
        return;
    }
    folder_close(&witness->folder);
    named_key_fini(&witness->key);
    free(witness);
}

static enum sg_status make_state(struct folder *folder, struct witness_state *state,
                                 const struct witness_paths *paths, const char *name,
                                 struct sg_error *why)
{
    struct named_key key = {.pair = NULL};

    TRY(folder_lock(folder, why));
    enum sg_status status = witness_state_load(folder, state, why);
    if (status != SG_NOT_FOUND) {
        return sg_fail(why, SG_CONFLICT,
                       "%s holds the state of a witness already: choose another folder",
                       paths->state);
    }
    why->text[0] = '\0';
    TRY(witness_key_make(name, paths->key, &key, why));
    state->cosigner = key.verifier;
    named_key_fini(&key);
    return witness_state_store(folder, state, NULL, why);
}

enum sg_status witness_init(const struct witness_paths *paths, const char *name,
                            struct note_key *cosigner, struct sg_error *why)
{
    struct folder folder;

    TRY(folder_make(paths->state, why));
    TRY(folder_open(paths->state, &folder, why));
    struct witness_state *state = (struct witness_state *)calloc(1, sizeof(*state));
    if (state == NULL) {
        folder_close(&folder);
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for the state");
    }
    enum sg_status status = make_state(&folder, state, paths, name, why);
    *cosigner = state->cosigner;
    free(state);
    folder_close(&folder);
    return status;
}

const struct note_key *witness_cosigner(const struct witness *witness)
{
    return &witness->key.verifier;
}

/* --- Promises that are newer than the state ------------------------------------------
 */

/* A state that was restored from a backup lacks what was promised since. A log that hands
 * in a note with our own later signature brings the promise back. It never leads to a
 * smaller tree, or to another one of the same size. */
static enum sg_status adopt(struct witness *witness, const struct witness_entry *last,
                            struct witness_reply *out)
{
    uint64_t time_s = last == NULL ? 0 : last->time_s;
    const struct note_signature *own =
        notes_newest(&witness->submission.note, &witness->key.verifier, &time_s);
    struct lines_out lines;
    struct slice note = {0};

    if (own == NULL || judge_split(&witness->submission, last) ||
        (last != NULL && witness->submission.checkpoint.head.size < last->head.size)) {
        return SG_OK;
    }
    lines_start(&lines, witness->entry.note, sizeof(witness->entry.note));
    notes_put_verified(&lines, &witness->submission, witness->keys);
    note_repeat_signature(&lines, own);
    TRY(lines_finish(&lines, &note));
    struct witness_entry *entry = (struct witness_entry *)malloc(sizeof(*entry));
    if (entry == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = witness_entry_read(note, &witness->key.verifier, entry);
    if (status == SG_OK) {
        status = witness_state_store(&witness->folder, &witness->state, entry, &out->why);
    }
    free(entry);
    out->adopted = status == SG_OK;
    return status;
}

/* --- One request ------------------------------------------------------------------- */

static void finish(struct witness_reply *out, enum witness_answer answer)
{
    out->answer = answer;
    out->type = type_text;
    if (answer != WITNESS_COSIGNED) {
        (void)snprintf(out->body, sizeof(out->body), "%s\n", witness_answer_text(answer));
    }
}

/* The body of 409 is the size, for the client to begin from. */
static void tell_size(struct witness_reply *out, const struct witness_entry *last)
{
    uint64_t size = last == NULL ? 0 : last->head.size;

    out->type = type_size;
    out->behind = out->old_size > size;
    (void)snprintf(out->body, sizeof(out->body), "%llu\n", (unsigned long long)size);
}

/* Both notes are signed by the log: they prove what it did to anybody. */
static void keep_evidence(struct witness *witness, const struct witness_entry *last,
                          struct witness_reply *out)
{
    struct checkpoint before = {.origin = witness->submission.checkpoint.origin,
                                .head = last->head};
    struct lines_out lines;
    struct slice note = {0};
    struct sg_error why = {0};

    out->split = true;
    lines_start(&lines, witness->entry.note, sizeof(witness->entry.note));
    notes_put_verified(&lines, &witness->submission, witness->keys);
    enum sg_status status = lines_finish(&lines, &note);
    if (status == SG_OK) {
        status = evidence_keep(&witness->folder, &before,
                               slice_of(last->note, last->note_len), &why);
    }
    if (status == SG_OK) {
        status =
            evidence_keep(&witness->folder, &witness->submission.checkpoint, note, &why);
    }
    if (status != SG_OK && why.text[0] == '\0') {
        (void)snprintf(why.text, sizeof(why.text), "%s", sg_status_text(status));
    }
    out->why = why;
}

static enum sg_status build_entry(struct witness *witness, uint64_t now_s,
                                  struct witness_entry *entry)
{
    uint8_t blob[WITNESS_COSIGNATURE_SIZE];
    struct lines_out lines;
    struct slice note = {0};
    const struct note_key *cosigner = &witness->key.verifier;

    TRY(witness_key_cosign(&witness->key, witness->submission.note.text, now_s, blob));
    lines_start(&lines, entry->note, sizeof(entry->note));
    notes_put_verified(&lines, &witness->submission, witness->keys);
    note_add_signature(&lines, slice_str(cosigner->name), cosigner->id,
                       slice_of(blob, sizeof(blob)));
    TRY(lines_finish(&lines, &note));
    return witness_entry_read(note, cosigner, entry);
}

/* The last line of a note that we have built is our own. */
static void give_cosignature(const struct witness_entry *entry, struct witness_reply *out)
{
    size_t at = entry->note_len - 1;

    while (entry->note[at - 1] != '\n') {
        at--;
    }
    size_t len = entry->note_len - at;
    MUST(len < sizeof(out->body));
    memcpy(out->body, entry->note + at, len);
    out->body[len] = '\0';
    finish(out, WITNESS_COSIGNED);
}

/* The same request within one second gets the same answer: whoever repeats it does not
 * make us write. */
static bool is_repeated(const struct witness *witness, const struct witness_entry *last,
                        uint64_t now_s)
{
    struct slice text = witness->submission.note.text;

    return last != NULL && last->time_s == now_s && last->note_len > text.len &&
           memcmp(last->note, text.data, text.len) == 0 && last->note[text.len] == '\n';
}

static void cosign(struct witness *witness, const struct witness_entry *last,
                   uint64_t now_s, struct witness_reply *out)
{
    if (!judge_clock(now_s, last)) {
        finish(out, WITNESS_CLOCK);
        return;
    }
    if (is_repeated(witness, last, now_s)) {
        give_cosignature(last, out);
        return;
    }
    enum sg_status status = build_entry(witness, now_s, &witness->entry);
    if (status == SG_OK) {
        status = witness_state_store(&witness->folder, &witness->state, &witness->entry,
                                     &out->why);
    }
    if (status == SG_OK) {
        give_cosignature(&witness->entry, out);
    } else {
        finish(out, status == SG_BUSY ? WITNESS_FULL : WITNESS_BROKEN);
    }
}

static void note_request(const struct submission *submission, struct witness_reply *out)
{
    struct slice origin = submission->checkpoint.origin;

    memcpy(out->origin, origin.data, origin.len);
    out->origin[origin.len] = '\0';
    out->size = submission->checkpoint.head.size;
    out->old_size = submission->old_size;
}

static void judge(struct witness *witness, uint64_t now_s, struct witness_reply *out)
{
    const struct submission *submission = &witness->submission;
    struct slice origin = submission->checkpoint.origin;
    enum witness_answer answer = judge_signatures(submission, witness->keys);

    if (answer != WITNESS_COSIGNED) {
        finish(out, answer);
        return;
    }
    const struct witness_entry *last = witness_state_find(&witness->state, origin);
    if (judge_split(submission, last)) {
        keep_evidence(witness, last, out);
    }
    enum sg_status status = adopt(witness, last, out);
    if (status != SG_OK && status != SG_BUSY) {
        finish(out, WITNESS_BROKEN);
        return;
    }
    last = witness_state_find(&witness->state, origin);
    answer = judge_growth(submission, last);
    if (answer == WITNESS_COSIGNED) {
        cosign(witness, last, now_s, out);
        return;
    }
    finish(out, answer);
    if (answer == WITNESS_OTHER_SIZE) {
        tell_size(out, last);
    }
}

void witness_add(struct witness *witness, struct slice body, uint64_t now_s,
                 struct witness_reply *out)
{
    *out = (struct witness_reply){.answer = WITNESS_MALFORMED};
    if (submission_parse(body, &witness->submission) != SG_OK) {
        finish(out, WITNESS_MALFORMED);
        return;
    }
    note_request(&witness->submission, out);
    judge(witness, now_s, out);
}

/* --- Reading back ------------------------------------------------------------------ */

enum sg_status witness_latest(const struct witness *witness, struct slice origin_hex,
                              struct slice *note)
{
    char hex[2 * TLOG_HASH_SIZE + 1];

    for (size_t i = 0; i < witness->state.count; i++) {
        const struct witness_entry *entry = &witness->state.entries[i];
        struct tlog_hash hash = tlog_sha256(slice_str(entry->origin));
        text_hex(slice_of(hash.bytes, sizeof(hash.bytes)), hex);
        if (slice_equal(slice_str(hex), origin_hex)) {
            *note = slice_of(entry->note, entry->note_len);
            return SG_OK;
        }
    }
    return SG_NOT_FOUND;
}

bool witness_healthy(const struct witness *witness, uint64_t now_s)
{
    bool healthy = judge_clock(now_s, NULL);

    for (size_t i = 0; i < witness->state.count; i++) {
        healthy = healthy && judge_clock(now_s, &witness->state.entries[i]);
    }
    return healthy;
}

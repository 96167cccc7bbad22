#include "proto/tlog/note.h"

#include <openssl/crypto.h>

#include "proto/text.h"
#include "proto/tlog/b64.h"
#include "proto/tlog/key_id.h"
#include "proto/tlog/public_key.h"

/* A signature line begins with an em dash (U+2014) and one space. */
static const char dash[] = "\xE2\x80\x94 ";
enum { DASH_LEN = sizeof(dash) - 1, TIME_SIZE = 8, ID_SIZE = 4 };

/* UTF-8 without control characters but LF. DEL (U+007F) is allowed by the format. */
static bool text_allowed(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] < 0x20 && bytes.data[i] != '\n') {
            return false;
        }
    }
    return text_utf8(bytes);
}

/* Reads the base64 of a line group by group, so that a signature of any size needs no
 * buffer; only the id is kept. */
static enum sg_status read_blob(struct slice base64, uint32_t *id)
{
    uint8_t first[6];
    uint8_t rest[3];
    size_t len = 0;

    if (base64.len < 8 || base64.len % 4 != 0) {
        return SG_INVALID;
    }
    TRY(b64_decode(slice_of(base64.data, 8), first, sizeof(first), &len));
    if (len <= ID_SIZE || (base64.len > 8 && len != sizeof(first))) {
        return SG_INVALID;
    }
    for (size_t i = 8; i < base64.len; i += 4) {
        TRY(b64_decode(slice_of(base64.data + i, 4), rest, sizeof(rest), &len));
        if (len != sizeof(rest) && i + 4 != base64.len) {
            return SG_INVALID;
        }
    }
    *id = note_id_read(first);
    return SG_OK;
}

static enum sg_status read_signature(struct slice line, struct note_signature *out)
{
    if (line.len < DASH_LEN || memcmp(line.data, dash, DASH_LEN) != 0) {
        return SG_INVALID;
    }
    struct slice rest = slice_of(line.data + DASH_LEN, line.len - DASH_LEN);
    const uint8_t *space =
        rest.len == 0 ? NULL : (const uint8_t *)memchr(rest.data, ' ', rest.len);
    if (space == NULL) {
        return SG_INVALID;
    }
    out->name = slice_of(rest.data, (size_t)(space - rest.data));
    out->base64 = slice_of(space + 1, rest.len - out->name.len - 1);
    if (!note_name_valid(out->name)) {
        return SG_INVALID;
    }
    return read_blob(out->base64, &out->id);
}

/* The text ends at the last empty line: it may hold empty lines itself. */
static bool split_text(struct slice bytes, struct slice *text, struct slice *rest)
{
    for (size_t i = bytes.len; i >= 2; i--) {
        if (bytes.data[i - 1] == '\n' && bytes.data[i - 2] == '\n') {
            *text = slice_of(bytes.data, i - 1);
            *rest = slice_of(bytes.data + i, bytes.len - i);
            return true;
        }
    }
    return false;
}

enum sg_status note_parse(struct slice bytes, struct note *note)
{
    struct slice rest = {0};
    struct slice line = {0};

    if (bytes.len > NOTE_MAX) {
        return SG_TOO_LARGE;
    }
    note->count = 0;
    if (!text_allowed(bytes) || !split_text(bytes, &note->text, &rest)) {
        return SG_INVALID;
    }
    while (lines_next(&rest, &line)) {
        if (note->count == NOTE_SIGNATURES_MAX) {
            return SG_TOO_LARGE;
        }
        TRY(read_signature(line, &note->signatures[note->count]));
        note->count++;
    }
    return rest.len == 0 && note->count > 0 ? SG_OK : SG_INVALID;
}

enum sg_status note_cosignature_text(struct slice text, uint64_t time_s, char *out,
                                     size_t cap, size_t *len)
{
    struct lines_out lines;
    struct slice done = {0};

    lines_start(&lines, out, cap);
    lines_text(&lines, "cosignature/v1\ntime ");
    lines_uint(&lines, time_s);
    lines_text(&lines, "\n");
    lines_put(&lines, text);
    TRY(lines_finish(&lines, &done));
    *len = done.len;
    return SG_OK;
}

static void release(char **text)
{
    OPENSSL_free(*text);
}

/* time: 8 bytes, big endian, before the signature. */
static bool cosignature_good(const struct note_key *key, struct slice text,
                             struct slice blob, uint64_t *time_s)
{
    size_t cap = text.len + 64;
    size_t len = 0;

    if (blob.len != TIME_SIZE + NOTE_ED25519_SIZE) {
        return false;
    }
    uint64_t time = (uint64_t)note_id_read(blob.data) << 32 |
                    (uint64_t)note_id_read(blob.data + ID_SIZE);
    AUTO(release) char *message = (char *)OPENSSL_malloc(cap);
    if (time > INT64_MAX || message == NULL ||
        note_cosignature_text(text, time, message, cap, &len) != SG_OK ||
        !public_key_signed(key, slice_of(message, len),
                           slice_of(blob.data + TIME_SIZE, NOTE_ED25519_SIZE))) {
        return false;
    }
    *time_s = time;
    return true;
}

static bool signature_good(const struct note *note, size_t at, const struct note_key *key,
                           uint64_t *time_s)
{
    enum { CAP = ID_SIZE + TIME_SIZE + NOTE_ECDSA_MAX };
    uint8_t blob[CAP];
    size_t len = 0;

    if (b64_decode(note->signatures[at].base64, blob, sizeof(blob), &len) != SG_OK) {
        return false;
    }
    struct slice signature = slice_of(blob + ID_SIZE, len - ID_SIZE);
    return key->kind == NOTE_COSIGNATURE
               ? cosignature_good(key, note->text, signature, time_s)
               : public_key_signed(key, note->text, signature);
}

static bool is_by(const struct note_signature *signature, const struct note_key *key)
{
    return signature->id == key->id && slice_equal(signature->name, slice_str(key->name));
}

const struct note_signature *note_signature_by(const struct note *note,
                                               const struct note_key *key)
{
    for (size_t i = 0; i < note->count; i++) {
        if (is_by(&note->signatures[i], key)) {
            return &note->signatures[i];
        }
    }
    return NULL;
}

enum sg_status note_verify(const struct note *note, const struct note_key *key,
                           struct note_verdict *verdict)
{
    *verdict = (struct note_verdict){0};
    for (size_t i = 0; i < note->count; i++) {
        uint64_t time_s = 0;
        if (!is_by(&note->signatures[i], key)) {
            continue;
        }
        if (!signature_good(note, i, key, &time_s)) {
            *verdict = (struct note_verdict){0};
            return SG_CORRUPT;
        }
        verdict->signed_by = true;
        verdict->time_s = time_s > verdict->time_s ? time_s : verdict->time_s;
    }
    return verdict->signed_by ? SG_OK : SG_NOT_FOUND;
}

void note_begin(struct lines_out *out, struct slice text)
{
    lines_put(out, text);
    lines_text(out, "\n");
}

void note_add_signature(struct lines_out *out, struct slice name, uint32_t id,
                        struct slice signature)
{
    enum { BLOB_MAX = 8192 };
    uint8_t blob[BLOB_MAX];

    if (signature.len > sizeof(blob) - ID_SIZE) {
        out->overflow = true;
        return;
    }
    note_id_write(id, blob);
    memcpy(blob + ID_SIZE, signature.data, signature.len);
    lines_text(out, dash);
    lines_put(out, name);
    lines_text(out, " ");
    lines_b64(out, slice_of(blob, ID_SIZE + signature.len));
    lines_text(out, "\n");
}

void note_repeat_signature(struct lines_out *out, const struct note_signature *signature)
{
    lines_text(out, dash);
    lines_put(out, signature->name);
    lines_text(out, " ");
    lines_put(out, signature->base64);
    lines_text(out, "\n");
}

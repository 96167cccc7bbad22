#include "proto/tlog/note.h"

#include "proto/text.h"
#include "proto/tlog/b64.h"
#include "proto/tlog/key_id.h"
#include "proto/tlog/public_key.h"

/* The spaces of Unicode above U+0020, as they stand in UTF-8. */
static const char *const wide_spaces[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

bool note_name_valid(struct slice name)
{
    if (name.len == 0 || name.len > NOTE_NAME_MAX || !text_plain(name)) {
        return false;
    }
    if (memchr(name.data, ' ', name.len) != NULL ||
        memchr(name.data, '+', name.len) != NULL) {
        return false;
    }
    char text[NOTE_NAME_MAX + 1] = {0};
    memcpy(text, name.data, name.len);
    for (size_t i = 0; i < SG_COUNT(wide_spaces); i++) {
        if (strstr(text, wide_spaces[i]) != NULL) {
            return false;
        }
    }
    return true;
}

/* The first 4 bytes of SHA-256(name, LF, kind, public key); of ECDSA, which is older than
 * that rule, of SHA-256(public key). */
static uint32_t key_id(const struct note_key *key)
{
    uint8_t text[NOTE_NAME_MAX + 2 + NOTE_PUBLIC_MAX];
    size_t len = 0;
    size_t key_len = public_key_len((unsigned)key->kind);

    if (key->kind != NOTE_ECDSA) {
        len = strlen(key->name);
        memcpy(text, key->name, len);
        text[len++] = '\n';
        text[len++] = (uint8_t)key->kind;
    }
    memcpy(text + len, key->public_key, key_len);
    struct tlog_hash hash = tlog_sha256(slice_of(text, len + key_len));
    return note_id_read(hash.bytes);
}

enum sg_status note_key_make(struct slice name, enum note_kind kind,
                             const uint8_t *public_key, struct note_key *key)
{
    size_t len = public_key_len((unsigned)kind);

    MUST(len > 0);
    if (!note_name_valid(name)) {
        return SG_INVALID;
    }
    *key = (struct note_key){.kind = kind};
    memcpy(key->name, name.data, name.len);
    memcpy(key->public_key, public_key, len);
    key->id = key_id(key);
    return SG_OK;
}

bool note_kind_of_log(enum note_kind kind)
{
    return kind == NOTE_ED25519 || kind == NOTE_ECDSA;
}

bool note_key_same(const struct note_key *a, const struct note_key *b)
{
    return memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

/* Cuts at the first '+': base64 may hold more of them. */
static bool cut_plus(struct slice *rest, struct slice *head)
{
    const uint8_t *plus =
        rest->len == 0 ? NULL : (const uint8_t *)memchr(rest->data, '+', rest->len);

    if (plus == NULL) {
        return false;
    }
    *head = slice_of(rest->data, (size_t)(plus - rest->data));
    *rest = slice_of(plus + 1, rest->len - head->len - 1);
    return true;
}

static bool lower_hex(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
            return false;
        }
    }
    return true;
}

enum sg_status note_vkey_parse(struct slice vkey, struct note_key *key)
{
    struct slice rest = vkey;
    struct slice name = {0};
    struct slice hex = {0};
    uint8_t id[4];
    uint8_t typed[NOTE_PUBLIC_MAX + 1];
    size_t len = 0;

    if (!cut_plus(&rest, &name) || !cut_plus(&rest, &hex)) {
        return SG_INVALID;
    }
    if (hex.len != 8 || !lower_hex(hex) ||
        text_unhex(hex, id, sizeof(id), &len) != SG_OK) {
        return SG_INVALID;
    }
    enum sg_status read = b64_decode(rest, typed, sizeof(typed), &len);
    if (read == SG_TOO_LARGE) {
        return SG_UNSUPPORTED;
    }
    TRY(read);
    size_t want = len == 0 ? 0 : public_key_len(typed[0]);
    if (len > 0 && want == 0) {
        return SG_UNSUPPORTED;
    }
    if (len != want + 1 || !public_key_valid((enum note_kind)typed[0], typed + 1)) {
        return SG_INVALID;
    }
    struct note_key made;
    TRY(note_key_make(name, (enum note_kind)typed[0], typed + 1, &made));
    if (made.id != note_id_read(id)) {
        return SG_INVALID;
    }
    *key = made;
    return SG_OK;
}

void note_vkey_format(const struct note_key *key, char out[NOTE_VKEY_MAX])
{
    struct lines_out text;
    uint8_t id[4];
    uint8_t typed[NOTE_PUBLIC_MAX + 1];
    size_t key_len = public_key_len((unsigned)key->kind);
    char hex[9];

    note_id_write(key->id, id);
    text_hex(slice_of(id, sizeof(id)), hex);
    typed[0] = (uint8_t)key->kind;
    memcpy(typed + 1, key->public_key, key_len);
    lines_start(&text, out, NOTE_VKEY_MAX - 1);
    lines_text(&text, key->name);
    lines_text(&text, "+");
    lines_text(&text, hex);
    lines_text(&text, "+");
    lines_b64(&text, slice_of(typed, 1 + key_len));
    MUST(!text.overflow);
    out[text.len] = '\0';
}

#include "client/call/known_people.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "client/call/approval_call.h"
#include "client/channel/unpack.h"
#include "client/console/file.h"

static enum sg_status take_text(struct slice text, struct known_people *out,
                                struct sg_error *why)
{
    if (text.len > sizeof(out->text)) {
        return sg_fail(why, SG_TOO_LARGE, "a quorum file has at most %d bytes",
                       KNOWN_TEXT_MAX);
    }
    memcpy(out->text, text.data, text.len);
    out->text_len = text.len;
    (void)SHA256(text.data, text.len, out->sha256);
    return roster_parse(text, &out->roster, why);
}

enum sg_status known_from_file(const char *path, struct known_people *out,
                               struct sg_error *why)
{
    struct file_bytes bytes = {0};
    struct sg_error plain = {0};

    memset(out, 0, sizeof(*out));
    TRY(file_read(path, KNOWN_TEXT_MAX, &bytes, why));
    enum sg_status status = take_text(slice_of(bytes.data, bytes.len), out, &plain);
    file_free(&bytes);
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%s: %s", path, plain.text);
}

static enum sg_status take(const Segel__V1__GetRosterResponse *reply,
                           struct known_people *out, struct sg_error *why)
{
    struct slice text = slice_of(reply->quorum_text.data, reply->quorum_text.len);
    struct slice hash = slice_of(reply->quorum_sha256.data, reply->quorum_sha256.len);
    struct sg_error plain = {0};

    if (text.len == 0) {
        return sg_fail(why, SG_PRECONDITION,
                       "the gateway has no quorum file, which names the persons of a "
                       "ceremony: see officers.quorum in its configuration");
    }
    if (take_text(text, out, &plain) != SG_OK ||
        !slice_equal(hash, slice_of(out->sha256, sizeof(out->sha256)))) {
        return sg_fail(why, SG_CORRUPT,
                       "the gateway's quorum file makes no sense: give the one that you "
                       "know with --quorum");
    }
    return SG_OK;
}

enum sg_status known_from_gateway(const struct home *home, struct known_people *out,
                                  struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    memset(out, 0, sizeof(*out));
    TRY(approval_roster(home, &reply, why));
    enum sg_status status =
        take((const Segel__V1__GetRosterResponse *)(const void *)reply, out, why);
    unpack_free(reply);
    return status;
}

/* --- Looking ----------------------------------------------------------------------- */

static bool has_signed(const struct roster_person *person, const struct note *note)
{
    struct note_verdict verdict;

    for (size_t k = 0; k < person->key_count; k++) {
        if (note_verify(note, &person->keys[k], &verdict) == SG_OK && verdict.signed_by) {
            return true;
        }
    }
    return false;
}

unsigned known_signer(const struct known_people *known, const struct note *note)
{
    for (unsigned p = 0; p < known->roster.groups.leaf_count; p++) {
        if (has_signed(&known->roster.persons[p], note)) {
            return p;
        }
    }
    return GROUPS_NONE;
}

void known_names(const struct known_people *known, uint64_t persons, char *out,
                 size_t cap)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t p = 0; p < known->roster.groups.leaf_count; p++) {
        if ((persons >> p & 1) != 0 && used < cap) {
            int len = snprintf(out + used, cap - used, "%s%s", used == 0 ? "" : ", ",
                               known->roster.groups.leaves[p]);
            used += len > 0 ? (size_t)len : 0;
        }
    }
}

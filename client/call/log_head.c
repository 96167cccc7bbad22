#include "client/call/log_head.h"

#include <string.h>

#include "client/channel/unpack.h"
#include "client/console/file.h"
#include "segel/v1/log.pb-c.h"

enum { PATIENCE_MS = 30000 };

static struct slice first_line(const char *text)
{
    return slice_of(text, strcspn(text, "\r\n"));
}

enum sg_status log_trust_load(const char *path, struct log_trust *trust,
                              struct sg_error *why)
{
    struct file_bytes bytes = {0};

    TRY(file_read(path, NOTE_VKEY_MAX + 2, &bytes, why));
    enum sg_status status =
        note_vkey_parse(first_line((const char *)bytes.data), &trust->key);
    file_free(&bytes);
    if (status != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "%s does not hold a verifier key of a log: one line of the form "
                       "name+12345678+base64",
                       path);
    }
    trust->known = true;
    return SG_OK;
}

/* Keeps the note and takes it apart. `of` says where it is from. */
static enum sg_status open_note(struct slice note, const struct log_trust *trust,
                                struct log_head *out, const char *of,
                                struct sg_error *why)
{
    struct checkpoint checkpoint;

    if (note.len > sizeof(out->note)) {
        return sg_fail(why, SG_TOO_LARGE, "the checkpoint of %s is too large", of);
    }
    memcpy(out->note, note.data, note.len);
    out->note_len = note.len;
    enum sg_status status =
        checkpoint_open(slice_of(out->note, out->note_len), &trust->key, &checkpoint);
    if (status == SG_CORRUPT) {
        return sg_fail(why, status, "the checkpoint of %s carries a false signature", of);
    }
    if (status == SG_NOT_FOUND) {
        return sg_fail(why, SG_CORRUPT,
                       "the checkpoint of %s is not signed by the key %s: it is of "
                       "another log, or forged",
                       of, trust->key.name);
    }
    if (status != SG_OK) {
        return sg_fail(why, SG_CORRUPT, "the checkpoint of %s is malformed", of);
    }
    out->size = checkpoint.head.size;
    out->root = checkpoint.head.root;
    (void)strncpy(out->origin, trust->key.name, sizeof(out->origin) - 1);
    return SG_OK;
}

static enum sg_status take_stated_key(const char *vkey, struct log_trust *trust,
                                      struct sg_error *why)
{
    if (trust->known || note_vkey_parse(slice_str(vkey), &trust->key) == SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_INTERNAL, "the gateway states no usable key of its log");
}

enum sg_status log_head_fetch(struct channel *channel, struct log_trust *trust,
                              struct log_head *out, struct sg_error *why)
{
    Segel__V1__GetCheckpointRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__get_checkpoint_request__init(&request);
    struct unary unary = {.path = "/segel.v1.LogService/GetCheckpoint",
                          .timeout_ms = PATIENCE_MS,
                          .request = &request.base,
                          .reply_type = &segel__v1__get_checkpoint_response__descriptor};
    TRY(channel_unary(channel, &unary, &reply, NULL, why));
    const Segel__V1__GetCheckpointResponse *stated =
        (const Segel__V1__GetCheckpointResponse *)(const void *)reply;
    enum sg_status status = take_stated_key(stated->verifier_key, trust, why);
    if (status == SG_OK) {
        status = open_note(slice_of(stated->note.data, stated->note.len), trust, out,
                           "the gateway", why);
    }
    unpack_free(reply);
    return status;
}

enum sg_status log_head_load(const char *path, const struct log_trust *trust,
                             struct log_head *out, struct sg_error *why)
{
    struct file_bytes bytes = {0};

    TRY(file_read(path, NOTE_MAX, &bytes, why));
    enum sg_status status =
        open_note(slice_of(bytes.data, bytes.len), trust, out, path, why);
    file_free(&bytes);
    return status;
}

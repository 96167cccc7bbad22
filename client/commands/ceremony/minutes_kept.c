#include "client/commands/ceremony/minutes_kept.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "proto/text.h"

bool minutes_kept_named(const char *word)
{
    return strncmp(word, "c-", 2) == 0 && !file_exists(word) &&
           text_name(slice_str(word));
}

static enum sg_status take(const Segel__V1__GetMinutesResponse *reply, const char *id,
                           struct minutes_file *out, struct sg_error *why)
{
    *out = (struct minutes_file){.signatures = 0};
    out->bytes.data = (uint8_t *)malloc(reply->note.len + 1);
    if (out->bytes.data == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(out->bytes.data, reply->note.data, reply->note.len);
    out->bytes.len = reply->note.len;
    enum sg_status status = minutes_file_open(out, id, why);
    if (status != SG_OK) {
        minutes_file_free(out);
    }
    return status;
}

enum sg_status minutes_kept_fetch(const struct home *home, const char *id,
                                  struct minutes_file *out, struct sg_error *why)
{
    Segel__V1__GetMinutesRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__get_minutes_request__init(&request);
    request.id = sg_unconst_text(id);
    const struct gateway_ask ask = {"/segel.v1.KeyService/GetMinutes", &request.base,
                                    &segel__v1__get_minutes_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    enum sg_status status =
        take((const Segel__V1__GetMinutesResponse *)(const void *)reply, id, out, why);
    unpack_free(reply);
    return status;
}

enum sg_status minutes_kept_sign(const struct home *home, const char *id,
                                 struct slice note, size_t *missing, struct sg_error *why)
{
    Segel__V1__SignMinutesRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__sign_minutes_request__init(&request);
    request.id = sg_unconst_text(id);
    request.note.data = (uint8_t *)sg_unconst(note.data);
    request.note.len = note.len;
    const struct gateway_ask ask = {"/segel.v1.KeyService/SignMinutes", &request.base,
                                    &segel__v1__sign_minutes_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    *missing = ((const Segel__V1__SignMinutesResponse *)(const void *)reply)->n_missing;
    unpack_free(reply);
    return SG_OK;
}

static enum sg_status hand_in_one(const struct home *home,
                                  const struct minutes_file *file,
                                  const struct note_signature *signature, size_t *missing,
                                  struct sg_error *why)
{
    static char buffer[MINUTES_NOTE_MAX];
    struct lines_out lines;
    struct slice note;
    struct slice name = minutes_get(&file->minutes, MINUTES_FIELD_ID, 0);
    char id[65];

    (void)snprintf(id, sizeof(id), "%.*s", (int)name.len, (const char *)name.data);
    lines_start(&lines, buffer, sizeof(buffer));
    note_begin(&lines, file->text);
    note_repeat_signature(&lines, signature);
    TRY(lines_finish(&lines, &note));
    return minutes_kept_sign(home, id, note, missing, why);
}

enum sg_status minutes_kept_hand_in(const struct home *home,
                                    const struct minutes_file *file, size_t *missing,
                                    struct sg_error *why)
{
    struct note note;
    enum sg_status first = SG_OK;

    if (note_parse(slice_of(file->bytes.data, file->bytes.len), &note) != SG_OK) {
        return sg_fail(why, SG_INVALID, "nobody has signed these minutes yet");
    }
    for (size_t i = 0; i < note.count; i++) {
        struct sg_error plain = {0};
        enum sg_status status =
            hand_in_one(home, file, &note.signatures[i], missing, &plain);
        *why = first == SG_OK ? plain : *why;
        first = first == SG_OK ? status : first;
        if (status != SG_OK && status != SG_DENIED) {
            return first;
        }
    }
    return first;
}

void minutes_kept_tell(size_t missing, bool indonesian)
{
    if (missing == 0) {
        (void)puts(indonesian ? "gateway menyimpan berita acara; semua telah "
                                "menandatangani"
                              : "the gateway keeps the minutes; everybody has signed");
    } else {
        (void)printf(indonesian ? "gateway menyimpan berita acara; %zu orang belum "
                                  "menandatangani\n"
                                : "the gateway keeps the minutes; %zu must still sign\n",
                     missing);
    }
}

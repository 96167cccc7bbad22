#include "gateway/core/officers/request_grant.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static bool put(char *out, size_t cap, const char *text)
{
    int len = snprintf(out, cap, "%s", text);

    return len >= 0 && (size_t)len < cap;
}

enum sg_status request_grant(const struct ledger_request *request, struct grant *out)
{
    *out = (struct grant){.action = task_find(slice_str(request->task)),
                          .not_after_us = request->not_after_us};
    if (out->action == TASK_COUNT || !put(out->id, sizeof(out->id), request->id) ||
        !put(out->object, sizeof(out->object), request->object) ||
        !put(out->param, sizeof(out->param), request->param) ||
        !put(out->log, sizeof(out->log), request->log) ||
        !put(out->requester, sizeof(out->requester), request->person)) {
        return SG_CORRUPT;
    }
    (void)SHA256(request->message.data, request->message.len, out->request);
    memcpy(out->policy, request->policy, sizeof(out->policy));
    return SG_OK;
}

enum sg_status request_note(const struct ledger_request *request, struct slice more,
                            char out[GRANT_NOTE_MAX], size_t *len)
{
    char text[GRANT_TEXT_MAX];
    struct lines_out lines;
    struct slice note;
    struct grant grant;
    size_t text_len = 0;

    TRY(request_grant(request, &grant));
    if (grant_write(&grant, text, &text_len) != SG_OK) {
        return SG_CORRUPT;
    }
    lines_start(&lines, out, GRANT_NOTE_MAX);
    lines_put(&lines, slice_of(text, text_len));
    lines_text(&lines, "\n");
    for (size_t i = 0; i < request->vote_count; i++) {
        lines_put(&lines, request->votes[i].line);
    }
    lines_put(&lines, more);
    TRY(lines_finish(&lines, &note));
    *len = note.len;
    return SG_OK;
}

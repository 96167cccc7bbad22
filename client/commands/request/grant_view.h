#ifndef SEGEL_CLIENT_COMMANDS_REQUEST_GRANT_VIEW_H
#define SEGEL_CLIENT_COMMANDS_REQUEST_GRANT_VIEW_H

#include <stdio.h>

#include "proto/quorum/grant.h"
#include "segel/v1/approvals.pb-c.h"

/* What a request is about, taken from the bytes that will be executed, and in words. */
struct grant_view {
    struct grant grant;
    char text[GRANT_TEXT_MAX]; /* of the grant, built here */
    size_t text_len;
    char reason[257]; /* in the requester's words */
};

/* Builds the grant from the request's bytes alone and compares it with what the gateway
 * shows. SG_UNSUPPORTED: this program does not know such a request, and nobody should
 * sign what is not understood. SG_CORRUPT: the gateway shows something else. */
SG_MUST_USE enum sg_status grant_view_make(const Segel__V1__GetRequestResponse *got,
                                           struct grant_view *out, struct sg_error *why);
/* Whether there are words for it: for each task that takes several persons. */
bool grant_view_knows(enum task task);
/* One sentence: what will be done. */
void grant_view_say(const struct grant_view *view, FILE *out, bool indonesian);
/* Who asked and why, until when, who agreed so far. */
void grant_view_print(const struct grant_view *view,
                      const Segel__V1__GetRequestResponse *got, FILE *out,
                      bool indonesian);

#endif

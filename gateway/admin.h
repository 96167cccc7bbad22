#ifndef SEGEL_GATEWAY_ADMIN_H
#define SEGEL_GATEWAY_ADMIN_H

#include <stdio.h>

#include "proto/base.h"

/* Local pages over plain HTTP, for the machine's own monitoring: GET and HEAD, on a
 * loopback address only, on a thread of its own. It reads; nothing can be ordered here.
 * Bounded: 16 connections of at most ten seconds, of which the oldest gives way to a new
 * one, 8 KiB of headers, no body, one answer a connection. */
struct admin_page {
    const char *path; /* "/metrics" */
    const char *type; /* content type */
    /* On the admin thread. Writes the page and returns its HTTP status. */
    int (*write)(void *context, FILE *out);
};

struct admin_options {
    const char *address;            /* 127.0.0.0/8 or ::1 */
    uint16_t port;                  /* 0 = any free one */
    const struct admin_page *pages; /* borrowed for the life of the admin */
    size_t page_count;
    void *context;    /* borrowed likewise */
    unsigned life_ms; /* of a connection, whatever it does; 0 = 10 s */
};

struct admin;

/* SG_INVALID: the address is not one of this machine alone; why says so. */
SG_MUST_USE enum sg_status admin_check(const char *address, struct sg_error *why);
/* Binds; starts no thread. SG_INVALID, SG_IO: why names the address. */
SG_MUST_USE enum sg_status admin_new(const struct admin_options *options,
                                     struct admin **out, struct sg_error *why);
/* "127.0.0.1:9464" */
const char *admin_address(const struct admin *admin);
SG_MUST_USE enum sg_status admin_start(struct admin *admin, struct sg_error *why);
/* Ends thread and connections; NULL is fine. */
void admin_free(struct admin *admin);

#endif

#ifndef SEGEL_CLIENT_COMMANDS_POLICY_JOB_FILE_H
#define SEGEL_CLIENT_COMMANDS_POLICY_JOB_FILE_H

#include "proto/base.h"
#include "segel/v1/signing.pb-c.h"

/* A job to ask a gateway about, as a file: the fields of job_file.def as one map, JSON or
 * YAML. Owns what the request points to. */
struct job_file;

/* language: of the gateway's messages, borrowed. SG_INVALID: why names file, line, column
 * and what to write; SG_NOT_FOUND, SG_IO: it cannot be read. */
SG_MUST_USE enum sg_status job_file_load(const char *path, const char *language,
                                         struct job_file **out, struct sg_error *why);
void job_file_free(struct job_file *job); /* NULL is fine */
const Segel__V1__ExplainRequest *job_file_request(const struct job_file *job);

#endif

#ifndef SEGEL_TESTS_FUZZ_SUPPORT_ECHO_H
#define SEGEL_TESTS_FUZZ_SUPPORT_ECHO_H

#include "gateway/transport/grpc.h"

/* Services for a session in memory: every kind of call, each function of grpc.h. Messages
 * are segel.v1.Detail.
 *   /f.F/U   unary: sends the message back, with the metadata it came with
 *   /f.F/R   unary: refuses with type_url as the text and value as the details
 *   /f.F/C   client stream: answers with the last message
 *   /f.F/S   server stream: type_url (a number, up to 999) times the value
 *   /f.F/B   bidi: sends each back; a value that begins with 'p' pauses, with 'e' ends,
 *            with 'z' compresses from here on, with 'h' sends the headers now
 *   reflection under both names */
void echo_methods(const struct grpc_method **methods, size_t *count);

/* Calls that on_open told and on_close did not yet; MUST: each ends once. */
size_t echo_open_calls(void);
/* Resumes the calls that have paused. */
void echo_resume(void);

#endif

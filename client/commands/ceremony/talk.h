#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_TALK_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_TALK_H

#include "proto/base.h"

/* Questions and answers on the terminal. The word "stop" ("berhenti") instead of an
 * answer, or the end of the terminal, is SG_ABORTED. */
enum { TALK_LINE_MAX = 512 };

/* From here on Ctrl-C, and a terminal that goes, end the question that is asked or the
 * next one, so that all is left in order. */
void talk_catch_signals(void);
/* Asks, and reads one line without the blanks around it; may be empty. SG_INVALID: it is
 * no plain text, or too long. */
SG_MUST_USE enum sg_status talk_ask(const char *question, char out[TALK_LINE_MAX],
                                    struct sg_error *why);
/* The same, but gives up after some time: SG_TIMEOUT. The question stands already. */
SG_MUST_USE enum sg_status talk_wait(int timeout_ms, char out[TALK_LINE_MAX],
                                     struct sg_error *why);
/* Text with a heading, folded to the screen. */
void talk_heading(size_t at, size_t of, const char *text);
void talk_passed(bool good, bool indonesian, const char *text);

#endif

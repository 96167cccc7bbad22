#ifndef SEGEL_GATEWAY_LOG_H
#define SEGEL_GATEWAY_LOG_H

#include "proto/base.h"

/* Log lines for the administrator on stderr, one JSON object or one text line each. Not
 * the transparency log. Any thread; a line is one write(2), so lines never mix.
 *
 *     log_event(LOG_WARN, "lane.down", "lane", "lane0", "why", why.text, NULL);
 *
 * Names and values alternate and end with NULL. Values are text; never a secret, never
 * the content of a request beyond names and ids. In a text line a value that is more than
 * one word of printable ASCII stands in quotes, with a backslash before each quote and
 * backslash inside; what could not be seen in it is a blank. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

enum log_format { LOG_TEXT, LOG_JSON };

/* Any thread. The default is LOG_INFO and text. */
void log_setup(enum log_level level, enum log_format format);
/* Whether lines of that level are written at all. */
bool log_wants(enum log_level level);
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif

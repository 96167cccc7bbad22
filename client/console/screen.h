#ifndef SEGEL_CLIENT_CONSOLE_SCREEN_H
#define SEGEL_CLIENT_CONSOLE_SCREEN_H

#include <stdio.h>

#include "proto/base.h"

/* What people see. Colours and the progress bar appear only on a terminal, and not when
 * NO_COLOR is set. */
enum screen_colour { SCREEN_PLAIN, SCREEN_RED, SCREEN_GREEN, SCREEN_YELLOW, SCREEN_DIM };

bool screen_is_terminal(FILE *file);
/* The escape sequence that begins a colour (SCREEN_PLAIN: ends it); "" where there are no
 * colours. */
const char *screen_colour(FILE *file, enum screen_colour colour);
/* Text that came from outside: control characters, which could drive the terminal, and
 * what is not UTF-8 become '?'. */
void screen_text(FILE *file, const char *text);
/* The same as a column: blanks follow up to the width, at least one. */
void screen_cell(FILE *file, const char *text, int width);
/* The same, where a line already has so many columns: on a terminal that is wide enough
 * the rest of it stands below its begin, parted at blanks. */
void screen_folded(FILE *file, const char *text, int indent);
/* "segel: " and the sentence, on stderr. */
void screen_complain(const char *sentence);

#endif

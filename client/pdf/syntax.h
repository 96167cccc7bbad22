#ifndef SEGEL_CLIENT_PDF_SYNTAX_H
#define SEGEL_CLIENT_PDF_SYNTAX_H

#include "proto/base.h"
#include "proto/slice.h"

/* The characters of PDF and its literal strings (ISO 32000-2, 7.2.3 and 7.3.4), for
 * whoever reads bytes of a letter beside the parser. */

bool syntax_is_blank(uint8_t byte);
/* Past blanks. */
size_t syntax_skip_blanks(struct slice text, size_t at);
/* Behind the word, which stands there but for blanks, with something behind it; text.len
 * = it does not. */
size_t syntax_behind(struct slice text, size_t at, const char *word);
/* Neither blank nor a delimiter: names, numbers and words are made of these. */
bool syntax_is_regular(uint8_t byte);
/* Past what is regular. */
size_t syntax_skip_regular(struct slice text, size_t at);
/* 0 to 15; -1: it is no hexadecimal digit. */
int syntax_hex(uint8_t digit);
/* "<" is at this place: past the ">" that closes the hexadecimal string, or the end. */
size_t syntax_skip_hex(struct slice text, size_t at);
/* Up to the line's end. */
size_t syntax_skip_comment(struct slice text, size_t at);
/* "(" is at this place: past the ")" that closes it, or the end of the text. Brackets in
 * it count unless a backslash stands before them. */
size_t syntax_skip_string(struct slice text, size_t at);

/* Does the parser divide the text of an object into the same words as everybody else,
 * from this place to "stream", "endobj" or the end? A vertical tab is a blank to it, as
 * to C; in PDF it is a part of a name or number. */
bool syntax_reads_alike(struct slice text, size_t at);
/* Likewise, of what no writer writes: words of other bytes than printable ASCII, of which
 * some are blanks to some viewers, numbers beyond 31 bits or with a plus, and the ends of
 * lines in a literal string, each of which is a line feed to the parser, as the standard
 * has it, and to most viewers what stands there. */
bool syntax_is_plain(struct slice text, size_t at);
bool syntax_is_printable(struct slice word);
/* "stream" or "endobj": nothing of the object's value stands behind it. */
bool syntax_ends_object(struct slice word);
/* Behind the word that ends the object whose text begins here; 0 = none does. */
size_t syntax_find_end(struct slice text, bool *is_stream);

#endif

#ifndef SEGEL_CLIENT_COMMANDS_LOG_ROWS_H
#define SEGEL_CLIENT_COMMANDS_LOG_ROWS_H

#include "proto/base.h"
#include "proto/slice.h"

/* How `segel log show` prints records on stdout. */
enum log_form {
    LOG_TABLE, /* for a terminal: a head, columns that fit its width, colours */
    LOG_PLAIN, /* for a pipe: the same fields, tabs between them, nothing cut, no head */
    LOG_JSON,  /* the leaves byte for byte, one a line */
    LOG_CSV    /* RFC 4180: a head, CRLF, quotes where they are needed */
};

struct log_rows {
    enum log_form form;
    unsigned width; /* of the terminal, in characters; 0 = not known */
    bool begun;     /* the head is out */
};
/* The form that suits stdout. */
void log_rows_start(struct log_rows *rows);
void log_rows_print(struct log_rows *rows, uint64_t index, struct slice json);
/* When nothing came: the head of a CSV is due all the same. */
void log_rows_end(struct log_rows *rows);

#endif

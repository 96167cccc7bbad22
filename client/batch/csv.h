#ifndef SEGEL_CLIENT_BATCH_CSV_H
#define SEGEL_CLIENT_BATCH_CSV_H

#include <stdio.h>

#include "proto/base.h"
#include "proto/slice.h"

/* Reads a table as spreadsheets write it: RFC 4180, with ',' or ';' between cells (where
 * the comma is a decimal point, spreadsheets write ';'), LF or CRLF, with or without a
 * byte order mark. The separator is the one that the first record has. One record is in
 * memory at a time. Cells are UTF-8 without NUL. */
enum { CSV_RECORD_MAX = 65536, CSV_CELLS_MAX = 64 };
struct csv {
    FILE *file; /* borrowed */
    char separator;
    uint64_t line;  /* where the record begins, from 1 */
    uint64_t lines; /* that were read */
    size_t count;
    size_t len; /* of text in use */
    size_t cells[CSV_CELLS_MAX];
    char text[CSV_RECORD_MAX];
};

/* The file stands at its begin. */
void csv_start(struct csv *csv, FILE *file);
/* The next record that is no empty line. SG_NOT_FOUND: there is none. SG_INVALID: why
 * says what is wrong, and csv.line where. SG_IO. */
SG_MUST_USE enum sg_status csv_next(struct csv *csv, struct sg_error *why);
/* Cell i of the record; "" where the record is shorter. Valid until csv_next. */
const char *csv_cell(const struct csv *csv, size_t i);

/* A cell of a table that we write: quoted where it must be. A cell that a spreadsheet
 * would take for a formula gets an apostrophe in front. SG_IO. */
SG_MUST_USE enum sg_status csv_put(FILE *file, char separator, const char *text);

#endif

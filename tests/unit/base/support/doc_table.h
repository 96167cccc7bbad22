#ifndef SEGEL_TESTS_UNIT_BASE_SUPPORT_DOC_TABLE_H
#define SEGEL_TESTS_UNIT_BASE_SUPPORT_DOC_TABLE_H

#include <stdio.h>

/* A table of a document that is made from one of the code's. */
struct doc_table {
    const char *path;
    const char *head;               /* its first two lines */
    void (*write_rows)(FILE *rows); /* each with its line end */
};

/* Fails the test, and shows the table, unless the document holds exactly these rows. */
void doc_table_expect(const struct doc_table *table);

#endif

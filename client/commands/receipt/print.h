#ifndef SEGEL_CLIENT_COMMANDS_RECEIPT_PRINT_H
#define SEGEL_CLIENT_COMMANDS_RECEIPT_PRINT_H

#include "client/commands/receipt/check.h"

/* How `segel receipt verify` tells what it found: a page for people, in English or
 * Indonesian, or one JSON object. Of a receipt whose place in the log is not proven
 * nothing is shown but the fault. */
struct receipt_page {
    const char *path;
    const char *letter; /* NULL: none was given */
    bool indonesian;
    bool json;
    enum receipt_fault fault;
    const struct receipt *receipt;
};
void receipt_print(const struct receipt_page *page);

#endif

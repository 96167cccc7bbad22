#ifndef SEGEL_CLIENT_COMMANDS_MANDATE_VIEW_H
#define SEGEL_CLIENT_COMMANDS_MANDATE_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "segel/v1/mandates.pb-c.h"

/* Mandates as people and programs read them; one without terms is passed over. */
void mandate_view_head(FILE *out, bool indonesian);
void mandate_view_row(const Segel__V1__Mandate *mandate, FILE *out, bool indonesian);
/* With each bound, and the documents that it names when they came with it. */
void mandate_view_print(const Segel__V1__Mandate *mandate, FILE *out, bool indonesian);
/* One object and a line end. */
void mandate_view_json(const Segel__V1__Mandate *mandate, FILE *out);

#endif

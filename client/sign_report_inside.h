#ifndef SEGEL_CLIENT_SIGN_REPORT_INSIDE_H
#define SEGEL_CLIENT_SIGN_REPORT_INSIDE_H

#include "client/sign_report.h"
#include "proto/json.h"

/* Shared by the files of the report; nobody else includes it. */

/* The bar leaves. */
void sign_report_clear(const struct sign_report *report);
/* Ends the object and prints it as a line. */
void sign_report_print(struct json_out *out);

#endif

#ifndef SEGEL_CLIENT_PDF_STAMP_STAMPS_H
#define SEGEL_CLIENT_PDF_STAMP_STAMPS_H

#include "proto/base.h"
#include "proto/slice.h"

/* The templates of deploy/stamps, byte for byte inside of the program. */

/* The nth one, from 0, and its name; empty: there are no more. */
struct slice pdf_stamps_at(size_t nth, const char **name);
/* Empty: none of that name. */
struct slice pdf_stamps_find(const char *name);

#endif

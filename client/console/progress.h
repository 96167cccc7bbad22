#ifndef SEGEL_CLIENT_CONSOLE_PROGRESS_H
#define SEGEL_CLIENT_CONSOLE_PROGRESS_H

#include "proto/base.h"

/* The line that moves on a terminal while letters are signed. */
enum { PROGRESS_SIZE = 160 };
struct progress {
    size_t total;
    size_t done; /* signed, refused, or left out */
    size_t refused;
    int64_t elapsed_us;
};
/* "[#####---------------]  25 %  50/200  12.3/s  12 s left", without a line end. */
void progress_line(const struct progress *progress, char out[PROGRESS_SIZE]);

#endif

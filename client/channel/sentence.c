#include "client/channel/sentence.h"

#include <stdarg.h>
#include <stdio.h>

void sentence(struct sg_error *out, const char *format, ...)
{
    va_list args;

    if (out == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(out->text, sizeof(out->text), format, args);
    va_end(args);
}

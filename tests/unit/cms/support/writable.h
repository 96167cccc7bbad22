#ifndef SEGEL_TESTS_UNIT_CMS_SUPPORT_WRITABLE_H
#define SEGEL_TESTS_UNIT_CMS_SUPPORT_WRITABLE_H

#include "proto/slice.h"

/* The same bytes for whoever made them: to spoil one, or to free all. */
static inline uint8_t *writable(struct slice bytes)
{
    uint8_t *data = NULL;

    memcpy(&data, &bytes.data, sizeof(data));
    return data;
}

#endif

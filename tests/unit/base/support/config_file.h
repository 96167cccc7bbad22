#ifndef SEGEL_TESTS_UNIT_BASE_SUPPORT_CONFIG_FILE_H
#define SEGEL_TESTS_UNIT_BASE_SUPPORT_CONFIG_FILE_H

#include <stdio.h>

#include "gateway/config/config.h"

/* segeld.yaml in a folder of its own, and what came of reading it. */
struct config_file {
    char folder[64];
    char path[128];
    struct config *config; /* of the last load that went well */
    struct sg_error why;
};
extern struct config_file tried;

/* For a suite's init and fini. */
void config_file_make(void);
void config_file_remove(void);

/* Writes the file anew, from a format, and loads it. */
__attribute__((format(printf, 1, 2))) enum sg_status config_file_load(const char *format,
                                                                      ...);
/* It was refused, at this place, with this word in the sentence. */
void config_file_refused(enum sg_status status, const char *place, const char *word);

#endif

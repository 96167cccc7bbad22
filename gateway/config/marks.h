#ifndef SEGEL_GATEWAY_CONFIG_MARKS_H
#define SEGEL_GATEWAY_CONFIG_MARKS_H

#include "gateway/config/config.h"
#include "gateway/config/settings.h"

/* What the files that settings name held when the configuration was read, as SHA-256: a
 * reload tells by it that a certificate was renewed under its old name. What could not be
 * read has a mark of zeros; whether that is a fault config_files_check says. */

enum { CONFIG_MARK_SIZE = 32 };

/* marks: settings_count() of them, zeros; those of files are written. Waits for no pipe.
 */
void config_marks_take(const struct config *config, uint8_t (*marks)[CONFIG_MARK_SIZE]);

#endif

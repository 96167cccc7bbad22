#ifndef SEGEL_TESTS_UNIT_PDF_SUPPORT_TOOL_H
#define SEGEL_TESTS_UNIT_PDF_SUPPORT_TOOL_H

#include "proto/base.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* Other people's programs as judges: pdfsig, qpdf, pdftoppm. */

/* A folder of this run; removed by tool_folder_fini. */
struct tool_folder {
    char path[64];
};
void tool_folder_init(struct tool_folder *folder);
void tool_folder_fini(const struct tool_folder *folder);
/* "FOLDER/NAME" in a buffer of the caller. */
enum { TOOL_PATH = 256 };
const char *tool_path(const struct tool_folder *folder, const char *name,
                      char out[TOOL_PATH]);

/* Runs argv[0] from PATH; standard output and error go to out, cut to size. Returns the
 * exit code. */
int tool_run(const char *const argv[], char *out, size_t size);

/* What the qpdf program makes of the letter with two options (the second may be NULL); to
 * be freed with letter_free. */
struct slice tool_variant(const struct tool_folder *folder, const struct letter *letter,
                          const char *first, const char *second);

/* An NSS database "nss" in the folder that trusts the signer. */
void tool_trust(const struct tool_folder *folder, const struct signer *signer);
/* What pdfsig says of a file with exactly this many valid, trusted signatures, of which
 * the last covers all of it; and qpdf finds no fault. "" = that is so, else the answer.
 */
const char *tool_judge(const struct tool_folder *folder, const char *path, int count);
/* The number of times that word stands in text. */
int tool_count(const char *text, const char *word);

#endif

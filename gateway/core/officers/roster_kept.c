#include "gateway/core/officers/roster_kept.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"

void roster_kept_name(const struct quorum *quorum, char out[DIGEST_SHA256_SIZE])
{
    (void)snprintf(out, DIGEST_SHA256_SIZE, "none");
    if (quorum != NULL) {
        digest_sha256_text(quorum->sha256, out);
    }
}

/* "sha256:… SINCE", or "none SINCE". Before officers could change it, the file was what
 * was in force. */
void roster_kept_read(const char *memo, const char *file_memo, struct roster_kept *out)
{
    const char *rest = strchr(memo, ' ');
    uint64_t since = 0;

    *out = (struct roster_kept){.since_us = 0};
    if (rest != NULL && text_uint(slice_str(rest + 1), INT64_MAX, &since) == SG_OK) {
        (void)snprintf(out->before, sizeof(out->before), "%.*s", (int)(rest - memo),
                       memo);
        out->since_us = (int64_t)since;
    }
    (void)snprintf(out->file, sizeof(out->file), "%.71s",
                   file_memo[0] != '\0' ? file_memo : out->before);
}

bool roster_kept_counts(const struct roster_kept *kept, const char *file)
{
    return strcmp(file, "none") != 0 && strcmp(file, kept->file) == 0 &&
           strcmp(file, kept->before) != 0;
}

enum sg_status roster_kept_make(const struct config *config,
                                const struct roster_kept *kept,
                                const struct ledger_roster *last, struct quorum **out,
                                struct sg_error *why)
{
    char name[DIGEST_SHA256_SIZE];
    struct sg_error inner = {0};

    *out = NULL;
    digest_sha256_text(last->sha256, name);
    if (strcmp(name, kept->before) != 0) {
        return sg_fail(why, SG_CORRUPT,
                       "the roster in force cannot be read from the ledger: restore it "
                       "from its backup");
    }
    enum sg_status status = quorum_make(config, last->text, out, &inner);
    return status == SG_OK ? SG_OK
                           : sg_fail(why, status,
                                     "the roster that officers signed for does not fit "
                                     "the configuration: %.300s",
                                     inner.text);
}

#include "client/sign_sent.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/sign_beside.h"
#include "client/sign_terms.h"

static int failed(enum segel_code code, const char *reason, const char *text,
                  struct segel_error *error)
{
    *error = (struct segel_error){.code = (int)code};
    (void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
    (void)snprintf(error->text, sizeof(error->text), "%s", text);
    return (int)code;
}

static struct sign_sent *make(const struct sign_row *row, const struct sign_asked *asked)
{
    size_t path_size = strlen(row->path) + 1;
    size_t output_size = strlen(asked->output) + 1;
    struct sign_sent *sent =
        (struct sign_sent *)calloc(1, sizeof(*sent) + path_size + output_size);

    if (sent != NULL) {
        memcpy(sent->texts, row->path, path_size);
        memcpy(sent->texts + path_size, asked->output, output_size);
        sent->path = sent->texts;
        sent->output = sent->texts + path_size;
        sent->number = asked->number;
        sent->again = asked->again;
        sent->beside = sign_beside(&row->options);
    }
    return sent;
}

/* Of a letter libsegel gets the path, of any other file the digest. */
static int fill(struct sign_sent *sent, const struct segel_plan *plan,
                struct segel_letter *letter, struct segel_error *error)
{
    struct sg_error why = {0};

    letter->user = sent;
    if (!sent->beside) {
        letter->path = sent->path;
        letter->output = sent->output;
        return SEGEL_OK;
    }
    letter->look = NULL;
    letter->digest = sent->digest;
    return sign_beside_digest(sent->path, plan, sent->digest, &letter->digest_len,
                              &why) == SG_OK
               ? SEGEL_OK
               : failed(SEGEL_FILE, "unreadable", why.text, error);
}

static int submit(struct segel_bulk *bulk, struct segel_plan *plan,
                  struct segel_letter *letter, struct sign_sent *sent,
                  struct segel_error *error)
{
    int code = sent == NULL
                   ? failed(SEGEL_MEMORY, "memory", sg_status_text(SG_NO_MEMORY), error)
                   : fill(sent, plan, letter, error);

    if (code == SEGEL_OK) {
        code = segel_bulk_submit(bulk, plan, letter, error);
    }
    if (code != SEGEL_OK) {
        free(sent);
    }
    return code;
}

int sign_send(const struct sign_way *way, const struct sign_row *row,
              const struct sign_asked *asked, struct segel_error *error)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_look look = SEGEL_INIT(look);
    const struct journal_letter *kept = journal_at(way->journal, asked->number - 1);
    char request_id[JOURNAL_ID_SIZE];
    struct segel_plan *plan = NULL;
    struct sign_plan wanted;
    struct sg_error why = {0};

    if (sign_plan_read(&row->options, &wanted, &why) != SG_OK) {
        return failed(SEGEL_USAGE, "terms", why.text, error);
    }
    int code = sign_plans_get(way->plans, &wanted, &plan, error);
    if (code != SEGEL_OK) {
        return code;
    }
    sign_look(&wanted, &look);
    journal_id(way->journal, kept, request_id);
    letter.request_id = request_id;
    letter.signing_time_us = kept->signing_time_us;
    letter.look = &look;
    return submit(way->bulk, plan, &letter, make(row, asked), error);
}

enum sg_status sign_sent_write(const struct sign_sent *sent,
                               const struct segel_outcome *outcome, struct sg_error *why)
{
    return sent->beside ? pdf_write(sent->output,
                                    slice_of(outcome->signature, outcome->signature_len),
                                    slice_of("", 0), why)
                        : SG_OK;
}

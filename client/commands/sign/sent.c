#include "client/commands/sign/sent.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/commands/sign/beside.h"
#include "client/commands/sign/level.h"
#include "client/commands/sign/terms.h"

static int failed(enum segel_code code, const char *reason, const char *text,
                  struct segel_error *error)
{
    *error = (struct segel_error){.code = (int)code};
    (void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
    (void)snprintf(error->text, sizeof(error->text), "%s", text);
    return (int)code;
}

/* Copies the text to where the next one begins. */
static const char *keep(const char *text, char **at)
{
    size_t size = strlen(text) + 1;
    char *kept = *at;

    memcpy(kept, text, size);
    *at += size;
    return kept;
}

static struct sign_sent *make(const struct sign_row *row, const struct sign_asked *asked)
{
    const struct sign_options *options = &row->options;
    size_t size = strlen(row->path) + strlen(asked->output) + strlen(options->profile) +
                  strlen(options->key) + 4;
    struct sign_sent *sent = (struct sign_sent *)calloc(1, sizeof(*sent) + size);

    if (sent == NULL) {
        return NULL;
    }
    char *at = sent->texts;
    sent->path = keep(row->path, &at);
    sent->output = keep(asked->output, &at);
    sent->profile = keep(options->profile, &at);
    sent->extension.key = keep(options->key, &at);
    sent->number = asked->number;
    sent->again = asked->again;
    sent->beside = sign_beside(options);
    sent->raises = sign_level_read(options->profile, &sent->extension.level);
    sent->extension.or_less = options->or_less;
    sent->extension.keeps = !asked->force;
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
        letter->output = sent->raises ? NULL : sent->output;
        letter->keep = sent->extension.keeps;
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

int sign_plan_get(const struct sign_way *way, const struct sign_row *row,
                  const struct sign_asked *asked, struct sign_wanted *out,
                  struct segel_error *error)
{
    const struct journal_letter *kept =
        asked->number > 0 ? journal_at(way->journal, asked->number - 1) : NULL;
    struct sg_error why = {0};

    if (sign_plan_read(&row->options, &out->plan, &why) != SG_OK) {
        return failed(SEGEL_USAGE, "terms", why.text, error);
    }
    int code = sign_plans_get(way->plans, &out->plan, &out->terms, error);
    if (code == SEGEL_OK && kept != NULL && kept->hash != SG_HASH_NONE &&
        kept->hash != (uint8_t)sg_hash_parse(segel_plan_hash(out->terms))) {
        out->plan.wish.hash = (enum sg_hash)kept->hash;
        code = sign_plans_get(way->plans, &out->plan, &out->terms, error);
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
    struct sign_wanted wanted;

    int code = sign_plan_get(way, row, asked, &wanted, error);
    if (code != SEGEL_OK) {
        return code;
    }
    sign_look(&wanted.plan, &look);
    journal_id(way->journal, kept, request_id);
    letter.request_id = request_id;
    letter.signing_time_us = kept->signing_time_us;
    letter.room = kept->room;
    letter.look = &look;
    return submit(way->bulk, wanted.terms, &letter, make(row, asked), error);
}

enum sg_status sign_sent_write(const struct sign_sent *sent,
                               const struct segel_outcome *outcome, struct sg_error *why)
{
    struct slice cms = slice_of(outcome->signature, outcome->signature_len);

    if (!sent->beside) {
        return SG_OK;
    }
    return sent->extension.keeps ? pdf_write_new(sent->output, cms, slice_of("", 0), why)
                                 : pdf_write(sent->output, cms, slice_of("", 0), why);
}

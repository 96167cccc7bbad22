#include "client/segel/texts.h"

#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/segel/error.h"
#include "proto/text.h"

enum { ID_MAX = 64 };

void texts_add(struct texts *texts, const char **at)
{
    MUST(texts->count < TEXTS_MAX);
    texts->at[texts->count++] = at;
}

enum sg_status texts_keep(const struct texts *texts, char **block)
{
    size_t size = 1;

    for (size_t i = 0; i < texts->count; i++) {
        size += *texts->at[i] == NULL ? 0 : strlen(*texts->at[i]) + 1;
    }
    char *at = (char *)malloc(size);
    if (at == NULL) {
        return SG_NO_MEMORY;
    }
    *block = at;
    for (size_t i = 0; i < texts->count; i++) {
        if (*texts->at[i] != NULL) {
            size_t len = strlen(*texts->at[i]) + 1;
            memcpy(at, *texts->at[i], len);
            *texts->at[i] = at;
            at += len;
        }
    }
    return SG_OK;
}

bool text_taken(const char *text, size_t max)
{
    size_t len = text == NULL ? 0 : strnlen(text, max + 1);

    return len <= max && text_plain(slice_of(text, len));
}

/* --- The look ---------------------------------------------------------------------- */

void texts_add_look(struct texts *texts, struct segel_look *look)
{
    texts_add(texts, &look->reason);
    texts_add(texts, &look->location);
    texts_add(texts, &look->name);
    texts_add(texts, &look->title);
    texts_add(texts, &look->rank);
    texts_add(texts, &look->nip);
    texts_add(texts, &look->unit);
    texts_add(texts, &look->field);
}

bool look_visible(const struct segel_look *look)
{
    return look != NULL && (look->field != NULL || look->width > 0);
}

int look_take(struct segel_look *look, const struct segel_look *given,
              struct segel_error *error)
{
    if (!error_take_struct(look, sizeof(*look), given)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the look has no size: start from SEGEL_INIT");
    }
    if (look->field != NULL && look->width > 0) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "a field and a rectangle exclude each other: an existing field "
                         "has its place");
    }
    return SEGEL_OK;
}

/* --- The letter -------------------------------------------------------------------- */

/* By the gateway's own rule: a message with an id that is no UTF-8 it refuses whole, with
 * the letters of others in it. */
static bool id_usable(const char *id)
{
    return id != NULL && id[0] != '\0' && text_taken(id, ID_MAX);
}

static int check(const struct segel_letter *letter, struct segel_error *error)
{
    int given = (letter->path != NULL) + (letter->pdf != NULL) + (letter->digest != NULL);

    if (!id_usable(letter->request_id)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "a letter needs a request id of 1 to 64 bytes, in UTF-8 and "
                         "without control characters");
    }
    if (given != 1) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "give a letter as one of path, pdf and digest");
    }
    if (letter->digest != NULL && letter->output != NULL) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "a digest has no letter that could be written");
    }
    return SEGEL_OK;
}

/* One that is longer than any is refused when it is held against its plan. */
static void keep_digest(struct kept_letter *kept)
{
    size_t len = kept->letter.digest_len;

    if (kept->letter.digest != NULL) {
        memcpy(kept->digest, kept->letter.digest, len < SG_HASH_MAX ? len : SG_HASH_MAX);
    }
}

static enum sg_status keep(struct kept_letter *kept)
{
    struct texts texts = {.count = 0};

    keep_digest(kept);
    texts_add(&texts, &kept->letter.request_id);
    texts_add(&texts, &kept->letter.path);
    texts_add(&texts, &kept->letter.output);
    texts_add(&texts, &kept->letter.qr_text);
    texts_add_look(&texts, &kept->look);
    return texts_keep(&texts, &kept->block);
}

int kept_letter_take(struct kept_letter *kept, const struct segel_letter *given,
                     struct segel_error *error)
{
    *kept = (struct kept_letter){.block = NULL};
    if (!error_take_struct(&kept->letter, sizeof(kept->letter), given)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the letter has no size: start from SEGEL_INIT");
    }
    int code = check(&kept->letter, error);
    if (code == SEGEL_OK && kept->letter.look != NULL) {
        code = look_take(&kept->look, kept->letter.look, error);
        kept->letter.look = &kept->look;
    }
    if (code != SEGEL_OK) {
        return code;
    }
    if (kept->letter.signing_time_us == 0) {
        kept->letter.signing_time_us = moment_wall_us();
    }
    return keep(kept) == SG_OK ? SEGEL_OK : error_memory(error);
}

void kept_letter_fini(struct kept_letter *kept)
{
    free(kept->block);
    *kept = (struct kept_letter){.block = NULL};
}

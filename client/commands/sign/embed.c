#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/console/command.h"
#include "client/console/file.h"
#include "client/pdf/pdf.h"
#include "client/verify/verify.h"
#include "proto/algorithm.h"
#include "proto/text.h"

/* `segel embed`: the last of the three steps. The job's file may have been changed, and
 * the CMS come from anywhere: what they say is held against the letter. */
enum { LETTER_MAX = 1 << 30, JOB_MAX = 65536, CMS_MAX = 1 << 20 };

struct embed_options {
    const char *job;
    const char *cms;
    const char *out;
};

static const struct option rows[] = {
    {"job", 0, "FILE", "what 'segel prepare' printed",
     offsetof(struct embed_options, job)},
    {"cms", 0, "FILE", "the gateway's signature (DER)",
     offsetof(struct embed_options, cms)},
    {"out", 'o', "FILE", "the signed letter", offsetof(struct embed_options, out)},
};

/* The zero state is valid for _free. */
struct embedding {
    struct file_bytes text;
    struct file_bytes letter;
    struct file_bytes cms;
    json_t *job;
    size_t contents;     /* of '<' in the letter */
    size_t contents_end; /* behind '>' */
    enum sg_hash hash;
};

static void free_embedding(struct embedding *embedding)
{
    json_decref(embedding->job);
    file_free(&embedding->text);
    file_free(&embedding->letter);
    file_free(&embedding->cms);
}

static enum sg_status read_job(struct embedding *embedding, const char *path,
                               struct sg_error *why)
{
    TRY(file_read(path, JOB_MAX, &embedding->text, why));
    embedding->job =
        json_loadb((const char *)embedding->text.data, embedding->text.len, 0, NULL);
    const char *hash = json_string_value(json_object_get(embedding->job, "hash"));
    const char *prepared = json_string_value(json_object_get(embedding->job, "prepared"));
    json_int_t begin = json_integer_value(json_object_get(embedding->job, "contents"));
    json_int_t end = json_integer_value(json_object_get(embedding->job, "contents_end"));
    embedding->hash = hash == NULL ? SG_HASH_NONE : sg_hash_parse(hash);
    if (prepared == NULL || embedding->hash == SG_HASH_NONE || begin <= 0 ||
        end <= begin) {
        return sg_fail(why, SG_INVALID, "%s is not what 'segel prepare' prints", path);
    }
    embedding->contents = (size_t)begin;
    embedding->contents_end = (size_t)end;
    return file_read(prepared, LETTER_MAX, &embedding->letter, why);
}

/* The room is there, and nothing is in it: a letter that is signed already is left. */
static bool has_room(const struct embedding *embedding)
{
    const struct file_bytes *letter = &embedding->letter;

    if (embedding->contents_end > letter->len ||
        embedding->contents_end - embedding->contents < 4 ||
        letter->data[embedding->contents] != '<' ||
        letter->data[embedding->contents_end - 1] != '>') {
        return false;
    }
    for (size_t i = embedding->contents + 1; i < embedding->contents_end - 1; i++) {
        if (letter->data[i] != '0') {
            return false;
        }
    }
    return true;
}

static void free_md(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}

static enum sg_status digest_letter(const struct embedding *embedding,
                                    uint8_t out[SG_HASH_MAX], struct sg_error *why)
{
    AUTO(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
    const EVP_MD *algorithm = EVP_get_digestbyname(sg_hash_name(embedding->hash));
    const struct file_bytes *letter = &embedding->letter;

    bool made = md != NULL && algorithm != NULL &&
                EVP_DigestInit_ex(md, algorithm, NULL) == 1 &&
                EVP_DigestUpdate(md, letter->data, embedding->contents) == 1 &&
                EVP_DigestUpdate(md, letter->data + embedding->contents_end,
                                 letter->len - embedding->contents_end) == 1 &&
                EVP_DigestFinal_ex(md, out, NULL) == 1;
    return made ? SG_OK : sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
}

static void put_in(struct embedding *embedding)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *hex = embedding->letter.data + embedding->contents + 1;

    for (size_t i = 0; i < embedding->cms.len; i++) {
        hex[2 * i] = (uint8_t)digits[embedding->cms.data[i] >> 4];
        hex[2 * i + 1] = (uint8_t)digits[embedding->cms.data[i] & 15];
    }
}

static enum sg_status check(const struct embedding *embedding, struct sg_error *why)
{
    size_t room = (embedding->contents_end - embedding->contents - 2) / 2;
    struct slice cms = slice_of(embedding->cms.data, embedding->cms.len);
    uint8_t digest[SG_HASH_MAX];

    if (!has_room(embedding)) {
        return sg_fail(why, SG_INVALID,
                       "the prepared letter has no empty room for a signature where the "
                       "job says: prepare it again");
    }
    if (cms.len > room) {
        return sg_fail(why, SG_TOO_LARGE,
                       "the signature of %zu bytes does not fit the room of %zu", cms.len,
                       room);
    }
    TRY(digest_letter(embedding, digest, why));
    return verify_answer(cms, slice_of(digest, sg_hash_len(embedding->hash)), why);
}

static enum sg_status embed(const struct embed_options *options, struct sg_error *why)
{
    AUTO(free_embedding) struct embedding embedding = {.hash = SG_HASH_NONE};
    static const char *const needed[] = {"job", "cms", "out"};

    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        TRY(options_need(&command_embed.options, options, needed[i], why));
    }
    TRY(read_job(&embedding, options->job, why));
    TRY(file_read(options->cms, CMS_MAX, &embedding.cms, why));
    TRY(check(&embedding, why));
    put_in(&embedding);
    return pdf_write(options->out, slice_of(embedding.letter.data, embedding.letter.len),
                     slice_of("", 0), why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct embed_options options = {.job = NULL};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_embed, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = words->count == 0 ? embed(&options, &why)
                                              : sg_fail(&why, SG_INVALID,
                                                        "the prepared letter stands in "
                                                        "the job: name no file");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_embed = {
    .name = "embed",
    .operands = "",
    .summary = "put a signature into a letter that 'segel prepare' made ready",
    .examples = "The signature is checked first: it must be one of this letter. Needs no "
                "network.\n\n"
                "Examples:\n"
                "  segel embed --job job.json --cms answer.p7s -o signed.pdf\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

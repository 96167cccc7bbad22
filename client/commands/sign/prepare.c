#include <stdio.h>

#include "client/commands/sign/terms.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/pdf/job.h"
#include "client/segel/prepared.h"
#include "proto/json.h"
#include "proto/text.h"

/* `segel prepare`: the first of the three steps, for a program that asks the gateway for
 * the signature itself. `segel embed` is the third. */
#define AT(member) offsetof(struct prepare_options, member)
struct prepare_options {
    struct sign_options sign;
    const char *id;
};

static const struct option rows[] = {
    {"key", 'k', "NAME", "key that will sign, as 'segel signer NAME' shows it",
     AT(sign.key)},
    {"id", 0, "ID", "request id that the gateway will be asked with", AT(id)},
    {"out", 'o', "FILE", "the prepared letter, with room for the signature",
     AT(sign.out)},
    {"profile", 'p', "P", "pades-b-b (default) or pades-b-t", AT(sign.profile)},
    {"rect", 0, "X,Y,W,H", "visible stamp there: points from the lower left corner",
     AT(sign.rect)},
    {"page", 0, "N", "page of the stamp: a number, first, or last (default)",
     AT(sign.page)},
    {"field", 0, "NAME", "sign this empty field of the letter instead", AT(sign.field)},
    {"reason", 0, "TEXT", "reason, written into the signature", AT(sign.reason)},
    {"location", 0, "TEXT", "place, written into the signature", AT(sign.location)},
    {"name", 0, "TEXT", "signer's name, written into the signature", AT(sign.name)},
    {"stamp", 0, "T", "its template: block, footer, letter, or your own file",
     AT(sign.stamp)},
    {"title", 0, "TEXT", "signer's office, for the stamp", AT(sign.title)},
    {"unit", 0, "TEXT", "signer's unit, likewise", AT(sign.unit)},
    {"rank", 0, "TEXT", "signer's rank, likewise", AT(sign.rank)},
    {"nip", 0, "NIP", "signer's number as a civil servant, likewise", AT(sign.nip)},
    {"notice-shown", 0, NULL, "the letter carries the required statement already",
     AT(sign.notice)},
    {"hash", 0, "H", "sha256, sha384 or sha512 (default: the key's)", AT(sign.hash)},
};

static enum sg_status check_options(const struct prepare_options *options,
                                    const struct words *words, struct sg_error *why)
{
    static const char *const needed[] = {"key", "id", "out"};

    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        TRY(options_need(&command_prepare.options, options, needed[i], why));
    }
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID, "name one letter: segel prepare … FILE.pdf");
    }
    return file_same(words->at[0], options->sign.out)
               ? sg_fail(why, SG_INVALID,
                         "the prepared letter would overwrite the letter: choose another "
                         "name with -o")
               : SG_OK;
}

/* What the next two steps have to know. */
static enum sg_status print_job(const struct prepare_options *options,
                                const struct segel_plan *plan,
                                const struct segel_prepared *prepared,
                                struct sg_error *why)
{
    const struct pdf_holes *holes = &prepared->job->holes;
    char digest[2 * SG_HASH_MAX + 1];
    char buffer[16384];
    struct json_out out;
    struct slice text;

    text_hex(slice_of(prepared->digest, prepared->digest_len), digest);
    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "prepared", options->sign.out);
    json_str(&out, "request_id", options->id);
    json_str(&out, "key", plan->given.key);
    json_str(&out, "profile", sg_profile_name((enum sg_profile)plan->terms.profile));
    json_str(&out, "hash", segel_plan_hash(plan));
    json_str(&out, "digest", digest);
    json_bool(&out, "notice_shown", plan->terms.notice_shown != 0);
    json_uint(&out, "contents", prepared->input.bytes.len + holes->contents);
    json_uint(&out, "contents_end", prepared->input.bytes.len + holes->contents_end);
    json_end(&out);
    if (json_finish(&out, &text) != SG_OK) {
        return sg_fail(why, SG_INVALID, "the name of the prepared letter is too long");
    }
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    return SG_OK;
}

static enum sg_status prepare(const struct prepare_options *options, const char *path,
                              const struct segel_plan *plan, struct sg_error *why)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_prepared *prepared = NULL;
    struct segel_error error;

    letter.request_id = options->id;
    letter.path = path;
    int code = segel_prepare(plan, &letter, &prepared, &error);
    if (code == SEGEL_OK) {
        /* An empty CMS leaves the room for one full of zeros. */
        code = segel_embed(prepared, "", 0, options->sign.out, &error);
    }
    enum sg_status status = sign_status(code, &error, why);
    if (status == SG_OK) {
        status = print_job(options, plan, prepared, why);
    }
    segel_prepared_free(prepared);
    return status;
}

static enum sg_status work(const struct home *home, const struct prepare_options *options,
                           const char *path, struct sg_error *why)
{
    struct sign_plan wanted;
    struct segel *segel = NULL;
    struct segel_plan *plan = NULL;

    TRY(sign_plan_read(&options->sign, &wanted, why));
    if (wanted.raises) {
        return sg_fail(why, SG_INVALID,
                       "the level %s comes after the signature: prepare pades-b-t, and "
                       "extend the signed letter ('segel extend')",
                       extend_level_word(wanted.level));
    }
    TRY(sign_open(home, &segel, why));
    enum sg_status status = sign_terms(segel, &wanted, &plan, why);
    if (status == SG_OK) {
        status = prepare(options, path, plan, why);
    }
    segel_plan_free(plan);
    segel_close(segel);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    /* Class and approval are of the second step: nothing is asked for here. */
    struct prepare_options options = {.sign = {.profile = "pades-b-b",
                                               .lang = "en",
                                               .mandate = "",
                                               .batch = "",
                                               .document_class = "-",
                                               .approval = "-"}};
    struct sg_error why = {0};

    if (command_parse(&command_prepare, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = check_options(&options, words, &why);
    if (status == SG_OK) {
        status = work(home, &options, words->at[0], &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_prepare = {
    .name = "prepare",
    .operands = "FILE.pdf",
    .summary = "make a letter ready for a signature that another program asks for",
    .examples =
        "The first of three steps, for programs in any language. The second is the\n"
        "program's: it asks the gateway (segel.v1.SigningService, Sign) for a signature\n"
        "over the digest. The third is 'segel embed'. On stdout is one JSON object with\n"
        "all that they need; keep it until the letter is signed.\n\n"
        "Examples:\n"
        "  segel prepare -k seal-setda --id ND-123-1 -o prepared.pdf letter.pdf "
        ">job.json\n"
        "  segel prepare -k seal-setda --id ND-123-1 --rect 40,30,260,60 -o prepared.pdf "
        "\\\n"
        "      letter.pdf >job.json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/command.h"
#include "client/file.h"
#include "client/screen.h"
#include "client/sign_run.h"
#include "proto/text.h"

/* `segel sign` */
#define AT(member) offsetof(struct sign_options, member)
static const struct option rows[] = {
    {"key", 'k', "NAME", "key that signs, as 'segel signer NAME' shows it", AT(key)},
    {"class", 'c', "NAME", "document class, as the policy names it", AT(document_class)},
    {"approval", 'a', "REF", "the signer's consent that the job rests on", AT(approval)},
    {"out", 'o', "DIR", "folder for the signed letters; made if it is not there",
     AT(out)},
    {"profile", 'p', "P", "pades-b-b (default) or pades-b-t", AT(profile)},
    {"rect", 0, "X,Y,W,H", "visible stamp there: points from the lower left corner",
     AT(rect)},
    {"stamp", 0, "T", "its template: block, footer, letter, or your own file", AT(stamp)},
    {"page", 0, "N", "page of the stamp: a number, first, or last (default)", AT(page)},
    {"field", 0, "NAME", "sign this empty field of the letter instead", AT(field)},
    {"reason", 0, "TEXT", "reason, written into the signature", AT(reason)},
    {"location", 0, "TEXT", "place, written into the signature", AT(location)},
    {"name", 0, "TEXT", "signer's name, written into the signature", AT(name)},
    {"title", 0, "TEXT", "signer's office, for the stamp", AT(title)},
    {"unit", 0, "TEXT", "signer's unit, likewise", AT(unit)},
    {"rank", 0, "TEXT", "signer's rank, likewise", AT(rank)},
    {"nip", 0, "NIP", "signer's number as a civil servant, likewise", AT(nip)},
    {"mandate", 0, "ID", "mandate to draw on (default: none)", AT(mandate)},
    {"batch", 0, "NAME", "your own name for this batch, for the log", AT(batch)},
    {"hash", 0, "H", "sha256, sha384 or sha512 (default: the key's)", AT(hash)},
    {"scheme", 0, "S", "rsa-pkcs1, rsa-pss or ecdsa (default: the key's)", AT(scheme)},
    {"notice-shown", 0, NULL, "the letters carry the required statement already",
     AT(notice)},
    {"resume", 0, NULL, "leave letters alone that are signed already", AT(resume)},
    {"force", 0, NULL, "overwrite signed letters that are there", AT(force)},
    {"receipts", 0, NULL, "put the log's receipt beside each letter: FILE.pdf.tlog-proof",
     AT(receipts)},
    {"lang", 0, "id|en", "language of the policy's sentences (default: en)", AT(lang)},
    {"json", 0, NULL, "one JSON object a letter, and one for the run", AT(json)},
};

static enum sg_status check_options(const struct sign_options *options,
                                    const struct words *paths, struct sg_error *why)
{
    static const char *const needed[] = {"key", "class", "approval", "out"};

    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        TRY(options_need(&command_sign.options, options, needed[i], why));
    }
    if (options->force && options->resume) {
        return sg_fail(why, SG_INVALID, "--force and --resume exclude each other");
    }
    if (paths->count == 0) {
        return sg_fail(why, SG_INVALID, "name the letters: segel sign … FILE.pdf…");
    }
    return SG_OK;
}

static int by_name(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;

    return strcmp(file_name(left), file_name(right));
}

static void free_paths(char ***paths)
{
    free(*paths);
}

/* All go to one folder: two letters of one name would overwrite each other. */
static enum sg_status check_names(const struct words *paths, struct sg_error *why)
{
    AUTO(free_paths) char **sorted = (char **)calloc(paths->count, sizeof(char *));

    if (sorted == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    memcpy(sorted, paths->at, paths->count * sizeof(char *));
    qsort(sorted, paths->count, sizeof(char *), by_name);
    for (size_t i = 1; i < paths->count; i++) {
        if (by_name(&sorted[i - 1], &sorted[i]) == 0) {
            return sg_fail(why, SG_INVALID,
                           "%s and %s have the same name: sign them in two runs into "
                           "two folders",
                           sorted[i - 1], sorted[i]);
        }
    }
    return SG_OK;
}

static enum sg_status make_run_id(char out[SIGN_RUN_ID_SIZE], struct sg_error *why)
{
    uint8_t bytes[(SIGN_RUN_ID_SIZE - 1) / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return sg_fail(why, SG_INTERNAL, "the system gives no random numbers");
    }
    text_hex(slice_of(bytes, sizeof(bytes)), out);
    return SG_OK;
}

static enum sg_status sign_all(struct sign_job *job, struct sign_plan *plan,
                               struct sign_report *report, struct sg_error *why)
{
    AUTO(signer_free) Segel__V1__GetSignerResponse *signer = NULL;
    struct channel *channel = NULL;

    TRY(file_make_dir(plan->out_dir, why));
    TRY(home_connect(job->home, &channel, why));
    /* The statement is for the readers of the letter, whatever language the user reads.
     */
    enum sg_status status = signer_get(channel, plan->terms.key, "id", &signer, why);
    if (status == SG_OK) {
        status = sign_plan_fit(plan, signer, why);
    }
    if (status != SG_OK) {
        channel_close(channel);
        return status;
    }
    bool json = report->json;
    sign_report_start(report, json, job->paths->count);
    status = sign_run(job, channel, report, why);
    sign_report_answered(report);
    if (job->receipts != NULL) {
        sign_receipts_fetch(job->receipts, job->home, report);
    }
    sign_report_end(report);
    if (status != SG_OK) {
        screen_complain("not all letters were dealt with; the same command with --resume "
                        "goes on where this one stopped");
    }
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct sign_options options = {
        .profile = "pades-b-b", .lang = "en", .mandate = "", .batch = ""};
    struct sign_plan plan = {.visible = false};
    struct sign_receipts receipts = {.count = 0};
    struct sign_job job = {.home = home, .plan = &plan, .paths = words};
    struct sign_report report = {.run = job.run_id};
    struct sg_error why = {0};

    if (command_parse(&command_sign, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (check_options(&options, words, &why) != SG_OK ||
        check_names(words, &why) != SG_OK ||
        sign_plan_read(&options, &plan, &why) != SG_OK ||
        make_run_id(job.run_id, &why) != SG_OK) {
        screen_complain(why.text);
        sign_plan_fini(&plan);
        return EXIT_USAGE;
    }
    report.json = options.json;
    job.receipts = options.receipts ? &receipts : NULL;
    enum sg_status status = sign_all(&job, &plan, &report, &why);
    sign_receipts_fini(&receipts);
    sign_plan_fini(&plan);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    return report.refused_count > 0 ? EXIT_REFUSED : EXIT_WELL;
}

const struct command command_sign = {
    .name = "sign",
    .operands = "FILE.pdf…",
    .summary = "sign letters (PDF); only their digests go to the gateway",
    .examples =
        "A letter is either signed whole or not touched; the originals never change.\n"
        "With --stamp, --rect or --field the letter shows the statement and logos that\n"
        "the gateway's policy asks for, and a QR code with its address. A template\n"
        "brings its own place; --rect or --field gives it another.\n\n"
        "Examples:\n"
        "  segel sign -k seal-setda -c surat_keterangan -a ND/123/2026 -o signed *.pdf\n"
        "  segel sign -k seal-setda -c surat_tugas -a ND/124/2026 -o signed \\\n"
        "      --stamp letter --title 'SEKRETARIS DAERAH' letter.pdf\n"
        "  segel sign -k seal-setda -c surat_tugas -a ND/125/2026 -o signed \\\n"
        "      --receipts *.pdf\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

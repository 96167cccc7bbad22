#include <stdio.h>

#include "client/commands/sign/dry.h"
#include "client/commands/sign/interrupt.h"
#include "client/commands/sign/journal.h"
#include "client/commands/sign/run.h"
#include "client/commands/sign/terms.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/screen.h"

/* `segel sign` */
#define AT(member) offsetof(struct sign_options, member)
static const struct option rows[] = {
    {"key", 'k', "NAME", "key that signs, as 'segel signer NAME' shows it", AT(key)},
    {"class", 'c', "NAME", "document class, as the policy names it", AT(document_class)},
    {"approval", 'a', "REF", "the signer's consent that the job rests on", AT(approval)},
    {"out", 'o', "DIR", "folder for the signed letters; made if it is not there",
     AT(out)},
    {"profile", 'p', "P",
     "pades-b-b (default), -b-t, -b-lt, -b-lta; of other files cades-b-b, cades-b-t",
     AT(profile)},
    {"or-less", 0, NULL,
     "keep a letter at the level that it has, where validation data cannot be had",
     AT(or_less)},
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
    {"from", 0, "LIST", "names of the letters or folders, by line or NUL; - = stdin",
     AT(from)},
    {"manifest", 0, "CSV", "table of the letters, each with its own terms; - = stdin",
     AT(manifest)},
    {"resume", 0, NULL, "go on with a run that broke off; leave what is signed already",
     AT(resume)},
    {"force", 0, NULL, "overwrite results; with --resume, sign anew what changed",
     AT(force)},
    {"journal", 0, "FILE", "keep the run's journal there (default: in the folder of -o)",
     AT(journal)},
    {"result", 0, "FILE", "every letter's outcome, .csv or .json", AT(result[0])},
    {"result", 0, "FILE", "the other kind as well", AT(result[1])},
    {"dry-run", 'n', NULL, "ask the gateway what it would say; sign nothing",
     AT(dry_run)},
    {"receipts", 0, NULL, "put the log's receipt beside each letter: FILE.pdf.tlog-proof",
     AT(receipts)},
    {"lang", 0, "id|en", "language of the policy's sentences (default: en)", AT(lang)},
    {"quiet", 'q', NULL, "say only what is refused or wrong", AT(quiet)},
    {"json", 0, NULL, "one JSON object a letter, and one for the run", AT(json)},
};

/* What one run holds. */
struct all {
    const struct home *home;
    struct sign_options options;
    struct sign_source *source; /* owned; likewise below */
    struct sign_plans plans;
    struct sign_journal journal;
    struct sign_receipts receipts;
    struct sign_report report;
    char run_id[JOURNAL_RUN_SIZE];
};

/* With --resume and --force a result file that is there is written anew. */
static enum sg_status check_results(const struct sign_options *options,
                                    struct sg_error *why)
{
    const char *const others[] = {options->manifest, options->from};

    for (size_t i = 0; i < SIGN_RESULTS_MAX && options->result[i] != NULL; i++) {
        for (size_t j = 0; j < SG_COUNT(others); j++) {
            if (others[j] != NULL && file_same(options->result[i], others[j])) {
                return sg_fail(why, SG_INVALID,
                               "--result %s would overwrite what names the letters: "
                               "choose another name",
                               options->result[i]);
            }
        }
        if (i > 0 && strcmp(options->result[0], options->result[i]) == 0) {
            return sg_fail(why, SG_INVALID, "--result %s is given twice",
                           options->result[i]);
        }
    }
    return SG_OK;
}

static enum sg_status check_options(const struct sign_options *options,
                                    struct sg_error *why)
{
    static const char *const needed[] = {"out", "key", "class", "approval"};
    size_t count = options->manifest != NULL ? 1 : SG_COUNT(needed);

    if (options->dry_run && (options->result[0] != NULL || options->receipts)) {
        return sg_fail(why, SG_INVALID,
                       "--dry-run leaves no files: --result and --receipts exclude it");
    }
    for (size_t i = options->dry_run ? 1 : 0; i < count; i++) {
        TRY(options_need(&command_sign.options, options, needed[i], why));
    }
    return check_results(options, why);
}

/* --- The gateway ------------------------------------------------------------------- */

/* What all letters ask for is held against the key before the first one. */
static enum sg_status fit(struct all *all, struct sg_error *why)
{
    struct segel_plan *made = NULL;
    struct segel_error error;
    struct sign_plan plan;

    if (all->options.manifest != NULL) {
        return SG_OK;
    }
    TRY(sign_plan_read(&all->options, &plan, why));
    return sign_status(sign_plans_get(&all->plans, &plan, &made, &error), &error, why);
}

/* Nothing is well while letters are open, whatever the reason: one that was there when
 * they were counted may be gone. */
static enum sg_status count_all(const struct all *all, enum sg_status status,
                                struct sg_error *why)
{
    size_t open = sign_report_open(&all->report);

    return status != SG_OK || open == 0
               ? status
               : sg_fail(why, SG_IO, "%zu of %zu letters were not dealt with", open,
                         all->report.total);
}

/* Ctrl-C, while a connection or the gateway's word on the key was waited for. */
static enum sg_status tell_unbegun(enum sg_status status)
{
    if (status == SG_CANCELLED && sign_interrupt_count() > 0) {
        screen_complain(
            "stopped before any letter was begun: give the same command again");
    }
    return status;
}

static enum sg_status open_dry(struct all *all, struct channel **channel,
                               struct sg_error *why)
{
    TRY(home_connect_heeding(all->home, sign_interrupt_flag(), channel, why));
    TRY(sign_plans_open(&all->plans, all->home, why));
    return fit(all, why);
}

static enum sg_status dry_run(struct all *all, size_t total, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;

    TRY(tell_unbegun(open_dry(all, &channel, why)));
    all->report.dry = true;
    sign_report_start(&all->report, total);
    const struct sign_dry with = {all->home, &all->plans, channel, &all->report};
    enum sg_status status = sign_dry_run(all->source, &with, why);
    sign_report_end(&all->report);
    return count_all(all, status, why);
}

/* --- Signing ----------------------------------------------------------------------- */

static enum sg_status open_results(struct all *all, struct sg_error *why)
{
    const struct sign_options *options = &all->options;
    char separator = sign_source_separator(all->source);

    for (size_t i = 0; i < SIGN_RESULTS_MAX && options->result[i] != NULL; i++) {
        TRY(sign_result_open(&all->report.results[i], options->result[i], separator,
                             options->resume || options->force, why));
    }
    return SG_OK;
}

static enum sg_status close_results(struct all *all, enum sg_status status,
                                    struct sg_error *why)
{
    for (size_t i = 0; i < SIGN_RESULTS_MAX; i++) {
        struct sign_result *result = &all->report.results[i];
        struct sg_error own = {0};
        bool broken = result->broken;
        if (sign_result_close(result, &own) != SG_OK || broken) {
            status = status == SG_OK
                         ? sg_fail(why, SG_IO, "the result file %s is not whole",
                                   all->options.result[i])
                         : status;
        }
    }
    return status;
}

static enum sg_status open_all(struct all *all, struct sg_error *why)
{
    TRY(sign_plans_open(&all->plans, all->home, why));
    TRY(fit(all, why));
    TRY(file_make_dir(all->options.out, why));
    TRY(sign_journal_open(&all->options, &all->journal, why));
    (void)snprintf(all->run_id, sizeof(all->run_id), "%s",
                   journal_run(all->journal.journal));
    return open_results(all, why);
}

/* A receipt that is named, and is not there, is not left untold. */
static enum sg_status fetch_receipts(struct all *all, enum sg_status status,
                                     struct sg_error *why)
{
    struct sg_error own = {.text = "stopped"};
    enum sg_status fetched = SG_CANCELLED;

    if (sign_interrupt_count() == 0) {
        fetched = sign_receipts_fetch(&all->receipts, all->home, &all->report, &own);
    }
    bool left = sign_receipts_leave(&all->receipts, &all->report);
    return left && status == SG_OK ? sg_fail(why, fetched, "%s", own.text) : status;
}

static enum sg_status run_all(struct all *all, size_t total, struct sg_error *why)
{
    struct sign_job job = {.home = all->home,
                           .source = all->source,
                           .plans = &all->plans,
                           .journal = all->journal.journal,
                           .receipts = all->options.receipts ? &all->receipts : NULL,
                           .leave = all->options.resume};

    sign_report_start(&all->report, total);
    enum sg_status status = sign_run(&job, &all->report, why);
    if (status == SG_CANCELLED && sign_report_open(&all->report) == 0) {
        status = SG_OK; /* Ctrl-C came when all was done */
    }
    sign_report_answered(&all->report);
    if (job.receipts != NULL) {
        status = fetch_receipts(all, status, why);
    }
    sign_report_end(&all->report);
    return count_all(all, status, why);
}

static enum sg_status sign_all(struct all *all, size_t total, struct sg_error *why)
{
    TRY(tell_unbegun(open_all(all, why)));
    enum sg_status status = run_all(all, total, why);
    size_t open = sign_journal_close(&all->journal, status == SG_OK);
    bool receipts_alone = sign_report_open(&all->report) == 0 &&
                          (status == SG_CANCELLED || all->report.unfetched_count > 0);
    if (status != SG_OK && !receipts_alone) {
        screen_complain("not all letters were dealt with; the same command with --resume "
                        "goes on where this one stopped");
    } else if (open > 0) {
        screen_complain("some letters may be signed, and are not there: the same command "
                        "with --resume asks for them again");
    }
    return close_results(all, status, why);
}

/* --- The command ------------------------------------------------------------------- */

static enum exit_code end(const struct all *all, enum sg_status status,
                          const struct sg_error *why)
{
    if (status == SG_CANCELLED && sign_interrupt_count() > 0) {
        return EXIT_STOPPED;
    }
    if (status != SG_OK) {
        return command_failed(status, why);
    }
    return all->report.refused_count > 0 ? EXIT_REFUSED : EXIT_WELL;
}

static enum exit_code go(struct all *all, struct words *words)
{
    struct sg_error why = {0};
    struct sign_plan plan;
    size_t total = 0;

    enum sg_status status = check_options(&all->options, &why);
    if (status == SG_OK) {
        status = sign_plan_read(&all->options, &plan, &why);
    }
    if (status == SG_OK) {
        status = sign_source_open(&all->options, words, &all->source, &why);
    }
    if (status == SG_OK) {
        status = sign_source_survey(all->source, &total, &why);
    }
    if (status != SG_OK) {
        screen_complain(why.text);
        return status == SG_IO ? EXIT_BROKEN : EXIT_USAGE;
    }
    sign_interrupt_watch();
    status =
        all->options.dry_run ? dry_run(all, total, &why) : sign_all(all, total, &why);
    return end(all, status, &why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct all all = {
        .home = home,
        .options = {.profile = "pades-b-b", .lang = "en", .mandate = "", .batch = ""}};

    if (command_parse(&command_sign, words, &all.options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    all.report.run = all.run_id;
    all.report.json = all.options.json;
    all.report.quiet = all.options.quiet;
    all.report.wants_receipts = all.options.receipts;
    enum exit_code code = go(&all, words);
    sign_receipts_fini(&all.receipts);
    (void)sign_journal_close(&all.journal, false);
    sign_plans_close(&all.plans);
    sign_source_close(all.source);
    return code;
}

const struct command command_sign = {
    .name = "sign",
    .operands = "FILE.pdf… FOLDER…",
    .summary = "sign letters (PDF); only their digests go to the gateway",
    .examples =
        "A letter is either signed whole or not touched; the originals never change.\n"
        "With --stamp, --rect or --field the letter shows the statement and logos that\n"
        "the gateway's policy asks for, and a QR code with its address. A template\n"
        "brings its own place; --rect or --field gives it another.\n"
        "Of a folder all *.pdf are signed (with cades-* all files but *.p7s,\n"
        "*.tlog-proof and *.part), those in its folders too, which are kept below -o.\n"
        "Links inside of it are not followed.\n\n"
        "A manifest is a table with a header, of a spreadsheet saved as CSV UTF-8, with\n"
        "',' or ';'. Columns: file (from the manifest's folder), out (below -o) and\n"
#define COLUMN(name, member, help) "  " name "\n"
#include "client/commands/sign/columns.def"
#undef COLUMN
        "An empty cell leaves the option of the same name in force. A row that is wrong\n"
        "is told with line and column before anything is signed.\n\n"
        "With pades-b-lt and pades-b-lta a letter is signed as pades-b-t and extended, "
        "as\n"
        "'segel extend' does, before it gets its name. Where that cannot be done it has\n"
        "none: --resume tries again, --or-less keeps it at the level that it has.\n\n"
        "Ctrl-C finishes what is under way, once more gives it up. After that, or a\n"
        "crash, the same command with --resume goes on: nothing is signed twice.\n\n"
        "Exit code: 0 all are signed (--dry-run: would be); 1 some were refused, or "
        "could\n"
        "not be read; 2 the command line or the manifest is wrong (it names a letter "
        "that is\n"
        "not there, too), and nothing was signed; 3 the gateway, a list, a manifest or "
        "a\n"
        "folder cannot be reached; 6 stopped. After 3 and 6: --resume.\n\n"
        "Examples:\n"
        "  segel sign -k seal-setda -c surat_keterangan -a ND/123/2026 -o signed *.pdf\n"
        "  segel sign -k seal-setda -c surat_tugas -a ND/124/2026 -o signed \\\n"
        "      --stamp letter --title 'SEKRETARIS DAERAH' letter.pdf\n"
        "  segel sign -k seal-setda -c surat_tugas -a ND/125/2026 -o signed \\\n"
        "      --receipts --result outcome.csv 2026/\n"
        "  segel sign --manifest letters.csv -k seal-setda -o signed --dry-run\n"
        "  find 2026 -name '*.pdf' -print0 | segel sign --from - -k seal-setda \\\n"
        "      -c surat_tugas -a ND/126/2026 -o signed\n"
        "  segel sign -k seal-setda -c surat_tugas -a ND/128/2026 -o archive \\\n"
        "      --profile pades-b-lta 2026/\n"
        "  segel sign -k seal-setda -c surat_tugas -a ND/127/2026 -o signed \\\n"
        "      --profile cades-b-t --notice-shown data.xml\n"
        "                                        (makes signed/data.xml.p7s)\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

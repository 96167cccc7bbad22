#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/export_record.h"
#include "client/channel/moment.h"
#include "client/commands/report/log.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/progress.h"
#include "client/console/screen.h"
#include "client/report/output.h"

/* `segel report` */
struct report_options {
    const char *year;
    const char *from;
    const char *until;
    const char *zone;
    const char *bundle;
    const char *log_key;
    const char *reader;
    const char *notes;
    const char *format;
    const char *out;
    const char *lang;
    bool unrecorded;
};

#define AT(member) offsetof(struct report_options, member)
static const struct option rows[] = {
    {"year", 0, "YEAR", "calendar year in the zone of the city", AT(year)},
    {"from", 0, "TIME", "instead of a year: 2026-05-02 or 2026-05-02T08:00:00+07:00",
     AT(from)},
    {"until", 0, "TIME", "before this time", AT(until)},
    {"zone", 0, "ZONE",
     "zone of years, months and days (default: Asia/Jakarta): Asia/Makassar, "
     "Asia/Jayapura, UTC, +07:00",
     AT(zone)},
    {"bundle", 0, "PATH", "read an exported log instead of asking the gateway",
     AT(bundle)},
    {"log-key", 0, "VKEY",
     "verifier key of the log, or a file that holds it (default: log.vkey of the home "
     "folder)",
     AT(log_key)},
    {"for", 0, "agency|ca",
     "who receives it; ca: classes of fewer than 5 are merged (default: agency)",
     AT(reader)},
    {"notes", 0, "FILE", "YAML or JSON with what the log cannot know: docs/REPORT.md",
     AT(notes)},
    {"format", 0, "text|html|csv|json", "format on the standard output (default: text)",
     AT(format)},
    {"out", 'o', "FOLDER", "make a folder with all formats instead", AT(out)},
    {"lang", 0, "id|en", "language (default: en)", AT(lang)},
    {"unrecorded", 0, NULL, UNRECORDED_HELP, AT(unrecorded)},
};

enum { SHOW_US = 200000, SHOW_EVERY = 1024 };
struct showing {
    int64_t begun_us;
    int64_t shown_us;
    bool shown;
    const struct verdict *verdict; /* of a bundle: says how many records there are */
};

/* What the command line came to. */
struct call {
    struct report_period period;
    struct log_trust trust;
    struct hands hands;
    struct output output;
    enum output_format format;
    bool as_files;
    struct showing showing;
    struct channel *channel; /* owned; NULL with a bundle */
    struct account *account; /* borrowed */
};

/* --- The command line -------------------------------------------------------------- */

/* SG_INVALID: not one of the words. */
static enum sg_status choose(const char *option, const char *given,
                             const char *const *words, size_t *out, struct sg_error *why)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(given, words[i]) == 0) {
            *out = i;
            return SG_OK;
        }
    }
    return sg_fail(why, SG_INVALID,
                   "--%s '%.40s' is not known: see 'segel report --help'", option, given);
}

static enum sg_status read_words(const struct report_options *options, struct call *call,
                                 struct sg_error *why)
{
    static const char *const formats[OUTPUT_FORMATS + 1] = {[OUTPUT_TEXT] = "text",
                                                            [OUTPUT_HTML] = "html",
                                                            [OUTPUT_CSV] = "csv",
                                                            [OUTPUT_JSON] = "json"};
    static const char *const languages[] = {"en", "id", NULL};
    static const char *const readers[] = {"agency", "ca", NULL};
    size_t format = 0;
    size_t language = 0;
    size_t reader = 0;

    TRY(choose("format", options->format == NULL ? "text" : options->format, formats,
               &format, why));
    TRY(choose("lang", options->lang, languages, &language, why));
    TRY(choose("for", options->reader, readers, &reader, why));
    call->format = (enum output_format)format;
    call->output.indonesian = language == 1;
    call->output.for_ca = reader == 1;
    call->as_files = options->out != NULL;
    return !call->as_files || options->format == NULL
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "--out writes all formats: leave --format away");
}

static enum sg_status read_period(const struct report_options *options,
                                  struct report_period *period, struct sg_error *why)
{
    bool span = options->from != NULL && options->until != NULL;
    bool either = options->from != NULL || options->until != NULL;

    TRY(zone_parse(options->zone, &period->zone, why));
    if (options->year != NULL && !either) {
        return period_of_year(options->year, period, why);
    }
    if (options->year == NULL && span) {
        return period_between(options->from, options->until, period, why);
    }
    return sg_fail(why, SG_INVALID,
                   options->year == NULL
                       ? "--year is missing: write --year 2026, or both --from and "
                         "--until"
                       : "--year stands alone: write --year 2026, or both --from and "
                         "--until");
}

/* A report is made by a key that the reader has from elsewhere, or not at all. */
static enum sg_status load_key(const struct home *home,
                               const struct report_options *options,
                               struct log_trust *trust, struct sg_error *why)
{
    char path[HOME_PATH_SIZE];

    if (options->log_key == NULL) {
        TRY(home_need(home, HOME_VKEY, path, why));
        return log_trust_load(path, trust, why);
    }
    if (note_vkey_parse(slice_str(options->log_key), &trust->key) == SG_OK) {
        trust->known = true;
        return SG_OK;
    }
    return log_trust_load(options->log_key, trust, why);
}

static enum sg_status read_call(const struct home *home,
                                const struct report_options *options, struct call *call,
                                struct sg_error *why)
{
    TRY(read_words(options, call, why));
    TRY(read_period(options, &call->period, why));
    TRY(load_key(home, options, &call->trust, why));
    return options->notes == NULL ? SG_OK : hands_read(options->notes, &call->hands, why);
}

/* --- Progress ---------------------------------------------------------------------- */

static void show(void *context, const struct account *account)
{
    struct showing *showing = (struct showing *)context;
    const struct verdict *verdict = showing->verdict;
    char line[PROGRESS_SIZE];

    if (account->records % SHOW_EVERY != 0) {
        return;
    }
    int64_t now_us = moment_mono_us();
    if (now_us - showing->shown_us < SHOW_US) {
        return;
    }
    struct progress progress = {
        .total = (size_t)(verdict != NULL ? verdict->head.end - verdict->head.first
                                          : account->total),
        .done = (size_t)account->records,
        .elapsed_us = now_us - showing->begun_us};
    showing->shown_us = now_us;
    showing->shown = true;
    progress_line(&progress, line);
    (void)fprintf(stderr, "\r\033[K%s", line);
    (void)fflush(stderr);
}

/* --- Reading ----------------------------------------------------------------------- */

static enum sg_status read_gateway(const struct home *home, struct call *call,
                                   struct account *account, struct sg_error *why)
{
    TRY(home_connect(home, &call->channel, why));
    return report_log(call->channel, &call->trust, account, why);
}

/* A report of a bundle is made without a gateway, which may be another one's or gone. */
static enum sg_status record(void *context, const char sha256[65], struct sg_error *why)
{
    const struct call *call = (const struct call *)context;
    uint64_t index = 0;
    size_t len = 0;
    struct export_record made = {.kind = SEGEL__V1__EXPORT_KIND__EXPORT_KIND_REPORT,
                                 .tree_size = call->account->evidence.end.head.size,
                                 .from_us = call->period.from_us,
                                 .until_us = call->period.until_us};

    MUST(text_unhex(slice_str(sha256), made.sha256.bytes, TLOG_HASH_SIZE, &len) == SG_OK);
    TRY(export_record(call->channel, &made, &index, why));
    (void)fprintf(stderr, "On the log as record %" PRIu64 ", by its SHA-256\n", index);
    return SG_OK;
}

static enum sg_status read_file(const char *path, const struct call *call,
                                struct account *account, struct verdict *verdict,
                                struct sg_error *why)
{
    struct trust_policy *trust = (struct trust_policy *)calloc(1, sizeof(*trust));

    if (trust == NULL) {
        return SG_NO_MEMORY;
    }
    verdict->language = call->output.indonesian ? VERDICT_INDONESIAN : VERDICT_ENGLISH;
    enum sg_status status = trust_add_log(trust, &call->trust.key, why);
    if (status == SG_OK) {
        status = account_bundle(account, path, trust, verdict, why);
    }
    free(trust);
    return status;
}

static enum sg_status read_source(const struct home *home,
                                  const struct report_options *options, struct call *call,
                                  struct account *account, struct sg_error *why)
{
    struct showing *showing = &call->showing;
    struct verdict *verdict = (struct verdict *)calloc(1, sizeof(*verdict));

    if (verdict == NULL) {
        return SG_NO_MEMORY;
    }
    showing->begun_us = moment_mono_us();
    showing->verdict = options->bundle == NULL ? NULL : verdict;
    account->show = screen_is_terminal(stderr) ? show : NULL;
    account->context = showing;
    enum sg_status status = options->bundle == NULL
                                ? read_gateway(home, call, account, why)
                                : read_file(options->bundle, call, account, verdict, why);
    if (showing->shown) {
        (void)fputs("\r\033[K", stderr);
    }
    free(verdict);
    return status;
}

static enum exit_code make(const struct home *home, const struct report_options *options,
                           struct call *call, struct account *account)
{
    struct sg_error why = {.text = ""};
    enum sg_status status = account_start(account, &call->period);

    if (status == SG_OK) {
        status = read_source(home, options, call, account, &why);
    }
    call->account = account;
    call->output.account = account;
    call->output.hands = &call->hands;
    if (call->channel != NULL && !options->unrecorded) {
        call->output.tell = record;
        call->output.context = call;
    }
    if (status == SG_OK) {
        status = call->as_files
                     ? output_folder(&call->output, options->out, &why)
                     : output_stream(&call->output, call->format, stdout, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

static enum exit_code carry_out(const struct home *home,
                                const struct report_options *options, struct call *call)
{
    struct account *account = NULL;
    struct sg_error why = {.text = ""};
    enum sg_status status = read_call(home, options, call, &why);

    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    account = (struct account *)calloc(1, sizeof(*account));
    if (account == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    enum exit_code code = make(home, options, call, account);
    account_fini(account);
    free(account);
    return code;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct report_options options = {
        .zone = "Asia/Jakarta", .lang = "en", .reader = "agency"};
    static struct call call;

    if (command_parse(&command_report, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count > 0) {
        screen_complain("report takes options only: 'segel report --help'");
        return EXIT_USAGE;
    }
    enum exit_code code = carry_out(home, &options, &call);
    channel_end(&call.channel);
    hands_fini(&call.hands);
    return code;
}

const struct command command_report = {
    .name = "report",
    .operands = "",
    .summary = "count a year of the log for the certification authority, with proofs",
    .examples =
        "Every record is read and verified while it is counted: there is no report of a\n"
        "log that does not verify. Counts only; nothing about single letters. The same\n"
        "log and options give the same bytes. docs/REPORT.md says where each figure\n"
        "comes from. A bundle has to reach back to the period's begin in its zone:\n"
        "'segel log export --help' shows how. Exit codes: 0 made, 1 the log is not\n"
        "sound, or lacks the begin of the period, 2 wrong command line, 3 not readable.\n"
        "\n"
        "Examples:\n"
        "  segel report --year 2026 --lang id --for ca --notes notes.yaml --out 2026\n"
        "  segel report --year 2026 --bundle 2026.tar --log-key log.vkey --format html\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

#include "client/commands/log/export.h"
#include "client/call/log_begin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/export_record.h"
#include "client/call/log_stream.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/period.h"
#include "client/console/screen.h"

/* `segel log export` */
struct export_options {
    const char *from;
    const char *until;
    const char *out;
    const char *vkey;
    bool unrecorded;
};

#define AT(member) offsetof(struct export_options, member)
static const struct option rows[] = {
    {"from", 0, "TIME", "records from this time on: 2026-05-02 or 2026-05-02T01:02:03Z",
     AT(from)},
    {"until", 0, "TIME", "records before this time", AT(until)},
    {"out", 'o', "PATH", "folder to make, or a file when it ends in .tar", AT(out)},
    {"vkey", 0, "FILE",
     "verifier key of the log that you were given (default: log.vkey of the home folder)",
     AT(vkey)},
    {"unrecorded", 0, NULL, UNRECORDED_HELP, AT(unrecorded)},
};
static const struct option_table table = {rows, SG_COUNT(rows)};

/* --- Which records ----------------------------------------------------------------- */

struct finding {
    uint64_t index;
    bool found;
};

static bool find_first(void *context, uint64_t index, struct slice json)
{
    struct finding *finding = (struct finding *)context;

    (void)json;
    *finding = (struct finding){index, true};
    return false;
}

/* The first record at or after a time, in the order of the log; the end of the tree when
 * there is none. */
static enum sg_status first_since(struct export *export, int64_t time_us, uint64_t from,
                                  uint64_t *out)
{
    struct finding finding = {0};
    struct log_visitor visitor = {find_first, &finding};
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    filter.from_us = time_us;
    request.filter = &filter;
    request.first = from;
    request.count = 1;
    TRY(log_stream(export->channel, &request, &visitor, export->why));
    *out = finding.found && finding.index < export->range.tree_size
               ? finding.index
               : export->range.tree_size;
    return SG_OK;
}

/* The period, and the record on either side of it: they show that nothing between them
 * was left out. A log that was pruned begins with the first record that there is. */
static enum sg_status find_range(struct export *export)
{
    struct manifest_head *range = &export->range;
    uint64_t oldest = 0;

    range->tree_size = export->head.size;
    range->end = range->tree_size;
    TRY(log_begin_find(export->channel, &oldest, export->why));
    range->first = oldest;
    if (range->from_us != INT64_MIN) {
        TRY(first_since(export, range->from_us, 0, &range->first));
    }
    if (range->until_us != INT64_MAX) {
        TRY(first_since(export, range->until_us, range->first, &range->end));
        range->end += range->end < range->tree_size ? 1 : 0;
    }
    range->first -= range->first > oldest ? 1 : 0;
    export->whole = manifest_head_whole(range);
    static_assert(sizeof(range->origin) == sizeof(export->head.origin), "both of a note");
    memcpy(range->origin, export->head.origin, sizeof(range->origin));
    return range->end > range->first
               ? export_hold_begin(export, oldest)
               : sg_fail(export->why, SG_NOT_FOUND, "the log holds no records yet");
}

/* --- Making it --------------------------------------------------------------------- */

static enum sg_status load_key(const struct home *home,
                               const struct export_options *options,
                               struct export *export)
{
    char path[HOME_PATH_SIZE];

    if (options->vkey != NULL) {
        return log_trust_load(options->vkey, &export->trust, export->why);
    }
    home_path(home, HOME_VKEY, path);
    return file_exists(path) ? log_trust_load(path, &export->trust, export->why) : SG_OK;
}

static void say_use(const char *path, enum export_use use)
{
    static const char *const words[] = {
        [EXPORT_AGAIN] = "it is in the bundle already",
        [EXPORT_UNNAMED] = "no record of the period names it; it is left out"};

    if (use != EXPORT_TAKEN) {
        (void)fprintf(stderr, "%s: %s\n", path, words[use]);
    }
}

/* Files that were given, and what the gateway has of the rest. */
static enum sg_status add_named(struct export *export, const struct words *files)
{
    size_t absent = 0;

    for (size_t i = 0; i < files->count; i++) {
        enum export_use use = EXPORT_UNNAMED;
        TRY(export_file(export, files->at[i], &use));
        say_use(files->at[i], use);
    }
    TRY(export_policies(export, &absent));
    if (absent > 0) {
        (void)fprintf(stderr,
                      "The gateway does not have all policies that records name (%zu are "
                      "lacking): name the files, if you have them\n",
                      absent);
    }
    return SG_OK;
}

static enum sg_status record(struct export *export, const struct tlog_hash *sha256)
{
    const struct manifest_head *range = &export->range;
    const struct export_record made = {.kind = SEGEL__V1__EXPORT_KIND__EXPORT_KIND_BUNDLE,
                                       .sha256 = *sha256,
                                       .tree_size = range->tree_size,
                                       .from_us = range->from_us,
                                       .until_us = range->until_us};

    return export_record(export->channel, &made, &export->record, export->why);
}

static enum sg_status make(struct export *export, const struct export_options *options,
                           const struct words *files)
{
    size_t len = strlen(options->out);
    bool as_tar = len > 4 && strcmp(options->out + len - 4, ".tar") == 0;

    TRY(log_head_fetch(export->channel, &export->trust, &export->head, export->why));
    TRY(find_range(export));
    TRY(bundle_writer_start(&export->writer, options->out, export->why));
    TRY(export_records(export));
    TRY(export_checkpoints(export));
    TRY(export_tiles(export));
    TRY(add_named(export, files));
    TRY(bundle_writer_seal(&export->writer, &export->range, &export->sha256,
                           export->why));
    if (!options->unrecorded) {
        TRY(record(export, &export->sha256));
    }
    return bundle_writer_finish(&export->writer, as_tar, export->why);
}

static void say_record(const struct export *export, const struct export_options *options)
{
    char hex[65];

    if (!options->unrecorded) {
        text_hex(slice_of(export->sha256.bytes, TLOG_HASH_SIZE), hex);
        (void)printf("On the log as record %" PRIu64 ", by the SHA-256 of its MANIFEST:\n"
                     "  %s\n",
                     export->record, hex);
    }
}

static void say_result(const struct export *export, const struct export_options *options)
{
    const char *out = options->out;
    const struct manifest_head *range = &export->range;

    (void)printf("%s: records %" PRIu64 " to %" PRIu64 " of %" PRIu64
                 ", %zu files, log %s\n",
                 out, range->first, range->end - 1, range->tree_size,
                 export->writer.count, range->origin);
    say_record(export, options);
    (void)printf("Check it with: segel-verify --log-key log.vkey %s\n", out);
}

static void fini(struct export **export)
{
    if (*export != NULL) {
        bundle_out_fini(&(*export)->part);
        bundle_out_fini(&(*export)->entries);
        bundle_out_fini(&(*export)->scratch);
        bundle_writer_fini(&(*export)->writer);
        channel_close((*export)->channel);
    }
    free(*export);
}

/* A manifest has no times before 1970, and no log has records of then. */
static enum sg_status read_period(const struct export_options *options,
                                  struct manifest_head *range, struct sg_error *why)
{
    range->from_us = INT64_MIN;
    range->until_us = INT64_MAX;
    TRY(period_time("from", options->from, &range->from_us, why));
    TRY(period_time("until", options->until, &range->until_us, why));
    if ((options->from != NULL && range->from_us < 0) ||
        (options->until != NULL && range->until_us < 0)) {
        return sg_fail(why, SG_INVALID,
                       "no log has records from before 1970: leave --from out for all");
    }
    return range->from_us < range->until_us
               ? SG_OK
               : sg_fail(why, SG_INVALID, "--until must be later than --from");
}

static enum exit_code carry_out(const struct home *home,
                                const struct export_options *options,
                                const struct words *files)
{
    AUTO(fini) struct export *export = (struct export *)calloc(1, sizeof(*export));
    struct sg_error why = {0};

    if (export == NULL) {
        screen_complain(sg_status_text(SG_NO_MEMORY));
        return EXIT_BROKEN;
    }
    export->why = &why;
    export->writer.dir = -1;
    export->quiet = !screen_is_terminal(stderr);
    enum sg_status status = read_period(options, &export->range, &why);
    if (status == SG_OK) {
        status = load_key(home, options, export);
    }
    if (status == SG_OK) {
        status = home_connect(home, &export->channel, &why);
    }
    if (status == SG_OK) {
        status = make(export, options, files);
    }
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    say_result(export, options);
    return EXIT_WELL;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct export_options options = {.from = NULL};
    struct sg_error why;

    if (command_parse(&command_log_export, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (options_need(&table, &options, "out", &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    return carry_out(home, &options, words);
}

const struct command command_log_export = {
    .name = "log export",
    .operands = "[FILE …]",
    .summary = "write records with all that proves them, to be checked elsewhere",
    .examples =
        "The bundle is checked by segel-verify, offline and without this gateway: see\n"
        "docs/BUNDLE.md. Without --from and --until it holds the whole log. Policies "
        "that\n"
        "a record names are fetched from the gateway. FILEs are certificates, and "
        "policies\n"
        "that the gateway does not have: those that a record names go into the bundle.\n"
        "It is written to PATH.tmp and gets its name last: whole, or not at all.\n\n"
        "Examples:\n"
        "  segel log export --from 2026-01-01T00:00:00+07:00 \\\n"
        "    --until 2027-01-01T00:00:00+07:00 --out 2026.tar\n"
        "  segel log export --out bundle seal.pem\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

/* ledger FOLDER [SIGNATURES]: what the ledger gives on the disk of FOLDER.
 *
 * Makes a ledger of so many signatures (20,000 unless told) by the ledger's own
 * functions, or adds to the one that is there: INTENT with its claim, OUTCOME with its
 * answer, of the size that the core writes. Then: how long a start takes, commits of 1,
 * 64 and 256 records beside what the disk does of the same bytes, claims, proofs,
 * filters, and the check of the whole log. Deletes nothing. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "proto/text.h"
#include "proto/tlog/proof.h"
#include "tests/bench/disk.h"
#include "tests/bench/figures.h"
#include "tests/bench/writer.h"

enum { ASKED = 300 };
static const double LOOK_S = 2; /* one rate */

/* Of sorted ones. */
static double percentile_ms(const struct figures *figures, uint64_t percent)
{
    uint64_t at = figures->done * percent / 100;

    return figures->latencies[at] / 1e3;
}

static void fill(struct writer *writer, uint64_t wanted)
{
    uint64_t had = writer->jobs;
    double from = disk_now_s();

    for (unsigned turns = 1; writer->jobs < wanted; turns++) {
        writer_turn(writer, TURN_MAX);
        if (turns % 16 == 0) {
            writer_need(ledger_idle(writer->ledger), "write back", writer);
        }
    }
    writer_settle_all(writer);
    writer_checkpoint(writer);
    if (writer->jobs > had) {
        double took = disk_now_s() - from;
        (void)printf("made %" PRIu64 " signatures in %.0f s, %.0f records/s\n",
                     writer->jobs - had, took, 2 * (double)(writer->jobs - had) / took);
    }
}

/* --- Writing ------------------------------------------------------------------------ */

/* Once a second, as the core does; what it writes is no commit's. */
static void write_back(struct writer *writer, double *next_s, double *bytes)
{
    if (disk_now_s() >= *next_s) {
        double before = disk_written();
        writer_need(ledger_idle(writer->ledger), "write back", writer);
        *bytes += disk_written() - before;
        *next_s = disk_now_s() + 1;
    }
}

static void print_group(const struct writer *writer, size_t records,
                        struct figures *commits, double took, double bytes)
{
    double rate = (double)commits->done / took;
    double raw = disk_syncs(writer->folder, (size_t)bytes, LOOK_S / 2);

    qsort(commits->latencies, commits->done, sizeof(uint32_t), figures_by_value);
    (void)printf("commits of %3zu records, %s: %.0f records/s, %.0f commits/s, p50 %.2f "
                 "ms, p99 %.2f ms; %.0f KiB each, of which the disk syncs %.0f/s: ratio "
                 "%.2f\n",
                 records, writer->random != 0 ? "random ids" : "ids of runs",
                 rate * (double)records, rate, percentile_ms(commits, 50),
                 percentile_ms(commits, 99), bytes / 1024, raw, rate / raw);
}

static void look_at_group(struct writer *writer, size_t records)
{
    static struct figures commits;
    double cpu = figures_cpu_us();
    double first = disk_written();
    double others = 0;
    double from = disk_now_s();
    double next_s = from + 1;

    commits.done = 0;
    while (disk_now_s() < from + LOOK_S) {
        double begin = disk_now_s();
        writer_turn(writer, records);
        figures_note(&commits, (uint32_t)((disk_now_s() - begin) * 1e6));
        write_back(writer, &next_s, &others);
    }
    double took = disk_now_s() - from;
    double bytes = (disk_written() - first - others) / (double)commits.done;
    cpu = (figures_cpu_us() - cpu) / (double)(commits.done * records);
    writer_settle_all(writer);
    print_group(writer, records, &commits, took, bytes);
    (void)printf("    %.1f us of processor a record\n", cpu);
}

static void look_at_groups(struct writer *writer)
{
    static const size_t sizes[] = {1, 64, 256};

    for (size_t i = 0; i < SG_COUNT(sizes); i++) {
        look_at_group(writer, sizes[i]);
    }
}

/* --- Starting ----------------------------------------------------------------------- */

static void open_ledger(struct writer *writer, const char *said)
{
    const struct ledger_options options = {.path = writer->path, .origin = WRITER_ORIGIN};
    struct ledger_state state;
    struct sg_error why;
    char memo[LEDGER_MEMO_MAX];
    double from = disk_now_s();

    if (ledger_open(&options, &writer->ledger, &state, &why) != SG_OK) {
        writer_give_up("open", why.text);
    }
    if (said != NULL) {
        (void)printf("start, %s: %.3f s (%" PRIu64 " records)\n", said,
                     disk_now_s() - from, state.size);
    }
    if (ledger_recall(writer->ledger, "bench", memo) == SG_OK &&
        text_uint(slice_str(memo), INT64_MAX, &writer->jobs) != SG_OK) {
        writer_give_up("open", "the ledger is not one of this program");
    }
}

/* Asks the kernel to forget the file's pages; it may keep some. */
static void cool(const struct writer *writer)
{
    int fd = open(writer->path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fdatasync(fd);
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        (void)close(fd);
    }
}

static void look_at_start(struct writer *writer)
{
    ledger_close(writer->ledger);
    cool(writer);
    open_ledger(writer, "pages cold");
    ledger_close(writer->ledger);
    open_ledger(writer, "pages warm");
}

/* --- Asking ------------------------------------------------------------------------- */

static void print_asked(const char *what, struct figures *asked)
{
    qsort(asked->latencies, asked->done, sizeof(uint32_t), figures_by_value);
    (void)printf("%s: p50 %.3f ms  p99 %.3f ms  longest %.3f ms\n", what,
                 percentile_ms(asked, 50), percentile_ms(asked, 99),
                 asked->latencies[asked->done - 1] / 1e3);
    asked->done = 0;
}

static void look_at_claims(struct writer *writer, const char *what)
{
    static struct figures asked;

    for (unsigned i = 0; i < ASKED; i++) {
        struct claim wanted;
        struct claim found;
        jobs_claim(jobs_mix(i) % writer->jobs, 0, &wanted);
        double begin = disk_now_s();
        writer_need(ledger_find(writer->ledger, wanted.caller, wanted.request_id, &found),
                    "find", writer);
        figures_note(&asked, (uint32_t)((disk_now_s() - begin) * 1e6));
    }
    print_asked(what, &asked);
}

static void look_at_proofs(struct writer *writer, struct ledger_reader *reader,
                           const char *what)
{
    static struct figures asked;
    static uint8_t receipt[PROOF_MAX];
    uint64_t size = ledger_checkpoint_size(writer->ledger);
    size_t len = 0;

    for (unsigned i = 0; i < ASKED; i++) {
        double begin = disk_now_s();
        writer_need(
            ledger_receipt(reader, jobs_mix(i) % size, receipt, sizeof(receipt), &len),
            "prove", writer);
        figures_note(&asked, (uint32_t)((disk_now_s() - begin) * 1e6));
    }
    print_asked(what, &asked);
}

static void count_it(void *context, uint64_t index, struct slice json)
{
    (void)index;
    (void)json;
    (*(uint64_t *)context)++;
}

static void look_at_filter(struct writer *writer, struct ledger_reader *reader,
                           const char *what, const struct record_filter *filter)
{
    struct record_page page = {.max = 128, .scan = 8192};
    uint64_t matches = 0;
    double from = disk_now_s();

    for (uint64_t size = ledger_size(writer->ledger); page.first < size;
         page.first = page.next) {
        writer_need(ledger_read(reader, filter, &page, count_it, &matches), "filter",
                    writer);
    }
    (void)printf("filter by %s: %.3f s to the end of the log, %" PRIu64 " matches\n",
                 what, disk_now_s() - from, matches);
}

static void build_index(struct writer *writer, struct ledger_reader *reader)
{
    struct sg_error why;
    double from = disk_now_s();

    if (ledger_reader_index(reader, writer->path, &why) != SG_OK) {
        writer_give_up("open the index", why.text);
    }
    while (ledger_reader_step(reader, &why) == SG_OK) {
    }
    (void)printf("index of filters: %.1f s\n", disk_now_s() - from);
}

static void look_at_filters(struct writer *writer, struct ledger_reader *reader)
{
    struct claim one;

    jobs_claim(writer->jobs / 2, 0, &one);
    const struct record_filter by_id = {.request_id = one.request_id};
    const struct record_filter absent = {.request_id = "absent"};
    const struct record_filter minute = {.from_us = one.signing_time_us,
                                         .until_us = one.signing_time_us + 60000000,
                                         .caller = "caller-39",
                                         .decision = "allow"};
    look_at_filter(writer, reader, "request id", &by_id);
    look_at_filter(writer, reader, "a request id of no record", &absent);
    look_at_filter(writer, reader, "caller, decision and one minute", &minute);
}

static void look_at_scrub(struct writer *writer, struct ledger_reader *reader)
{
    char vkey[NOTE_VKEY_MAX];
    struct scrub_progress progress = {0};
    struct sg_error why = {0};
    double from = disk_now_s();
    double longest = 0;

    note_vkey_format(&writer->log_key, vkey);
    enum sg_status status = ledger_scrub_begin(reader, vkey, &why);
    while (status == SG_OK) {
        double begin = disk_now_s();
        status = ledger_scrub_step(reader, &progress, &why);
        longest = disk_now_s() - begin > longest ? disk_now_s() - begin : longest;
    }
    if (status != SG_NOT_FOUND) {
        writer_give_up("check the log", why.text);
    }
    (void)printf("check of the whole log: %.1f s without rests, %.0f records/s, longest "
                 "piece %.1f ms\n",
                 disk_now_s() - from, (double)progress.records / (disk_now_s() - from),
                 longest * 1e3);
}

/* --- All of it ---------------------------------------------------------------------- */

static void look(struct writer *writer)
{
    struct ledger_reader *reader = NULL;
    struct sg_error why;

    look_at_start(writer);
    (void)printf("raw syncs of 4 KiB: %.0f/s\n",
                 disk_syncs(writer->folder, 4096, LOOK_S / 2));
    look_at_groups(writer);
    writer->random = JOBS_RANDOM + ((uint64_t)time(NULL) << 24);
    look_at_groups(writer);
    writer->random = 0;
    writer_checkpoint(writer);
    look_at_claims(writer, "one claim");
    if (ledger_reader_open(writer->path, &reader, &why) != SG_OK) {
        writer_give_up("open for reading", why.text);
    }
    cool(writer);
    look_at_proofs(writer, reader, "one receipt, pages cold");
    look_at_proofs(writer, reader, "one receipt, pages warm");
    build_index(writer, reader);
    look_at_filters(writer, reader);
    look_at_scrub(writer, reader);
    ledger_reader_close(reader);
}

int main(int argc, char **argv)
{
    static struct writer writer;
    uint64_t wanted = 20000;

    if (argc < 2 || argc > 3 ||
        (argc == 3 && text_uint(slice_str(argv[2]), 1000000000, &wanted) != SG_OK)) {
        writer_give_up("usage", "ledger FOLDER [SIGNATURES]");
    }
    writer.folder = argv[1];
    (void)snprintf(writer.path, sizeof(writer.path), "%s/ledger.db", argv[1]);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    writer_key(&writer);
    open_ledger(&writer, NULL);
    fill(&writer, wanted);
    look(&writer);
    ledger_close(writer.ledger);
    EVP_PKEY_free(writer.key);
    return 0;
}

#include "client/call/checkpoint_age.h"
#include "client/call/kind_words.h"
#include "client/commands/assess/sheet.h"

/* Log, clock and disk. */
enum { US_PER_S = 1000000 };

void assess_clock(struct sheet *sheet)
{
    const Segel__V1__ClockStatus *clock = sheet->status->clock;

    if (!clock->known) {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian ? "kernel tidak memberi tahu"
                                     : "the kernel does not tell");
    } else if (clock->doubted) {
        assess_add(sheet, ASSESS_FAIL, "", "%s",
                   sheet->indonesian ? "lebih dari sehari di depan akhir jalannya yang "
                                       "lalu, dan belum disetel"
                                     : "more than a day past the last run, and nobody "
                                       "has set it");
    } else if (!clock->synchronised) {
        assess_add(sheet, ASSESS_FAIL, "", "%s",
                   sheet->indonesian ? "tidak disinkronkan oleh siapa pun"
                                     : "nobody sets it: it is not synchronised");
    } else if (clock->stepped) {
        assess_add(sheet, ASSESS_FAIL, "", "%s",
                   sheet->indonesian ? "melompat sejak gerbang berjalan"
                                     : "it has jumped since the gateway started");
    } else {
        assess_add(sheet, ASSESS_PASS, "",
                   sheet->indonesian ? "sinkron, selisih %lld us"
                                     : "synchronised, %lld us off",
                   (long long)clock->offset_us);
    }
}

/* --- Log --------------------------------------------------------------------------- */

void assess_log_check(struct sheet *sheet)
{
    static const int64_t week_us = (int64_t)7 * 86400 * US_PER_S;
    const Segel__V1__LogStatus *log = sheet->status->log;
    char at[INSTANT_SIZE];

    instant_text(log->checked_us, at);
    if (!log->readable) {
        assess_add(sheet, ASSESS_FAIL, "", "%s",
                   sheet->indonesian ? "log tidak dapat dibaca, atau tidak utuh"
                                     : "the log cannot be read, or is not whole");
    } else if (log->checked_us == 0) {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian
                       ? "belum diperiksa seluruhnya sejak gerbang berjalan"
                       : "not hashed again as a whole since the gateway started");
    } else {
        bool old = sheet->status->now_us - log->checked_us > week_us;
        assess_add(sheet, old ? ASSESS_WARN : ASSESS_PASS, "",
                   sheet->indonesian ? "seluruh log diperiksa pada %s"
                                     : "the whole log was hashed again at %s",
                   at);
    }
}

/* Nothing to sign is as good as just signed. */
void assess_checkpoint(struct sheet *sheet)
{
    const Segel__V1__LogStatus *log = sheet->status->log;
    char age[SPAN_SIZE];
    int64_t age_us;

    bool late = checkpoint_is_late(sheet->status, &age_us);
    span_text(age_us, sheet->indonesian, age);
    if (late) {
        assess_add(sheet, ASSESS_FAIL, "",
                   sheet->indonesian ? "tidak ada checkpoint baru sejak %s"
                                     : "there is no new checkpoint since %s",
                   age);
        return;
    }
    assess_add(sheet, ASSESS_PASS, "",
               sheet->indonesian ? "%llu dari %llu catatan ditandatangani"
                                 : "%llu of %llu records are under the last one",
               (unsigned long long)log->checkpoint_records,
               (unsigned long long)log->records);
}

static void on_anchor(struct sheet *sheet, const Segel__V1__AnchorStatus *anchor)
{
    bool well = strcmp(anchor->state, "ok") == 0;
    bool alarm = strcmp(anchor->state, "alarm") == 0;
    char lag[SPAN_SIZE];

    span_text(anchor->lag_us, sheet->indonesian, lag);
    assess_add(sheet,
               well    ? ASSESS_PASS
               : alarm ? ASSESS_FAIL
                       : ASSESS_WARN,
               anchor->name,
               sheet->indonesian ? "%.32s, %llu catatan, tertinggal %s%s%.255s"
                                 : "%.32s, %llu records, %s behind%s%.255s",
               anchor->state, (unsigned long long)anchor->records, lag,
               anchor->why[0] == '\0' ? "" : "; ", anchor->why);
}

void assess_anchors(struct sheet *sheet)
{
    const Segel__V1__LogStatus *log = sheet->status->log;

    for (size_t i = 0; i < log->n_anchors; i++) {
        on_anchor(sheet, log->anchors[i]);
    }
    if (!log->anchored) {
        assess_add(sheet, ASSESS_FAIL, "", "%s",
                   sheet->indonesian
                       ? "tidak ada jangkar di luar mesin: log dapat ditulis ulang"
                       : "no anchor outside of the machine: whoever owns it could write "
                         "the log anew");
    }
}

/* --- Disk -------------------------------------------------------------------------- */

void assess_disk(struct sheet *sheet)
{
    const Segel__V1__DiskStatus *disk = sheet->status->disk;

    if (disk->low) {
        assess_add(sheet, ASSESS_FAIL, "", "%.255s", disk->why);
    } else if (disk->total_bytes == 0) {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian ? "ukurannya tidak diketahui"
                                     : "its size is not known");
    } else {
        assess_add(sheet, ASSESS_PASS, "",
                   sheet->indonesian ? "%llu dari %llu MiB bebas, cadangan %u %%"
                                     : "%llu of %llu MiB are free, the reserve is %u %%",
                   (unsigned long long)(disk->free_bytes >> 20),
                   (unsigned long long)(disk->total_bytes >> 20), disk->reserve_percent);
    }
}

/* --- Denial of all ----------------------------------------------------------------- */

void assess_denial(struct sheet *sheet)
{
    const Segel__V1__GatewayStatus *gateway = sheet->status->gateway;

    if (gateway->denied_by[0] != '\0') {
        assess_add(sheet, ASSESS_FAIL, gateway->denied_by, "%.255s", gateway->denied_why);
    } else {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "tidak ada aturan yang menolak semua pekerjaan"
                                     : "no rule of the policy denies every job");
    }
}

#include <inttypes.h>
#include <stdio.h>

#include "client/bundle/verdict.h"
#include "proto/json.h"
#include "proto/text.h"

static const struct {
    const char *word; /* in JSON, in either language */
    const char *titles[2];
    const char *good[2];
} checks[] = {
#define CHECK(name, word, title, english, indonesian)                                    \
    {word, {word, title}, {english, indonesian}},
#include "client/bundle/checks.def"
#undef CHECK
};
static const struct {
    enum bundle_check check;
    const char *texts[2];
} findings[] = {
#define FINDING(name, check, weight, english, indonesian)                                \
    {CHECK_##check, {english, indonesian}},
#include "client/bundle/findings.def"
#undef FINDING
};
static const struct {
    const char *word;
    const char *texts[2];
} states[] = {
    [STATE_OPEN] = {"open", {"-", "-"}},
    [STATE_OK] = {"ok", {"ok", "baik"}},
    [STATE_WARNING] = {"warning", {"note", "catat"}},
    [STATE_FAILED] = {"failed", {"FAILED", "GAGAL"}},
};
static const struct {
    const char *word;
    const char *texts[2];
} results[] = {
    [VERDICT_SOUND] = {"sound",
                       {"SOUND: these records are complete and as they were signed.",
                        "UTUH: catatan ini lengkap dan seperti saat ditandatangani."}},
    [VERDICT_TAMPERED] = {"tampered",
                          {"TAMPERED WITH OR INCOMPLETE: do not rely on this bundle; "
                           "keep it and this page.",
                           "DIUBAH ATAU TIDAK LENGKAP: jangan andalkan berkas ini; "
                           "simpan bersama halaman ini."}},
    [VERDICT_UNANCHORED] = {"unanchored",
                            {"SOUND, BUT PARTLY UNANCHORED: as the log's key signed it; "
                             "see from where on no witness stands behind it.",
                             "UTUH, TETAPI SEBAGIAN TIDAK BERJANGKAR: sesuai tanda "
                             "tangan kunci log; lihat mulai dari mana tanpa saksi."}},
    [VERDICT_UNREADABLE] = {"unreadable", {"UNREADABLE", "TIDAK TERBACA"}},
};

/* What a path or name of the bundle may do to a screen stays out. */
static void put_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        (void)putchar(c < 0x20 || c == 0x7F ? '?' : c);
    }
}

static void sentence(const struct verdict *verdict, size_t shown, char *out, size_t cap)
{
    const char *text = findings[verdict->shown[shown].finding].texts[verdict->language];
    size_t place = strcspn(text, "%");

    MUST(strncmp(text + place, "%s", 2) == 0);
    (void)snprintf(out, cap, "%.*s%s%s", (int)place, text, verdict->shown[shown].about,
                   text + place + 2);
}

static void print_findings(const struct verdict *verdict, enum bundle_check check)
{
    char text[512];
    uint64_t printed = 0;

    for (size_t i = 0; i < verdict->shown_count; i++) {
        if (findings[verdict->shown[i].finding].check != check) {
            continue;
        }
        sentence(verdict, i, text, sizeof(text));
        (void)printf("%s", printed == 0 ? "" : "                      ");
        put_plain(text);
        (void)printf("\n");
        printed++;
    }
    if (printed < verdict->counts[check]) {
        (void)printf("%s%" PRIu64 " %s\n", printed == 0 ? "" : "                      ",
                     verdict->counts[check] - printed,
                     verdict->language == VERDICT_ENGLISH ? "more" : "lagi");
    }
}

static void print_check(const struct verdict *verdict, enum bundle_check check)
{
    enum check_state state = verdict->states[check];
    static const char *const unmade[2] = {"not come to", "tidak sampai diperiksa"};

    if (check == CHECK_ANCHOR && state == STATE_OPEN) {
        return;
    }
    (void)printf("%-14s%-8s", checks[check].titles[verdict->language],
                 states[state].texts[verdict->language]);
    if (verdict->counts[check] > 0) {
        print_findings(verdict, check);
    } else {
        (void)printf("%s\n", state == STATE_OK ? checks[check].good[verdict->language]
                                               : unmade[verdict->language]);
    }
}

/* What the bundle says that it covers, in full. */
static void print_period(const struct verdict *verdict)
{
    static const struct {
        const char *title;
        const char *from[2]; /* with a time, without */
        const char *until[2];
    } words[] = {
        [VERDICT_ENGLISH] = {"covers",
                             {"from", "from the beginning of the log"},
                             {"until", "until its checkpoint"}},
        [VERDICT_INDONESIAN] = {"mencakup",
                                {"dari", "dari awal log"},
                                {"sampai", "sampai titik periksanya"}},
    };
    const struct manifest_head *head = &verdict->head;
    bool begins = head->from_us != INT64_MIN;
    bool ends = head->until_us != INT64_MAX;
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];

    manifest_write_moment(head->from_us, from);
    manifest_write_moment(head->until_us, until);
    (void)printf("%-14s%s%s%s %s%s%s\n", words[verdict->language].title,
                 words[verdict->language].from[begins ? 0 : 1], begins ? " " : "",
                 begins ? from : "", words[verdict->language].until[ends ? 0 : 1],
                 ends ? " " : "", ends ? until : "");
}

static void print_facts(const struct verdict *verdict)
{
    bool english = verdict->language == VERDICT_ENGLISH;
    char from[TEXT_TIME_SIZE] = "-";
    char until[TEXT_TIME_SIZE] = "-";

    if (verdict->first_us > 0) {
        text_time(verdict->first_us, from);
        text_time(verdict->last_us, until);
    }
    (void)printf("%-14s", "log");
    put_plain(verdict->head.origin);
    (void)printf("\n%-14s%" PRIu64 " - %" PRIu64 " %s %" PRIu64 ", %.19s - %.19s\n",
                 english ? "read" : "dibaca", verdict->head.first, verdict->head.end - 1,
                 english ? "of" : "dari", verdict->head.tree_size, from, until);
    print_period(verdict);
    (void)printf("%-14s%" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64
                 " %s, %" PRIu64 " %s; %" PRIu64 " %s\n",
                 english ? "jobs" : "pekerjaan", verdict->signed_count,
                 english ? "signed" : "ditandatangani", verdict->failed,
                 english ? "failed" : "gagal", verdict->indeterminate,
                 english ? "indeterminate" : "tidak pasti", verdict->denials,
                 english ? "denied" : "ditolak", verdict->under_way,
                 english ? "under way" : "berjalan", verdict->checkpoints,
                 english ? "checkpoints" : "titik periksa");
}

void verdict_print(const struct verdict *verdict)
{
    print_facts(verdict);
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        print_check(verdict, (enum bundle_check)i);
    }
    (void)printf("%s\n", results[verdict_code(verdict)].texts[verdict->language]);
}

/* --- For machines ------------------------------------------------------------------ */

static void json_checks(struct json_out *out, const struct verdict *verdict)
{
    json_open_object(out, "checks");
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        json_str(out, checks[i].word, states[verdict->states[i]].word);
    }
    json_end(out);
}

static void json_findings(struct json_out *out, const struct verdict *verdict)
{
    char text[512];

    json_open_array(out, "findings");
    for (size_t i = 0; i < verdict->shown_count; i++) {
        sentence(verdict, i, text, sizeof(text));
        json_open_object(out, NULL);
        json_str(out, "check", checks[findings[verdict->shown[i].finding].check].word);
        json_str(out, "text", text);
        json_end(out);
    }
    json_end(out);
}

static void json_facts(struct json_out *out, const struct verdict *verdict)
{
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];

    manifest_write_moment(verdict->head.from_us, from);
    manifest_write_moment(verdict->head.until_us, until);
    json_str(out, "log", verdict->head.origin);
    json_uint(out, "tree_size", verdict->head.tree_size);
    json_uint(out, "first", verdict->head.first);
    json_uint(out, "end", verdict->head.end);
    json_str(out, "from", from);
    json_str(out, "until", until);
    json_uint(out, "records", verdict->records);
    json_uint(out, "signed", verdict->signed_count);
    json_uint(out, "failed", verdict->failed);
    json_uint(out, "indeterminate", verdict->indeterminate);
    json_uint(out, "denials", verdict->denials);
    json_uint(out, "under_way", verdict->under_way);
    json_uint(out, "checkpoints", verdict->checkpoints);
    if (verdict->quorum > 0) {
        json_uint(out, "anchored", verdict->anchored_size);
        json_uint(out, "anchored_at", verdict->anchored_s);
    }
}

void verdict_print_json(const struct verdict *verdict)
{
    static char buffer[CHECK_COUNT * VERDICT_SHOWN * 2048]; /* each escaped whole */
    struct json_out out;
    struct slice text;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "result", results[verdict_code(verdict)].word);
    json_facts(&out, verdict);
    json_checks(&out, verdict);
    json_findings(&out, verdict);
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

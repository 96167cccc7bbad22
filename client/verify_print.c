#include "client/verify_print.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/screen.h"
#include "proto/json.h"
#include "proto/text.h"

/* --- Words ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *title;
    const char *sentence[4]; /* by enum verify_mark */
} indonesian[] = {
#define CHECK(name, title, passed, failed, unknown, noted)                               \
    {name, title, {passed, failed, unknown, noted}},
#include "client/verify_texts.def"
#undef CHECK
};

static const struct {
    const char *text[2]; /* by enum verify_lang */
    enum screen_colour colour;
} marks[] = {
    [VERIFY_PASS] = {{"ok", "baik"}, SCREEN_GREEN},
    [VERIFY_FAIL] = {{"FAILED", "GAGAL"}, SCREEN_RED},
    [VERIFY_UNKNOWN] = {{"unknown", "tidak diketahui"}, SCREEN_YELLOW},
    [VERIFY_NOTE] = {{"note", "catatan"}, SCREEN_YELLOW},
};

/* The texts of the verdicts, by language. */
enum word {
    WORD_VALID,
    WORD_VALID_THEN,
    WORD_INVALID,
    WORD_UNKNOWN,
    WORD_NONE,
    WORD_SIGNER,
    WORD_ISSUER,
    WORD_TIME,
    WORD_SERIAL
};
static const char *const lexicon[][2] = {
    [WORD_VALID] = {"VALID: signed by %s and not changed since", "SAH: ditandatangani "
                                                                 "oleh %s dan tidak "
                                                                 "berubah sejak itu"},
    [WORD_VALID_THEN] = {"VALID: signed by %s; what was added later is the matter of the "
                         "later signature",
                         "SAH: ditandatangani oleh %s; isi yang ditambahkan kemudian "
                         "menjadi tanggung jawab tanda tangan berikutnya"},
    [WORD_INVALID] = {"NOT VALID: do not rely on the signature of %s",
                      "TIDAK SAH: jangan mengandalkan tanda tangan %s"},
    [WORD_UNKNOWN] = {"CANNOT BE CONFIRMED: nothing is false in the signature of %s, but "
                      "not all of it could be checked",
                      "BELUM DAPAT DIPASTIKAN: tidak ada yang keliru pada tanda tangan "
                      "%s, tetapi tidak semuanya dapat diperiksa"},
    [WORD_NONE] = {"NOT SIGNED, or not readable", "TIDAK DITANDATANGANI, atau tidak "
                                                  "terbaca"},
    [WORD_SIGNER] = {"signer", "penanda tangan"},
    [WORD_ISSUER] = {"issuer", "penerbit"},
    [WORD_TIME] = {"stated time", "waktu tertulis"},
    [WORD_SERIAL] = {"serial", "nomor seri"},
};

static bool any_failed(const struct verify_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->checks[i].mark == VERIFY_FAIL) {
            return true;
        }
    }
    return false;
}

static enum word verdict_of(const struct verify_report *report)
{
    if (report->valid) {
        return report->added ? WORD_VALID_THEN : WORD_VALID;
    }
    return any_failed(report) ? WORD_INVALID : WORD_UNKNOWN;
}

static enum screen_colour verdict_colour(enum word verdict)
{
    if (verdict == WORD_VALID || verdict == WORD_VALID_THEN) {
        return SCREEN_GREEN;
    }
    return verdict == WORD_UNKNOWN ? SCREEN_YELLOW : SCREEN_RED;
}

bool verify_finding_valid(const struct verify_finding *finding)
{
    for (size_t i = 0; i < finding->count; i++) {
        if (!finding->reports[i].valid) {
            return false;
        }
    }
    return finding->count > 0;
}

/* --- For people -------------------------------------------------------------------- */

static void print_check(const struct verify_check *check, enum verify_lang lang)
{
    const char *title = check->name;
    const char *text = check->text;

    for (size_t i = 0; lang == VERIFY_LANG_ID && i < SG_COUNT(indonesian); i++) {
        if (strcmp(indonesian[i].name, check->name) == 0) {
            title = indonesian[i].title;
            text = indonesian[i].sentence[check->mark];
        }
    }
    (void)printf("    %-15s %s%-16s%s ", title,
                 screen_colour(stdout, marks[check->mark].colour),
                 marks[check->mark].text[lang], screen_colour(stdout, SCREEN_PLAIN));
    screen_text(stdout, text);
    (void)fputc('\n', stdout);
}

static void print_fact(const char *title, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("    %-15s ", title);
        screen_text(stdout, text);
        (void)fputc('\n', stdout);
    }
}

/* The verdict's text has one place for the signer, whose name came from outside. */
static void print_verdict(enum word verdict, const char *signer, enum verify_lang lang)
{
    const char *text = lexicon[verdict][lang];
    const char *place = strstr(text, "%s");
    int head = place == NULL ? (int)strlen(text) : (int)(place - text);

    (void)printf("%s%.*s", screen_colour(stdout, verdict_colour(verdict)), head, text);
    if (place != NULL) {
        screen_text(stdout, signer[0] == '\0' ? "?" : signer);
        (void)printf("%s", place + 2);
    }
    (void)printf("%s.\n", screen_colour(stdout, SCREEN_PLAIN));
}

static void print_report(const struct verify_report *report, enum verify_lang lang)
{
    char time[TEXT_TIME_SIZE] = "";

    if (report->signing_time_us > 0) {
        text_time(report->signing_time_us, time);
    }
    print_fact(lexicon[WORD_SIGNER][lang], report->signer_dn);
    print_fact(lexicon[WORD_ISSUER][lang], report->issuer_dn);
    print_fact(lexicon[WORD_SERIAL][lang], report->serial);
    print_fact(lexicon[WORD_TIME][lang], time);
    for (size_t i = 0; i < report->count; i++) {
        print_check(&report->checks[i], lang);
    }
}

void verify_print_people(const struct verify_finding *finding, enum verify_lang lang)
{
    screen_text(stdout, finding->path);
    (void)fputc('\n', stdout);
    if (finding->count == 0) {
        (void)printf("  ");
        print_verdict(WORD_NONE, "", lang);
        if (finding->problem[0] != '\0') {
            (void)printf("    ");
            screen_text(stdout, finding->problem);
            (void)fputc('\n', stdout);
        }
    }
    for (size_t i = 0; i < finding->count; i++) {
        const struct verify_report *report = &finding->reports[i];
        (void)printf("  ");
        if (finding->count > 1) {
            (void)printf(lang == VERIFY_LANG_ID ? "tanda tangan %zu dari %zu: "
                                                : "signature %zu of %zu: ",
                         i + 1, finding->count);
        }
        print_verdict(verdict_of(report), report->signer, lang);
        print_report(report, lang);
    }
}

/* --- For machines ------------------------------------------------------------------ */

static void json_report(struct json_out *out, const struct verify_report *report)
{
    static const char *const names[] = {[VERIFY_PASS] = "pass",
                                        [VERIFY_FAIL] = "fail",
                                        [VERIFY_UNKNOWN] = "unknown",
                                        [VERIFY_NOTE] = "note"};

    json_open_object(out, NULL);
    json_bool(out, "valid", report->valid);
    json_bool(out, "added", report->added);
    json_str(out, "signer", report->signer);
    json_str(out, "signer_dn", report->signer_dn);
    json_str(out, "issuer_dn", report->issuer_dn);
    json_str(out, "serial", report->serial);
    json_str(out, "algorithm", report->algorithm);
    json_str(out, "policy_oids", report->policy_oids);
    json_str(out, "level", report->level);
    json_time(out, "not_before", report->not_before_us);
    json_time(out, "not_after", report->not_after_us);
    if (report->signing_time_us > 0) {
        json_time(out, "signing_time", report->signing_time_us);
    }
    json_open_array(out, "checks");
    for (size_t i = 0; i < report->count; i++) {
        json_open_object(out, NULL);
        json_str(out, "name", report->checks[i].name);
        json_str(out, "result", names[report->checks[i].mark]);
        json_str(out, "text", report->checks[i].text);
        json_end(out);
    }
    json_end(out);
    json_end(out);
}

void verify_print_json(const struct verify_finding *finding)
{
    size_t cap = 65536 + finding->count * 16384;
    char *buffer = (char *)malloc(cap);
    struct json_out out;
    struct slice text;

    if (buffer == NULL) {
        screen_complain(sg_status_text(SG_NO_MEMORY));
        return;
    }
    json_start(&out, buffer, cap);
    json_open_object(&out, NULL);
    json_str(&out, "file", finding->path);
    json_bool(&out, "valid", verify_finding_valid(finding));
    if (finding->count == 0) {
        json_str(&out, "problem", finding->problem);
    }
    json_open_array(&out, "signatures");
    for (size_t i = 0; i < finding->count; i++) {
        json_report(&out, &finding->reports[i]);
    }
    json_end(&out);
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
}

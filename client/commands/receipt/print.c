#include "client/commands/receipt/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/console/screen.h"
#include "proto/json.h"

/* --- For people -------------------------------------------------------------------- */

enum { EN, ID, LANGS };

enum word {
    WORD_RECEIPT,
    WORD_LOG,
    WORD_RECORD,
    WORD_COVERS,
    WORD_RECORDS,
    WORD_OUTCOME,
    WORD_CALLER,
    WORD_REQUEST,
    WORD_KEY,
    WORD_DIGEST,
    WORD_TIME,
    WORD_LETTER
};
static const char *const lexicon[][LANGS] = {
    [WORD_RECEIPT] = {"receipt", "bukti"},
    [WORD_LOG] = {"log", "log"},
    [WORD_RECORD] = {"record", "catatan"},
    [WORD_COVERS] = {"the signed checkpoint covers",
                     "titik periksa bertanda tangan mencakup"},
    [WORD_RECORDS] = {"records", "catatan"},
    [WORD_OUTCOME] = {"outcome", "hasil"},
    [WORD_CALLER] = {"for", "untuk"},
    [WORD_REQUEST] = {"request", "permintaan"},
    [WORD_KEY] = {"key", "kunci"},
    [WORD_DIGEST] = {"digest", "sidik isi"},
    [WORD_TIME] = {"log's time", "waktu log"},
    [WORD_LETTER] = {"letter", "surat"},
};

static const struct {
    const char *outcome;
    const char *text[LANGS];
    enum screen_colour colour;
} outcomes[] = {
    {"signed", {"signed", "ditandatangani"}, SCREEN_GREEN},
    {"failed",
     {"failed: no signature was made", "gagal: tidak ada tanda tangan"},
     SCREEN_RED},
    {"indeterminate",
     {"indeterminate: it is not known whether a signature was made",
      "tidak pasti: tidak diketahui apakah tanda tangan dibuat"},
     SCREEN_YELLOW},
};

static const char *word_of(const struct receipt_page *page, enum word word)
{
    return lexicon[word][page->indonesian ? ID : EN];
}

static void title(const struct receipt_page *page, enum word word)
{
    screen_cell(stdout, word_of(page, word), 12);
}

static void line(const struct receipt_page *page, enum word word, const char *text)
{
    if (text[0] != '\0') {
        title(page, word);
        screen_text(stdout, text);
        (void)printf("\n");
    }
}

static void print_outcome(const struct receipt_page *page)
{
    const char *outcome = receipt_member(page->receipt, "outcome");

    title(page, WORD_OUTCOME);
    for (size_t i = 0; i < SG_COUNT(outcomes); i++) {
        if (strcmp(outcomes[i].outcome, outcome) == 0) {
            (void)printf("%s%s%s\n", screen_colour(stdout, outcomes[i].colour),
                         outcomes[i].text[page->indonesian ? ID : EN],
                         screen_colour(stdout, SCREEN_PLAIN));
            return;
        }
    }
    screen_text(stdout, outcome);
    (void)printf("\n");
}

static void print_facts(const struct receipt_page *page)
{
    const struct receipt *receipt = page->receipt;
    char origin[NOTE_NAME_MAX + 1];
    struct slice name = receipt->checkpoint.origin;

    (void)snprintf(origin, sizeof(origin), "%.*s", (int)name.len,
                   (const char *)name.data);
    line(page, WORD_LOG, origin);
    title(page, WORD_RECORD);
    (void)printf("%" PRIu64 " (%s %" PRIu64 " %s)\n", receipt->proof.index,
                 word_of(page, WORD_COVERS), receipt->checkpoint.head.size,
                 word_of(page, WORD_RECORDS));
    line(page, WORD_TIME, receipt_member(receipt, "ts"));
    print_outcome(page);
    line(page, WORD_CALLER, receipt_member(receipt, "caller"));
    line(page, WORD_REQUEST, receipt_member(receipt, "job"));
    line(page, WORD_KEY, receipt_member(receipt, "key"));
    line(page, WORD_DIGEST, receipt_member(receipt, "digest"));
}

/* What was proven, in one sentence: with a letter more than without. */
static const char *sound_text(const struct receipt_page *page)
{
    static const char *const texts[2][LANGS] = {
        {"SOUND: the log holds this record; give --letter to check the letter too",
         "SAH: catatan ini ada di log; berikan --letter untuk memeriksa surat juga"},
        {"SOUND: the log holds the signature of this letter, and it has not changed "
         "since",
         "SAH: log mencatat tanda tangan surat ini, dan surat tidak berubah sejak itu"},
    };

    return texts[page->letter != NULL ? 1 : 0][page->indonesian ? ID : EN];
}

static bool has_facts(const struct receipt_page *page)
{
    return page->receipt->record != NULL;
}

static void print_page(const struct receipt_page *page)
{
    line(page, WORD_RECEIPT, page->path);
    if (page->letter != NULL) {
        line(page, WORD_LETTER, page->letter);
    }
    if (has_facts(page)) {
        print_facts(page);
    }
    bool sound = page->fault == RECEIPT_SOUND;
    (void)printf("%s", screen_colour(stdout, sound ? SCREEN_GREEN : SCREEN_RED));
    if (sound) {
        (void)printf("%s", sound_text(page));
    } else {
        (void)printf("%s: %s", page->indonesian ? "TIDAK SAH" : "NOT SOUND",
                     receipt_fault_text(page->fault, page->indonesian));
    }
    (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
}

/* --- For machines ------------------------------------------------------------------ */

static void json_facts(struct json_out *out, const struct receipt *receipt)
{
    static const char *const members[] = {"ts",  "outcome", "caller", "job",
                                          "key", "digest",  "sig"};

    json_slice(out, "log", receipt->checkpoint.origin);
    json_uint(out, "log_index", receipt->proof.index);
    json_uint(out, "log_size", receipt->checkpoint.head.size);
    for (size_t i = 0; i < SG_COUNT(members); i++) {
        json_str(out, members[i], receipt_member(receipt, members[i]));
    }
}

static void print_json(const struct receipt_page *page)
{
    static char buffer[262144];
    struct json_out out;
    struct slice text;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "receipt", page->path);
    if (page->letter != NULL) {
        json_str(&out, "letter", page->letter);
    }
    json_bool(&out, "sound", page->fault == RECEIPT_SOUND);
    json_str(&out, "code", receipt_fault_code(page->fault));
    json_str(&out, "message", receipt_fault_text(page->fault, page->indonesian));
    if (has_facts(page)) {
        json_facts(&out, page->receipt);
    }
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

void receipt_print(const struct receipt_page *page)
{
    if (page->json) {
        print_json(page);
    } else {
        print_page(page);
    }
}

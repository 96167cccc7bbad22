#include "client/commands/log/verdict.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/console/screen.h"
#include "proto/json.h"
#include "proto/text.h"

static bool mark_equal(const struct audit_mark *mark, const struct tlog_hash *root)
{
    return mark->reached && tlog_hash_equal(&mark->root, root);
}

/* That of one that was saved before, with its mark; what was not given is no fault. */
static bool head_kept(const struct log_verdict *verdict, const struct log_head *head,
                      const struct audit_mark *mark)
{
    return head->note_len == 0 ||
           (head->size <= verdict->head.size && mark_equal(mark, &head->root));
}

void log_verdict_reach(struct log_verdict *verdict)
{
    struct audit *audit = &verdict->audit;
    const struct audit_mark *next = &audit->marks[1];

    audit_need_begin(audit);
    verdict->under_way = audit_end(audit);
    verdict->root_equal = mark_equal(&audit->marks[0], &verdict->head.root);
    verdict->earlier_equal = head_kept(verdict, &verdict->earlier, next);
    next += verdict->earlier.note_len > 0 ? 1 : 0;
    verdict->replaced_equal = head_kept(verdict, &verdict->replaced, next);
    verdict->sound = verdict->root_equal && verdict->earlier_equal &&
                     verdict->replaced_equal && audit->fault_count == 0;
}

/* --- For people -------------------------------------------------------------------- */

enum { TITLE_ENGLISH = 12, TITLE_INDONESIAN = 15, STATE_WIDTH = 7, SENTENCE = 200 };

static const char *word(const struct log_verdict *verdict, const char *english,
                        const char *indonesian)
{
    return verdict->indonesian ? indonesian : english;
}

static int title_width(const struct log_verdict *verdict)
{
    return verdict->indonesian ? TITLE_INDONESIAN : TITLE_ENGLISH;
}

static void print_check(const struct log_verdict *verdict, bool good, const char *title,
                        const char *text)
{
    (void)printf("%-*s%s%-*s%s%s\n", title_width(verdict), title,
                 screen_colour(stdout, good ? SCREEN_GREEN : SCREEN_RED), STATE_WIDTH,
                 good ? word(verdict, "ok", "baik") : word(verdict, "FAILED", "GAGAL"),
                 screen_colour(stdout, SCREEN_PLAIN), text);
}

static void print_root(const struct log_verdict *verdict)
{
    bool indonesian = verdict->indonesian;
    char text[SENTENCE];

    if (verdict->root_equal) {
        (void)snprintf(text, sizeof(text),
                       indonesian ? "akar atas catatan 0 sampai %" PRIu64
                                    " adalah yang ditandatangani kunci log"
                                  : "the root over records 0 to %" PRIu64
                                    " is the one that the log's key signed",
                       verdict->head.size == 0 ? 0 : verdict->head.size - 1);
    } else if (verdict->audit.marks[0].reached) {
        (void)snprintf(text, sizeof(text),
                       indonesian
                           ? "catatan tidak menghasilkan akar yang ditandatangani: "
                             "di antara %" PRIu64 " yang pertama ada yang diubah"
                           : "the records do not lead to the signed root: some of "
                             "the first %" PRIu64 " were changed",
                       verdict->head.size);
    } else {
        (void)snprintf(text, sizeof(text),
                       indonesian ? "titik periksa mencakup %" PRIu64
                                    " catatan, tetapi hanya ada %" PRIu64
                                  : "the checkpoint covers %" PRIu64
                                    " records, but only %" PRIu64 " are there",
                       verdict->head.size, verdict->audit.tree.size);
    }
    print_check(verdict, verdict->root_equal, word(verdict, "tree", "pohon"), text);
}

static void print_kept(const struct log_verdict *verdict, const struct log_head *head,
                       bool kept, const char *title)
{
    char text[SENTENCE];

    if (head->note_len == 0) {
        return;
    }
    (void)snprintf(text, sizeof(text),
                   verdict->indonesian ? "log %s diawali %" PRIu64
                                         " catatan dari titik periksa itu%s"
                                       : "the log %s begins with the %" PRIu64
                                         " records of the earlier checkpoint%s",
                   kept ? word(verdict, "still", "masih")
                        : word(verdict, "no longer", "tidak lagi"),
                   head->size,
                   kept ? ""
                        : word(verdict, ": it was rewritten or cut",
                               ": log ditulis ulang atau dipotong"));
    print_check(verdict, kept, title, text);
}

static void print_faults(const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;
    int indent = title_width(verdict) + STATE_WIDTH;
    uint64_t shown =
        audit->fault_count < AUDIT_FAULTS_SHOWN ? audit->fault_count : AUDIT_FAULTS_SHOWN;

    print_check(
        verdict, audit->fault_count == 0, word(verdict, "records", "catatan"),
        audit->fault_count == 0
            ? word(verdict, "numbered without gaps; every outcome belongs to one intent",
                   "bernomor urut tanpa lubang; setiap hasil milik satu niat")
            : word(verdict, "they do not fit together:", "tidak cocok satu sama lain:"));
    for (uint64_t i = 0; i < shown; i++) {
        char text[AUDIT_FAULT_SIZE];
        audit_fault_text(&audit->faults[i], !verdict->indonesian, text);
        (void)printf("%*s%s\n", indent, "", text);
    }
    if (audit->fault_count > shown) {
        (void)printf(verdict->indonesian ? "%*sdan %" PRIu64 " lagi\n"
                                         : "%*sand %" PRIu64 " more\n",
                     indent, "", audit->fault_count - shown);
    }
}

static void print_jobs(const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;

    (void)printf("%-*s", title_width(verdict), word(verdict, "jobs", "pekerjaan"));
    (void)printf(verdict->indonesian
                     ? "%" PRIu64 " niat: %" PRIu64 " ditandatangani, %" PRIu64
                       " gagal, %" PRIu64 " tidak pasti, %zu berjalan; %" PRIu64
                       " penolakan; %" PRIu64 " catatan lain\n"
                     : "%" PRIu64 " intents: %" PRIu64 " signed, %" PRIu64
                       " failed, %" PRIu64 " indeterminate, %zu under way; %" PRIu64
                       " denials; %" PRIu64 " other records\n",
                 audit->intents, audit->signed_count, audit->failed, audit->indeterminate,
                 verdict->under_way, audit->denials, audit->others);
}

static void print_facts(const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;
    int width = title_width(verdict);
    char from[TEXT_TIME_SIZE] = "-";
    char until[TEXT_TIME_SIZE] = "-";

    if (audit->first_us > 0) {
        text_time(audit->first_us, from);
        text_time(audit->last_us, until);
    }
    (void)printf("%-*s", width, "log");
    screen_text(stdout, verdict->head.origin);
    (void)printf("\n%-*s%" PRIu64 " %s, %.19sZ %s %.19sZ\n", width,
                 word(verdict, "read", "dibaca"), audit->tree.size,
                 word(verdict, "records", "catatan"), from, word(verdict, "to", "sampai"),
                 until);
    print_jobs(verdict);
}

/* more: there are records that no checkpoint covers. The record of a prune that was just
 * made is one of them, for some seconds. */
static void print_begin(const struct log_verdict *verdict, bool more)
{
    const char *why = "";

    if (verdict->audit.pruned) {
        why = word(verdict, ": a record says that officers had them pruned",
                   ": menurut sebuah catatan, petugas meminta penghapusannya");
    } else if (more) {
        why = word(verdict,
                   "; where they were pruned just now, ask again when the next\n"
                   "checkpoint covers the record of that",
                   "; bila baru saja dihapus, tanyakan lagi\nsetelah titik periksa "
                   "berikutnya mencakup catatan tentang itu");
    }
    (void)printf(verdict->indonesian
                     ? "Dari catatan 0 sampai %" PRIu64 " hanya hash yang masih ada%s.\n"
                     : "Of records 0 to %" PRIu64 " only the hashes are there%s.\n",
                 verdict->audit.first - 1, why);
}

static void print_tail(const struct log_verdict *verdict)
{
    bool more = verdict->audit.tree.size > verdict->head.size;

    if (verdict->audit.first > 0) {
        print_begin(verdict, more);
    }
    if (more) {
        (void)printf(verdict->indonesian
                         ? "Belum ada titik periksa yang mencakup catatan %" PRIu64
                           " sampai %" PRIu64 ": tentang itu belum ada bukti.\n"
                         : "No checkpoint covers records %" PRIu64 " to %" PRIu64
                           " yet: nothing is proven about them.\n",
                     verdict->head.size, verdict->audit.tree.size - 1);
    }
    if (!verdict->trust.known) {
        (void)printf(
            "%s\n",
            word(
                verdict,
                "The key was stated by the gateway itself. This shows that the log "
                "agrees with itself, not\nthat it is the log you know: give --vkey "
                "with the key that you received another way.",
                "Kunci ini disebutkan oleh gateway sendiri. Ini menunjukkan bahwa log "
                "sesuai dengan dirinya\nsendiri, bukan bahwa inilah log yang Anda kenal: "
                "berikan --vkey dengan kunci yang Anda terima\nmelalui jalan lain."));
    }
}

static void print_result(const struct log_verdict *verdict)
{
    (void)printf(
        "%s%s%s: ", screen_colour(stdout, verdict->sound ? SCREEN_GREEN : SCREEN_RED),
        verdict->sound
            ? word(verdict, "SOUND", "UTUH")
            : word(verdict, "TAMPERED WITH OR INCOMPLETE", "DIUBAH ATAU TIDAK LENGKAP"),
        screen_colour(stdout, SCREEN_PLAIN));
    if (verdict->sound) {
        (void)printf(verdict->indonesian
                         ? "%" PRIu64 " catatan pertama lengkap dan seperti saat "
                           "ditandatangani.\n"
                         : "the first %" PRIu64
                           " records are complete and as they were signed.\n",
                     verdict->head.size);
    } else {
        (void)printf("%s\n",
                     word(verdict,
                          "do not rely on this log; keep this page and all copies.",
                          "jangan andalkan log ini; simpan halaman ini dan semua "
                          "salinannya."));
    }
}

static void print_page(const struct log_verdict *verdict)
{
    print_facts(verdict);
    print_check(verdict, true, word(verdict, "checkpoint", "titik periksa"),
                verdict->trust.known
                    ? word(verdict, "signed by the key that you gave",
                           "ditandatangani kunci yang Anda berikan")
                    : word(verdict, "signed by the key that the gateway states",
                           "ditandatangani kunci yang disebutkan gateway"));
    print_root(verdict);
    print_kept(verdict, &verdict->earlier, verdict->earlier_equal,
               word(verdict, "earlier", "sebelumnya"));
    print_kept(verdict, &verdict->replaced, verdict->replaced_equal,
               word(verdict, "saved", "tersimpan"));
    print_faults(verdict);
    print_tail(verdict);
    print_result(verdict);
}

/* --- For machines ------------------------------------------------------------------ */

static void json_jobs(struct json_out *out, const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;

    json_uint(out, "intents", audit->intents);
    json_uint(out, "signed", audit->signed_count);
    json_uint(out, "failed", audit->failed);
    json_uint(out, "indeterminate", audit->indeterminate);
    json_uint(out, "under_way", verdict->under_way);
    json_uint(out, "denials", audit->denials);
    json_uint(out, "others", audit->others);
}

static void print_json(const struct log_verdict *verdict)
{
    const struct audit *audit = &verdict->audit;
    char buffer[8192];
    struct json_out out;
    struct slice text;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_bool(&out, "sound", verdict->sound);
    json_str(&out, "log", verdict->head.origin);
    json_bool(&out, "key_known", verdict->trust.known);
    json_uint(&out, "records", audit->tree.size);
    json_uint(&out, "first", audit->first);
    json_uint(&out, "covered", verdict->head.size);
    json_bool(&out, "root_equal", verdict->root_equal);
    if (verdict->earlier.note_len > 0) {
        json_bool(&out, "earlier_equal", verdict->earlier_equal);
    }
    if (verdict->replaced.note_len > 0) {
        json_bool(&out, "saved_equal", verdict->replaced_equal);
    }
    json_jobs(&out, verdict);
    json_uint(&out, "fault_count", audit->fault_count);
    json_open_array(&out, "faults");
    for (uint64_t i = 0; i < audit->fault_count && i < AUDIT_FAULTS_SHOWN; i++) {
        char fault[AUDIT_FAULT_SIZE];
        audit_fault_text(&audit->faults[i], true, fault);
        json_str(&out, NULL, fault);
    }
    json_end(&out);
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

void log_verdict_print(const struct log_verdict *verdict, bool json)
{
    if (json) {
        print_json(verdict);
    } else {
        print_page(verdict);
    }
}

#include <stdio.h>

#include "client/call/kind_words.h"
#include "client/commands/assess/sheet.h"
#include "proto/text.h"

/* Who may do what alone, what stands open, and the policy in force. */

/* --- Roles ------------------------------------------------------------------------- */

static void on_several(struct sheet *sheet, const char *name)
{
    assess_add(sheet, ASSESS_FAIL, name, "%s",
               sheet->indonesian ? "satu pemanggil dengan beberapa peran"
                                 : "one caller has several roles");
}

static void on_officer_with_keys(struct sheet *sheet, const char *name)
{
    assess_add(sheet, ASSESS_FAIL, name, "%s",
               sheet->indonesian
                   ? "petugas atau peninjau yang dapat menandatangani sendiri"
                   : "an officer or reviewer may ask for signatures with a key");
}

void assess_roles(struct sheet *sheet)
{
    const Segel__V1__DutyFacts *duties = sheet->got->duties;
    bool apart = duties->n_several_roles == 0 && duties->n_officers_with_keys == 0;
    bool manned = duties->officers > 1 && duties->reviewers > 0;

    for (size_t i = 0; i < duties->n_several_roles; i++) {
        on_several(sheet, duties->several_roles[i]);
    }
    for (size_t i = 0; i < duties->n_officers_with_keys; i++) {
        on_officer_with_keys(sheet, duties->officers_with_keys[i]);
    }
    if (apart) {
        assess_add(sheet, manned ? ASSESS_PASS : ASSESS_WARN, "",
                   sheet->indonesian ? "%u petugas, %u peninjau, tidak ada yang rangkap"
                                     : "%u officers, %u reviewers, nobody is both",
                   duties->officers, duties->reviewers);
    }
}

/* "pin.unlock 2 of 4"; false: it found no place. */
static bool put_task(char *out, size_t size, const Segel__V1__TaskQuorum *task)
{
    size_t len = strlen(out);
    int more = snprintf(out + len, size - len, "%s%.32s %u/%zu", len == 0 ? "" : ", ",
                        task->task, task->persons, task->n_candidates);

    if (more < 0 || (size_t)more >= size - len) {
        out[len] = '\0';
        return false;
    }
    return true;
}

void assess_quorum(struct sheet *sheet)
{
    const Segel__V1__GetRosterResponse *roster = sheet->roster;
    char tasks[ASSESS_TEXT_SIZE - 128] = "";

    if (roster->n_entries == 0) {
        assess_add(
            sheet, ASSESS_FAIL, "", "%s",
            sheet->indonesian
                ? "tidak ada berkas kuorum: petugas bertindak sendiri"
                : "there is no quorum file (officers.quorum): an officer acts alone");
        return;
    }
    for (size_t i = 0; i < roster->n_tasks; i++) {
        if (!put_task(tasks, sizeof(tasks), roster->tasks[i])) {
            break;
        }
    }
    assess_add(sheet, ASSESS_PASS, "",
               sheet->indonesian ? "%zu orang; orang yang perlu per tugas: %s"
                                 : "%zu persons; how many each task asks for: %s",
               roster->n_entries, tasks);
}

/* --- What stands open -------------------------------------------------------------- */

void assess_lock_down(struct sheet *sheet)
{
    const Segel__V1__LockDownState *state = sheet->status->lock_down;

    if (!state->active) {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "tidak ada" : "none is in force");
        return;
    }
    assess_add(sheet, ASSESS_WARN, "",
               sheet->indonesian ? "semua penandatanganan dihentikan oleh %.64s: %.256s"
                                 : "all signing was stopped by %.64s: %.256s",
               state->person, state->reason);
}

static void on_incident(struct sheet *sheet, const Segel__V1__Incident *incident)
{
    int64_t now_us = sheet->status->now_us;
    const struct notice_times oral = {incident->oral_due_us, incident->oral_given_us,
                                      now_us};
    const struct notice_times written = {incident->written_due_us,
                                         incident->written_given_us, now_us};
    bool late = notice_late(&oral) || notice_late(&written);
    const char *word = sheet->indonesian ? "; pemberitahuan kepada CA TERLAMBAT"
                                         : "; the notice to the CA is LATE";

    assess_add(sheet, late ? ASSESS_FAIL : ASSESS_WARN, incident->id, "%.128s %.64s%s",
               incident_words(incident->kind, sheet->indonesian), incident->subject,
               late ? word : "");
}

void assess_incidents(struct sheet *sheet)
{
    const Segel__V1__GetStatusResponse *status = sheet->status;

    for (size_t i = 0; i < status->n_incidents; i++) {
        on_incident(sheet, status->incidents[i]);
    }
    if (status->incidents_open > status->n_incidents) {
        assess_add(sheet, status->notices_overdue > 0 ? ASSESS_FAIL : ASSESS_WARN, "",
                   sheet->indonesian ? "%llu terbuka, %u pemberitahuan terlambat"
                                     : "%llu are open, %u notices are late",
                   (unsigned long long)status->incidents_open, status->notices_overdue);
    } else if (status->n_incidents == 0) {
        assess_add(sheet, ASSESS_PASS, "", "%s",
                   sheet->indonesian ? "tidak ada yang terbuka" : "none is open");
    }
}

/* --- Policy ------------------------------------------------------------------------ */

void assess_policy(struct sheet *sheet)
{
    enum { HASH_BYTES = 32 };
    const Segel__V1__PolicyStatus *policy = sheet->status->policy;
    char hash[2 * HASH_BYTES + 1] = "";

    if (policy->sha256.len == HASH_BYTES) {
        text_hex(slice_of(policy->sha256.data, HASH_BYTES), hash);
    }
    assess_add(sheet, hash[0] != '\0' ? ASSESS_PASS : ASSESS_FAIL, "",
               sheet->indonesian ? "%.64s versi %lld, sha256:%s"
                                 : "%.64s version %lld, sha256:%s",
               policy->id, (long long)policy->version, hash);
}

void assess_profile(struct sheet *sheet)
{
    bool production = sheet->status->policy->production != 0;

    assess_add(sheet, production ? ASSESS_PASS : ASSESS_FAIL, "", "%s",
               production
                   ? "production"
                   : (sheet->indonesian
                          ? "bukan production: aturan untuk kunci dan token tidak berlaku"
                          : "not production: rules for keys and tokens are lifted"));
}

void assess_review(struct sheet *sheet)
{
    assess_end(sheet, "", sheet->status->policy->review_by_us);
}

void assess_agreement(struct sheet *sheet)
{
    const Segel__V1__PolicyStatus *policy = sheet->status->policy;

    if (policy->agreement_until_us == 0) {
        assess_add(sheet, ASSESS_WARN, "", "%s",
                   sheet->indonesian
                       ? "kebijakan tidak menyebut perjanjian dengan CA"
                       : "the policy names no agreement with the CA and its end");
        return;
    }
    assess_end(sheet, policy->agreement_no, policy->agreement_until_us);
}

void assess_pending(struct sheet *sheet)
{
    uint32_t pending = sheet->status->policy->rules_pending;

    assess_add(sheet, pending == 0 ? ASSESS_PASS : ASSESS_WARN, "",
               sheet->indonesian ? "%u aturan belum menilai apa pun"
                                 : "%u rules judge nothing yet, as a fact is not made",
               pending);
}

#include "client/commands/incident/view.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/call/kind_words.h"
#include "client/console/screen.h"
#include "proto/json.h"

/* Incidents for people and for machines. */
enum { ID_WIDTH = 18, KIND_WIDTH = 34, TIME_WIDTH = 22, JSON_BYTES = 1 << 18 };

static const char *say(bool indonesian, const char *in, const char *english)
{
    return indonesian ? in : english;
}

static void print_notice(const char *name, const struct notice_times *times,
                         bool indonesian)
{
    char text[NOTICE_SIZE];

    notice_text(times, indonesian, text);
    (void)printf("  %s %s%s%s", name,
                 notice_late(times) ? screen_colour(stdout, SCREEN_RED) : "", text,
                 notice_late(times) ? screen_colour(stdout, SCREEN_PLAIN) : "");
}

static void print_state(const Segel__V1__Incident *incident, bool indonesian)
{
    char opened[INSTANT_SIZE];
    char closed[INSTANT_SIZE];
    bool open = incident->closed_us == 0;

    instant_text(incident->opened_us, opened);
    instant_text(incident->closed_us, closed);
    screen_cell(stdout, incident->id, ID_WIDTH);
    screen_cell(stdout, incident_words(incident->kind, indonesian), KIND_WIDTH);
    screen_cell(stdout, opened, TIME_WIDTH);
    (void)printf("%s%s%s%s%s\n", open ? screen_colour(stdout, SCREEN_RED) : "",
                 open ? say(indonesian, "TERBUKA", "OPEN")
                      : say(indonesian, "ditutup", "closed"),
                 open ? screen_colour(stdout, SCREEN_PLAIN) : "", open ? "" : " ",
                 open ? "" : closed);
}

void incident_print(const Segel__V1__Incident *incident, int64_t now_us, bool indonesian)
{
    const struct notice_times oral = {incident->oral_due_us, incident->oral_given_us,
                                      now_us};
    const struct notice_times written = {incident->written_due_us,
                                         incident->written_given_us, now_us};

    print_state(incident, indonesian);
    (void)fputs("  ", stdout);
    screen_text(stdout, incident->subject);
    (void)fputs(": ", stdout);
    screen_folded(stdout, incident->why, 4);
    (void)fputc('\n', stdout);
    if (incident->closed_us == 0) {
        print_notice(say(indonesian, "lisan:", "oral notice:"), &oral, indonesian);
        print_notice(say(indonesian, "tertulis:", "written notice:"), &written,
                     indonesian);
        (void)fputc('\n', stdout);
    }
}

/* --- With its notes ---------------------------------------------------------------- */

static const char *kind_of(const Segel__V1__IncidentNote *note, bool indonesian)
{
    static const char *const words[][2] = {
        {"?", "?"},
        {"remark", "catatan"},
        {"oral notice given", "pemberitahuan lisan diberikan"},
        {"written notice given", "pemberitahuan tertulis diberikan"},
        {"closed", "ditutup"}};
    size_t kind = (size_t)note->kind;

    return words[kind < SG_COUNT(words) ? kind : 0][indonesian ? 1 : 0];
}

static void print_labelled(const char *label, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("    %s: ", label);
        screen_folded(stdout, text, 6);
        (void)fputc('\n', stdout);
    }
}

static void print_note(const Segel__V1__IncidentNote *note, bool indonesian)
{
    bool close = note->kind == SEGEL__V1__INCIDENT_NOTE_KIND__INCIDENT_NOTE_KIND_CLOSE;
    char stated[INSTANT_SIZE];
    char given[INSTANT_SIZE];

    instant_text(note->time_us, stated);
    instant_text(note->given_us, given);
    (void)printf("  %s  %s%s%s  (", stated, kind_of(note, indonesian),
                 note->given_us > 0 ? " " : "", note->given_us > 0 ? given : "");
    screen_text(stdout, note->person);
    (void)fputs(")\n", stdout);
    print_labelled(close ? say(indonesian, "tidak perlu diberitahukan karena",
                               "no notice was due because")
                         : say(indonesian, "nomor surat atau penerima", "reference"),
                   note->reference);
    print_labelled(close ? say(indonesian, "alasan", "reason")
                         : say(indonesian, "keterangan", "text"),
                   note->text);
}

void incident_print_whole(const Segel__V1__Incident *incident, int64_t now_us,
                          bool indonesian)
{
    incident_print(incident, now_us, indonesian);
    for (size_t i = 0; i < incident->n_notes; i++) {
        print_note(incident->notes[i], indonesian);
    }
    if (incident->log != NULL) {
        (void)printf("  %s %llu\n", say(indonesian, "catatan log", "log record"),
                     (unsigned long long)incident->log->index);
    }
}

/* --- For machines ------------------------------------------------------------------ */

static void json_notes(struct json_out *out, const Segel__V1__Incident *incident)
{
    json_open_array(out, "notes");
    for (size_t i = 0; i < incident->n_notes; i++) {
        const Segel__V1__IncidentNote *note = incident->notes[i];
        json_open_object(out, NULL);
        json_str(out, "kind", kind_of(note, false));
        json_str(out, "person", note->person);
        json_str(out, "role", note->role);
        json_known_time(out, "time", note->time_us);
        json_known_time(out, "given", note->given_us);
        json_str(out, "reference", note->reference);
        json_str(out, "text", note->text);
        json_end(out);
    }
    json_end(out);
}

void incident_put_json(struct json_out *out, const Segel__V1__Incident *incident)
{
    json_str(out, "id", incident->id);
    json_str(out, "kind", incident->kind);
    json_str(out, "subject", incident->subject);
    json_str(out, "why", incident->why);
    json_known_time(out, "opened", incident->opened_us);
    json_known_time(out, "oral_due", incident->oral_due_us);
    json_known_time(out, "oral_given", incident->oral_given_us);
    json_known_time(out, "written_due", incident->written_due_us);
    json_known_time(out, "written_given", incident->written_given_us);
}

static void json_incident(struct json_out *out, const Segel__V1__Incident *incident)
{
    json_open_object(out, NULL);
    incident_put_json(out, incident);
    json_str(out, "person", incident->person);
    json_known_time(out, "closed", incident->closed_us);
    json_notes(out, incident);
    if (incident->log != NULL) {
        json_uint(out, "log_index", incident->log->index);
    }
    json_end(out);
}

enum sg_status incident_print_json(const Segel__V1__Incident *incident)
{
    struct json_out out;
    struct slice text;
    char *buffer = (char *)malloc(JSON_BYTES);

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    json_start(&out, buffer, JSON_BYTES);
    json_incident(&out, incident);
    enum sg_status status = json_finish(&out, &text);
    if (status == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
    return status;
}

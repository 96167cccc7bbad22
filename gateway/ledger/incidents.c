#include "gateway/ledger/incidents.h"

#include "gateway/ledger/row.h"
#include "gateway/ledger/sql.h"

/* --- Writing ----------------------------------------------------------------------- */

enum sg_status ledger_add_incident(struct ledger *ledger,
                                   const struct ledger_incident *incident)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_INCIDENT];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_text(statement, 1, incident->id) &&
                 sql_bind_text(statement, 2, incident->kind) &&
                 sql_bind_text(statement, 3, incident->subject) &&
                 sql_bind_text(statement, 4, incident->why) &&
                 sql_bind_text(statement, 5, incident->person) &&
                 sql_bind_time(statement, 6, incident->opened_us) &&
                 sql_bind_time(statement, 7, incident->oral_due_us) &&
                 sql_bind_time(statement, 8, incident->written_due_us) &&
                 sql_bind_uint(statement, 9, incident->log_index) &&
                 sql_bind_bytes(statement, 10, slice_of(incident->log_hash, 32));
    return ledger_run(ledger, SQL_ADD_INCIDENT, bound, "keep an incident");
}

enum sg_status ledger_mark_incident(struct ledger *ledger,
                                    const struct ledger_incident *incident)
{
    sqlite3_stmt *statement = ledger->statements[SQL_MARK_INCIDENT];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_uint(statement, 1, incident->number) &&
                 sql_bind_time(statement, 2, incident->oral_given_us) &&
                 sql_bind_time(statement, 3, incident->written_given_us) &&
                 sql_bind_time(statement, 4, incident->closed_us) &&
                 sql_bind_uint(statement, 5, incident->log_index) &&
                 sql_bind_bytes(statement, 6, slice_of(incident->log_hash, 32));
    TRY(ledger_run(ledger, SQL_MARK_INCIDENT, bound, "note an incident"));
    return sqlite3_changes(ledger->db) == 1 ? SG_OK : SG_NOT_FOUND;
}

enum sg_status ledger_add_incident_note(struct ledger *ledger, uint64_t incident,
                                        const struct ledger_incident_note *note)
{
    sqlite3_stmt *statement = ledger->statements[SQL_ADD_INCIDENT_NOTE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool bound = sql_bind_uint(statement, 1, incident) &&
                 sql_bind_uint(statement, 2, (uint64_t)note->what) &&
                 sql_bind_text(statement, 3, note->person) &&
                 sql_bind_text(statement, 4, note->role) &&
                 sql_bind_text(statement, 5, note->request_id) &&
                 sql_bind_time(statement, 6, note->time_us) &&
                 sql_bind_time(statement, 7, note->given_us) &&
                 sql_bind_text(statement, 8, note->reference) &&
                 sql_bind_text(statement, 9, note->text);
    return ledger_run(ledger, SQL_ADD_INCIDENT_NOTE, bound, "keep a note");
}

/* --- Reading ----------------------------------------------------------------------- */

static const char row_name[] = "an incident";

static void read_row(struct row *row, struct ledger_incident *out)
{
    *out = (struct ledger_incident){.number = row_number(row, 0),
                                    .id = row_text(row, 1),
                                    .kind = row_text(row, 2),
                                    .subject = row_text(row, 3),
                                    .why = row_text(row, 4),
                                    .person = row_text(row, 5),
                                    .opened_us = row_time(row, 6),
                                    .oral_due_us = row_time(row, 7),
                                    .written_due_us = row_time(row, 8),
                                    .oral_given_us = row_time(row, 9),
                                    .written_given_us = row_time(row, 10),
                                    .closed_us = row_time(row, 11),
                                    .log_index = row_number(row, 12)};
    row_hash(row, 13, out->log_hash);
}

static void read_note(struct row *row, struct ledger_incident_note *out)
{
    uint64_t what = row_number(row, 0);

    row->sound = row->sound && what >= INCIDENT_REMARK && what <= INCIDENT_CLOSE;
    *out = (struct ledger_incident_note){.what = (enum incident_note_kind)what,
                                         .person = row_text(row, 1),
                                         .role = row_text(row, 2),
                                         .request_id = row_text(row, 3),
                                         .time_us = row_time(row, 4),
                                         .given_us = row_time(row, 5),
                                         .reference = row_text(row, 6),
                                         .text = row_text(row, 7)};
}

static enum sg_status read_notes(struct ledger *ledger, struct arena *arena,
                                 struct ledger_incident *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_INCIDENT_NOTES];
    struct row row = {.statement = statement, .arena = arena, .sound = true};
    int rc = SQLITE_ROW;

    out->notes = (struct ledger_incident_note *)arena_alloc(
        arena, sizeof(*out->notes) * INCIDENT_NOTES_MAX);
    if (out->notes == NULL) {
        return SG_NO_MEMORY;
    }
    if (!sql_bind_uint(statement, 1, out->number)) {
        return ledger_latch(ledger, "look up notes");
    }
    while (out->note_count < INCIDENT_NOTES_MAX &&
           (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        read_note(&row, &out->notes[out->note_count++]);
    }
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        return ledger_latch(ledger, "look up notes");
    }
    return row_end(ledger, &row, row_name);
}

static enum sg_status take_brief(struct ledger *ledger, sqlite3_stmt *statement,
                                 struct arena *arena, struct ledger_incident *out)
{
    struct row row = {.statement = statement, .arena = arena, .sound = true};

    read_row(&row, out);
    return row_end(ledger, &row, row_name);
}

static enum sg_status take_row(struct ledger *ledger, sqlite3_stmt *statement,
                               struct arena *arena, struct ledger_incident *out)
{
    TRY(take_brief(ledger, statement, arena, out));
    return read_notes(ledger, arena, out);
}

static enum sg_status take_first(struct ledger *ledger, sqlite3_stmt *statement,
                                 struct arena *arena, struct ledger_incident *out)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return rc == SQLITE_ROW ? take_row(ledger, statement, arena, out)
                            : ledger_latch(ledger, "look up an incident");
}

enum sg_status ledger_find_incident(struct ledger *ledger, const char *id,
                                    struct arena *arena, struct ledger_incident *out)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_FIND_INCIDENT];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_text(statement, 1, id) ? take_first(ledger, statement, arena, out)
                                           : ledger_latch(ledger, "look up an incident");
}

enum sg_status ledger_find_incident_of_note(struct ledger *ledger, const char *person,
                                            const char *request_id, struct arena *arena,
                                            struct ledger_incident *out)
{
    AUTO(sql_reset)
    sqlite3_stmt *statement = ledger->statements[SQL_FIND_INCIDENT_OF_NOTE];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_text(statement, 1, person) && sql_bind_text(statement, 2, request_id)
               ? take_first(ledger, statement, arena, out)
               : ledger_latch(ledger, "look up an incident");
}

enum sg_status ledger_known_incidents(struct ledger *ledger, const char *kind,
                                      const char *subject, uint64_t *all, uint64_t *open)
{
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[SQL_KNOWN_INCIDENT];

    if (ledger->latched) {
        return SG_LEDGER;
    }
    bool found = sql_bind_text(statement, 1, kind) &&
                 sql_bind_text(statement, 2, subject) &&
                 sqlite3_step(statement) == SQLITE_ROW && sql_uint(statement, 0, all) &&
                 sql_uint(statement, 1, open);
    return found ? SG_OK : ledger_latch(ledger, "count incidents");
}

/* --- Lists ------------------------------------------------------------------------- */

/* The row that finds no room is the next page's first. */
static enum sg_status walk(struct ledger *ledger, sqlite3_stmt *statement,
                           const struct incident_query *query, struct arena *arena,
                           struct incident_page *page)
{
    for (int rc; (rc = sqlite3_step(statement)) != SQLITE_DONE;) {
        if (rc != SQLITE_ROW) {
            return ledger_latch(ledger, "list incidents");
        }
        if (page->count == query->limit) {
            page->next = page->items[page->count - 1].number;
            return SG_OK;
        }
        struct ledger_incident *item = &page->items[page->count];
        TRY(query->briefly ? take_brief(ledger, statement, arena, item)
                           : take_row(ledger, statement, arena, item));
        page->count++;
    }
    return SG_OK;
}

enum sg_status ledger_list_incidents(struct ledger *ledger,
                                     const struct incident_query *query,
                                     struct arena *arena, struct incident_page *out)
{
    enum statement which = query->closed ? SQL_INCIDENTS : SQL_OPEN_INCIDENTS;
    AUTO(sql_reset) sqlite3_stmt *statement = ledger->statements[which];

    *out = (struct incident_page){.count = 0};
    out->items =
        (struct ledger_incident *)arena_alloc(arena, sizeof(*out->items) * query->limit);
    if (out->items == NULL || query->limit == 0) {
        return SG_NO_MEMORY;
    }
    if (ledger->latched) {
        return SG_LEDGER;
    }
    return sql_bind_uint(statement, 1, query->below)
               ? walk(ledger, statement, query, arena, out)
               : ledger_latch(ledger, "list incidents");
}

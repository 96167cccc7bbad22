#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/batch/journal_inside.h"
#include "client/batch/journal_line.h"

/* --- Reading ----------------------------------------------------------------------- */

struct reading {
    struct journal *journal;
    const char *path;
    struct journal_line line;
    char text[JOURNAL_LINE_MAX];
    off_t sound; /* bytes of lines that are whole */
    uint64_t number;
};

/* False: the line contradicts those before it. */
static bool take(struct reading *reading)
{
    struct journal *journal = reading->journal;
    const struct journal_line *line = &reading->line;

    if (line->kind == JOURNAL_HEAD) {
        memcpy(journal->run, line->run, sizeof(journal->run));
        journal->force = line->force;
        return reading->number == 1;
    }
    if (reading->number == 1) {
        return false;
    }
    if (line->kind == JOURNAL_LETTER) {
        return line->letter.number == journal->count + 1;
    }
    return line->letter.number > 0 && line->letter.number <= journal->count;
}

static enum sg_status keep(struct reading *reading)
{
    struct journal *journal = reading->journal;
    const struct journal_letter *letter = &reading->line.letter;

    if (reading->line.kind == JOURNAL_LETTER) {
        return journal_remember(journal, letter);
    }
    if (reading->line.kind == JOURNAL_OUTCOME) {
        journal->letters[letter->number - 1].state = letter->state;
        journal->letters[letter->number - 1].log_index = letter->log_index;
    }
    return SG_OK;
}

/* *len: with the line end. False: the file ends, or no line end is within reach. */
static bool next_text(struct reading *reading, FILE *file, size_t *len)
{
    int byte = 0;

    *len = 0;
    while (byte != '\n') {
        byte = getc(file);
        if (byte == EOF || *len == sizeof(reading->text)) {
            return false;
        }
        reading->text[(*len)++] = (char)byte;
    }
    return true;
}

static enum sg_status read_lines(struct reading *reading, FILE *file)
{
    size_t len = 0;

    while (next_text(reading, file, &len)) {
        reading->number++;
        if (journal_line_read(slice_of(reading->text, len - 1), &reading->line) !=
                SG_OK ||
            !take(reading)) {
            return SG_OK;
        }
        TRY(keep(reading));
        reading->sound += (off_t)len;
    }
    return ferror(file) ? SG_IO : SG_OK;
}

/* What is behind the last sound line was being written when the run ended. */
static enum sg_status cut_tail(const struct reading *reading, off_t size,
                               struct sg_error *why)
{
    if (reading->journal->run[0] == '\0') {
        return sg_fail(why, SG_CORRUPT, "%s is no journal of segel sign", reading->path);
    }
    if (size - reading->sound > JOURNAL_TORN_MAX) {
        return sg_fail(why, SG_CORRUPT,
                       "the journal %s is damaged in line %" PRIu64
                       ": bring it back from a copy, or find out with 'segel log show' "
                       "what is signed already",
                       reading->path, reading->number);
    }
    return ftruncate(reading->journal->fd, reading->sound) == 0
               ? SG_OK
               : sg_fail(why, SG_IO, "the journal %s cannot be written", reading->path);
}

enum sg_status journal_load(struct journal *journal, struct sg_error *why)
{
    struct reading *reading = (struct reading *)calloc(1, sizeof(*reading));
    FILE *file = fopen(journal->path, "re");
    enum sg_status status = reading == NULL ? SG_NO_MEMORY : SG_OK;
    struct stat facts;

    if (status == SG_OK && (file == NULL || fstat(journal->fd, &facts) != 0)) {
        status = SG_IO;
    }
    if (status == SG_OK) {
        reading->journal = journal;
        reading->path = journal->path;
        status = read_lines(reading, file);
    }
    status = status == SG_OK ? cut_tail(reading, facts.st_size, why)
                             : sg_fail(why, status, "the journal %s cannot be read: %s",
                                       journal->path, sg_status_text(status));
    if (file != NULL) {
        (void)fclose(file);
    }
    free(reading);
    return status;
}

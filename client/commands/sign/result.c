#include "client/commands/sign/result.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client/batch/csv.h"
#include "proto/json.h"
#include "proto/text.h"

enum { ROW_SIZE = 65536, BUFFER_SIZE = 2 * ROW_SIZE };
static const char tail[] = "\n]\n";
static const char *const header[] = {
    "file",    "output", "outcome", "request_id", "decision_id", "log",  "log_index",
    "receipt", "reason", "message", "rule",       "cp_section",  "level"};

static enum sg_status fail(struct sign_result *result, struct sg_error *why)
{
    result->broken = true;
    return sg_fail(why, SG_IO, "the result file %s cannot be written: is the disk full?",
                   result->path);
}

/* --- CSV --------------------------------------------------------------------------- */

static enum sg_status put_cells(struct sign_result *result, const char *const *cells,
                                struct sg_error *why)
{
    char comma[2] = {result->separator, '\0'};

    for (size_t i = 0; i < SG_COUNT(header); i++) {
        if ((i > 0 && fputs(comma, result->file) < 0) ||
            csv_put(result->file, result->separator, cells[i]) != SG_OK) {
            return fail(result, why);
        }
    }
    return fputs("\r\n", result->file) >= 0 && fflush(result->file) == 0
               ? SG_OK
               : fail(result, why);
}

static enum sg_status put_csv(struct sign_result *result,
                              const struct sign_result_row *row, struct sg_error *why)
{
    char index[24] = "";

    if (row->has_index) {
        (void)snprintf(index, sizeof(index), "%" PRIu64, row->log_index);
    }
    const char *const cells[] = {
        row->file, row->output,     row->outcome, row->request_id, row->decision_id,
        row->log,  index,           row->receipt, row->reason,     row->message,
        row->rule, row->cp_section, row->level};
    _Static_assert(SG_COUNT(cells) == SG_COUNT(header), "a cell for each column");
    return put_cells(result, cells, why);
}

/* --- JSON -------------------------------------------------------------------------- */

/* A row goes where the array's end was, which is written behind it in the same call. */
static enum sg_status put_text(struct sign_result *result, const char *text,
                               struct sg_error *why)
{
    bool first = result->rows == 0;
    long back = -(long)strlen(tail);

    if (fseek(result->file, first ? 0 : back, first ? SEEK_SET : SEEK_END) != 0 ||
        fprintf(result->file, "%s%s%s", first ? "[\n" : ",\n", text, tail) < 0 ||
        fflush(result->file) != 0) {
        return fail(result, why);
    }
    return SG_OK;
}

static enum sg_status put_json(struct sign_result *result,
                               const struct sign_result_row *row, struct sg_error *why)
{
    const struct {
        const char *name;
        const char *text;
    } texts[] = {{"file", row->file},
                 {"output", row->output},
                 {"outcome", row->outcome},
                 {"request_id", row->request_id},
                 {"decision_id", row->decision_id},
                 {"log", row->log},
                 {"receipt", row->receipt},
                 {"reason", row->reason},
                 {"message", row->message},
                 {"rule", row->rule},
                 {"cp_section", row->cp_section},
                 {"level", row->level}};
    char buffer[ROW_SIZE + 1];
    struct json_out out;
    struct slice text;

    json_start(&out, buffer, ROW_SIZE);
    json_open_object(&out, NULL);
    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        if (texts[i].text[0] != '\0') {
            json_str(&out, texts[i].name, texts[i].text);
        }
    }
    if (row->has_index) {
        json_uint(&out, "log_index", row->log_index);
    }
    json_end(&out);
    if (json_finish(&out, &text) != SG_OK) {
        return fail(result, why);
    }
    buffer[text.len] = '\0';
    return put_text(result, buffer, why);
}

/* --- The file ---------------------------------------------------------------------- */

/* Nothing, or what an earlier run left, with whatever separator: --force means that, and
 * not a document that has the name. */
static bool may_be_replaced(int fd, bool json)
{
    char start[64];
    ssize_t len = pread(fd, start, sizeof(start), 0);
    size_t first = strlen(header[0]);
    size_t second = strlen(header[1]);

    if (len == 0 || (len < 0 && errno == ESPIPE)) { /* a pipe has no beginning */
        return true;
    }
    if (json) {
        return len >= 2 && memcmp(start, "[\n", 2) == 0;
    }
    return len > (ssize_t)(first + second) && memcmp(start, header[0], first) == 0 &&
           memcmp(start + first + 1, header[1], second) == 0;
}

enum sg_status sign_result_open(struct sign_result *result, const char *path,
                                char separator, bool replace, struct sg_error *why)
{
    *result = (struct sign_result){
        .path = path, .separator = separator, .json = text_ends_in(path, ".json")};
    if (!result->json && !text_ends_in(path, ".csv")) {
        return sg_fail(why, SG_INVALID, "--result %s: the name must end in .csv or .json",
                       path);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (replace ? 0 : O_EXCL), 0666);
    if (fd >= 0 && !may_be_replaced(fd, result->json)) {
        (void)close(fd);
        return sg_fail(why, SG_CONFLICT,
                       "the file %s is there and is no result of an earlier run, so it "
                       "is not overwritten: choose another name",
                       path);
    }
    if (fd >= 0 && ftruncate(fd, 0) != 0 && errno != EINVAL) {
        (void)close(fd);
        return sg_fail(why, SG_IO, "the result file %s cannot be emptied", path);
    }
    if (fd < 0) {
        return errno == EEXIST
                   ? sg_fail(why, SG_CONFLICT,
                             "the result file %s is there already: choose another name, "
                             "or --force",
                             path)
                   : sg_fail(why, SG_IO, "the result file %s cannot be made: %s", path,
                             errno == ENOENT ? "its folder is not there"
                                             : "you may not write there");
    }
    result->file = fdopen(fd, "w");
    if (result->file == NULL) {
        (void)close(fd);
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    (void)setvbuf(result->file, NULL, _IOFBF, BUFFER_SIZE); /* a row is one write */
    if (!result->json) {
        return put_cells(result, header, why);
    }
    return fputs("[\n]\n", result->file) >= 0 && fflush(result->file) == 0
               ? SG_OK
               : fail(result, why);
}

enum sg_status sign_result_put(struct sign_result *result,
                               const struct sign_result_row *row, struct sg_error *why)
{
    if (result->file == NULL || result->broken) {
        return SG_OK;
    }
    TRY(result->json ? put_json(result, row, why) : put_csv(result, row, why));
    result->rows++;
    return SG_OK;
}

enum sg_status sign_result_close(struct sign_result *result, struct sg_error *why)
{
    enum sg_status status = SG_OK;

    if (result->file == NULL) {
        return SG_OK;
    }
    if (!result->broken && fsync(fileno(result->file)) != 0 && errno != EINVAL) {
        status = fail(result, why);
    }
    (void)fclose(result->file);
    result->file = NULL;
    return status;
}

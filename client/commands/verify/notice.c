#include "client/commands/verify/notice.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/console/file.h"
#include "proto/text.h"

enum { TEXT_MAX = 1024 };

/* --- What is asked for ------------------------------------------------------------- */

void verify_notice_fini(struct verify_notice *notice)
{
    free(notice->text);
    free(notice->shown);
    pdf_image_fini(&notice->logo);
    *notice = (struct verify_notice){.text = NULL};
}

static enum sg_status keep_text(struct verify_notice *out, struct slice text,
                                struct sg_error *why)
{
    bool has_letters = false;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t lower = text.data[i] | 0x20;
        has_letters = has_letters || (lower >= 'a' && lower <= 'z');
    }
    if (!has_letters || text.len > TEXT_MAX || !text_utf8(text)) {
        return sg_fail(why, SG_INVALID,
                       "--statement is the statement's words, up to %d bytes of UTF-8, "
                       "or @FILE with them",
                       TEXT_MAX);
    }
    out->text = strndup((const char *)text.data, text.len);
    return out->text == NULL ? SG_NO_MEMORY : SG_OK;
}

static enum sg_status read_text(const char *statement, struct verify_notice *out,
                                struct sg_error *why)
{
    struct file_bytes bytes = {0};

    if (statement[0] != '@') {
        return keep_text(out, slice_str(statement), why);
    }
    TRY(file_read(statement + 1, TEXT_MAX + 1, &bytes, why));
    enum sg_status status = keep_text(out, slice_of(bytes.data, bytes.len), why);
    file_free(&bytes);
    return status;
}

static enum sg_status read_logo(const char *path, struct verify_notice *out,
                                struct sg_error *why)
{
    struct file_bytes bytes = {0};

    TRY(file_read(path, PDF_IMAGE_FILE_MAX, &bytes, why));
    enum sg_status status =
        pdf_image_read(slice_of(bytes.data, bytes.len), path, &out->logo, why);
    file_free(&bytes);
    return status;
}

enum sg_status verify_notice_read(const char *statement, const char *logo,
                                  struct verify_notice *out, struct sg_error *why)
{
    if (statement != NULL) {
        out->needed = true;
        TRY(read_text(statement, out, why));
    }
    if (logo != NULL) {
        TRY(read_logo(logo, out, why));
    }
    out->looked = out->looked || out->needed || logo != NULL;
    out->shown = (struct pdf_shown *)calloc(1, sizeof(*out->shown));
    return out->shown == NULL ? SG_NO_MEMORY : SG_OK;
}

/* --- What is found ----------------------------------------------------------------- */

bool verify_notice_stated(const struct pdf_shown *shown)
{
    bool stated = shown->page > 0;

    for (size_t i = 0; i < shown->count; i++) {
        stated = stated || shown->stamps[i].statement;
    }
    return stated;
}

bool verify_notice_has_logo(const struct pdf_shown *shown)
{
    bool found = false;

    for (size_t i = 0; i < shown->count; i++) {
        found = found || shown->stamps[i].logo;
    }
    return found;
}

const struct pdf_shown_stamp *verify_notice_of(const struct verify_finding *finding,
                                               const struct verify_report *report)
{
    for (size_t i = 0; finding->shown != NULL && i < finding->shown->count; i++) {
        const struct pdf_shown_stamp *stamp = &finding->shown->stamps[i];
        if (memcmp(stamp->range, report->range, sizeof(report->range)) == 0) {
            return stamp;
        }
    }
    return NULL;
}

static void look(const struct verify_notice *notice, struct slice pdf,
                 struct verify_finding *finding)
{
    enum sg_status status =
        pdf_shown_read(pdf, notice->text, &notice->logo, notice->shown, &finding->unseen);

    if (status == SG_OK) {
        finding->shown = notice->shown;
        finding->unseen.text[0] = '\0';
    } else if (finding->unseen.text[0] == '\0') {
        (void)snprintf(finding->unseen.text, sizeof(finding->unseen.text), "%s",
                       sg_status_text(status));
    }
}

/* What cannot be read, for want of memory or processes, or because the file takes too
 * much of them, does not meet a demand. */
static void demand(const struct verify_notice *notice, struct verify_finding *finding)
{
    const struct pdf_shown *shown = finding->shown;

    finding->lacks_statement =
        notice->needed && !(shown != NULL && verify_notice_stated(shown));
    finding->lacks_logo =
        finding->wants_logo && !(shown != NULL && verify_notice_has_logo(shown));
    if (finding->outcome == VERIFY_VALID &&
        (finding->lacks_statement || finding->lacks_logo)) {
        finding->outcome = VERIFY_UNSTATED;
    }
}

void verify_notice_judge(const struct verify_notice *notice, const struct slice *pdf,
                         struct verify_finding *finding)
{
    finding->wants_logo = notice->logo.width > 0;
    if (pdf != NULL && notice->looked && finding->signatures > 0) {
        look(notice, *pdf, finding);
    }
    demand(notice, finding);
}

#include "client/pdf/compare/changes.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/compare/compare.h"
#include "client/pdf/guard/guard.h"

static const struct {
    const char *code;
    bool allowed;
    const char *text[2];
} rows[] = {
#define PDF_CHANGE(name, code, allowed, en, id)                                          \
    [PDF_CHANGE_##name] = {code, allowed, {en, id}},
#include "client/pdf/compare/changes.def"
#undef PDF_CHANGE
};

const char *pdf_change_code(enum pdf_change_kind kind)
{
    return rows[kind].code;
}

bool pdf_change_allowed(enum pdf_change_kind kind)
{
    return rows[kind].allowed;
}

bool pdf_change_fills(enum pdf_change_kind kind)
{
    return kind == PDF_CHANGE_FORM_FILLED || kind == PDF_CHANGE_FORM_SET;
}

void pdf_change_say(const struct pdf_change *change, bool indonesian, char *out,
                    size_t cap)
{
    const char *text = rows[change->kind].text[indonesian ? 1 : 0];
    const char *place = strstr(text, "{}");
    char page[16];

    (void)snprintf(page, sizeof(page), "%d", change->page);
    const char *what = change->name[0] != '\0' ? change->name
                       : change->page > 0      ? page
                                               : "?";
    int head = place == NULL ? (int)strlen(text) : (int)(place - text);
    (void)snprintf(out, cap, "%.*s%s%s", head, text, place == NULL ? "" : what,
                   place == NULL ? "" : place + 2);
}

void pdf_changes_take_back(struct pdf_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        enum pdf_change_kind *kind = &changes->at[i].kind;
        *kind = *kind == PDF_CHANGE_FORM_FILLED ? PDF_CHANGE_FIELD
                : *kind == PDF_CHANGE_FORM_SET  ? PDF_CHANGE_FORM
                                                : *kind;
    }
    changes->forbidden = changes->forbidden || changes->filled;
    changes->filled = false;
}

/* --- Across the border of the process that reads ----------------------------------- */

struct request {
    struct slice pdf;
    const uint64_t *ends;
    size_t steps;
};

static void work(const void *context, struct pdf_buffer *answer)
{
    const struct request *request = (const struct request *)context;

    for (size_t i = 0; i < request->steps; i++) {
        struct pdf_changes changes = {.count = 0};
        compare_revisions(slice_of(request->pdf.data, (size_t)request->ends[i]),
                          slice_of(request->pdf.data, (size_t)request->ends[i + 1]),
                          &changes);
        pdf_buffer_put(answer, &changes, sizeof(changes));
    }
}

/* The answer comes from a process that read hostile input. */
static bool is_lawful(struct pdf_changes *changes)
{
    if (changes->count > PDF_CHANGES_MAX) {
        return false;
    }
    for (size_t i = 0; i < changes->count; i++) {
        struct pdf_change *change = &changes->at[i];
        if ((unsigned)change->kind >= PDF_CHANGE_COUNT) {
            return false;
        }
        change->name[sizeof(change->name) - 1] = '\0';
        changes->forbidden = changes->forbidden || !rows[change->kind].allowed;
        changes->filled = changes->filled || pdf_change_fills(change->kind);
    }
    return true;
}

static enum sg_status take(const struct pdf_buffer *answer, size_t steps,
                           struct pdf_changes *out, struct pdf_verdict *verdict)
{
    if (answer->len != steps * sizeof(*out)) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
    }
    memcpy(out, answer->data, answer->len);
    for (size_t i = 0; i < steps; i++) {
        if (!is_lawful(&out[i])) {
            return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
        }
    }
    return SG_OK;
}

enum sg_status pdf_compare(struct slice pdf, const uint64_t *ends, size_t count,
                           struct pdf_changes *steps, struct sg_error *why)
{
    struct request request = {pdf, ends, count < 2 ? 0 : count - 1};
    struct pdf_verdict verdict = {.why = why};
    AUTO(pdf_buffer_fini) struct pdf_buffer answer = {0};

    MUST(request.steps <= PDF_STEPS_MAX);
    for (size_t i = 0; i < request.steps; i++) {
        MUST(ends[i] <= ends[i + 1] && ends[i + 1] <= pdf.len);
    }
    if (request.steps == 0) {
        return SG_OK;
    }
    TRY(pdf_guard_run(work, &request, &answer, &verdict));
    return take(&answer, request.steps, steps, &verdict);
}

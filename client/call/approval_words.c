#include "client/call/approval_words.h"

#include "client/console/screen.h"

static const struct {
    const char *name;
    const char *text[2]; /* English, Indonesian */
} states[] = {
    {"unknown", {"unknown", "tidak dikenal"}},
    {"waiting", {"waits", "menunggu"}},
    {"executed", {"done", "selesai"}},
    {"failed", {"failed", "gagal"}},
    {"refused", {"refused", "ditolak"}},
    {"expired", {"expired", "lewat waktu"}},
    {"void", {"void", "batal"}},
};

static size_t state_index(Segel__V1__ApprovalState state)
{
    return (size_t)state < SG_COUNT(states) ? (size_t)state : 0;
}

const char *approval_state_text(Segel__V1__ApprovalState state, bool indonesian)
{
    return states[state_index(state)].text[indonesian];
}

const char *approval_state_name(Segel__V1__ApprovalState state)
{
    return states[state_index(state)].name;
}

void approval_print(const Segel__V1__Approval *approval, FILE *out, bool indonesian)
{
    screen_text(out, approval->id);
    (void)fprintf(out, ": %s", approval_state_text(approval->state, indonesian));
    if (approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING) {
        (void)fprintf(out,
                      indonesian ? ", %u dari %u persetujuan" : ", %u of %u approvals",
                      approval->approvals_given, approval->approvals_required);
    }
    if (approval->outcome != NULL) {
        (void)fputs(": ", out);
        screen_text(out, approval->outcome->message);
    }
    (void)fputc('\n', out);
    if (approval->log != NULL) {
        (void)fprintf(out,
                      indonesian ? "tercatat pada log sebagai nomor %llu\n"
                                 : "the log holds it as record %llu\n",
                      (unsigned long long)approval->log->index);
    }
}

/* The same id again is the same request, also when that was refused or ran out. */
enum sg_status approval_stands(const Segel__V1__Approval *approval, bool indonesian,
                               struct sg_error *why)
{
    if (approval == NULL ||
        approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING ||
        approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_EXECUTED) {
        return SG_OK;
    }
    return sg_fail(why, SG_DENIED, "%s",
                   indonesian ? "permintaan ini sudah berakhir; ajukan lagi dengan "
                                "--request-id lain"
                              : "that request is over; ask anew with another "
                                "--request-id");
}

#include "client/pdf/wish.h"

#include "client/pdf/stamp/stamp.h"
#include "client/pdf/stamp/template.h"
#include "proto/text.h"

enum { TEXT_MAX = 1024 };

static bool usable(const char *text)
{
    return text == NULL || (strlen(text) <= TEXT_MAX && text_plain(slice_str(text)));
}

enum sg_status pdf_wish_check(const struct pdf_wish *wish, struct pdf_verdict *verdict)
{
    const char *const others[] = {wish->field, wish->statement, wish->qr_text,
                                  wish->signer};
    const struct {
        const char *name;
        const char *text;
    } values[] = {
        {"reason", wish->reason}, {"location", wish->location}, {"name", wish->name},
        {"title", wish->title},   {"rank", wish->rank},         {"nip", wish->nip},
        {"unit", wish->unit},
    };

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        if (!usable(others[i])) {
            return pdf_refuse(verdict, PDF_TEXT, NULL);
        }
    }
    for (size_t i = 0; i < SG_COUNT(values); i++) {
        if (!usable(values[i].text)) {
            return pdf_refuse(verdict, PDF_TEXT, values[i].name);
        }
        if (pdf_restates(values[i].text, wish->statement)) {
            return pdf_refuse(verdict, PDF_STATEMENT, values[i].name);
        }
    }
    return pdf_stamp_check(wish, verdict);
}

#include "client/pdf/signature.h"

#include "proto/text.h"

/* text_time gives 2026-05-02T01:02:03.456789Z; PDF wants D:20260502010203+00'00'. */
static void put_time(struct pdf_buffer *out, int64_t unix_us)
{
    char time[TEXT_TIME_SIZE];

    text_time(unix_us, time);
    pdf_buffer_print(out, "/M (D:%.4s%.2s%.2s%.2s%.2s%.2s+00'00')\n", time, time + 5,
                     time + 8, time + 11, time + 14, time + 17);
}

static void put_text(struct pdf_buffer *out, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        pdf_buffer_text(out, key);
        pdf_buffer_string(out, text);
        pdf_buffer_text(out, "\n");
    }
}

static void put_signing(struct pdf_buffer *out, const struct pdf_wish *wish)
{
    pdf_buffer_text(out, "<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n"
                         "/SubFilter /ETSI.CAdES.detached\n");
    put_time(out, wish->signing_time_us);
    put_text(out, "/Name ", wish->name);
    put_text(out, "/Reason ", wish->reason);
    put_text(out, "/Location ", wish->location);
}

void pdf_signature_append(struct pdf_append *append, int number,
                          const struct pdf_wish *wish, struct pdf_holes *holes)
{
    struct pdf_buffer *out = &append->out;

    pdf_append_begin(append, number, 0);
    if (wish->adds == PDF_ADDS_STAMP) {
        /* The time is the token's: no /M (EN 319 142-1 section 5.4.3). */
        pdf_buffer_text(out, "<<\n/Type /DocTimeStamp\n/Filter /Adobe.PPKLite\n"
                             "/SubFilter /ETSI.RFC3161\n");
    } else {
        put_signing(out, wish);
    }
    pdf_buffer_text(out, "/ByteRange ");
    holes->byte_range = out->len;
    pdf_buffer_fill(out, ' ', PDF_RANGE_LEN);
    pdf_buffer_text(out, "\n/Contents ");
    holes->contents = out->len;
    pdf_buffer_text(out, "<");
    pdf_buffer_fill(out, '0', 2 * wish->reserve);
    pdf_buffer_text(out, ">");
    holes->contents_end = out->len;
    pdf_buffer_text(out, "\n>>");
    pdf_append_end(append);
}

#include "client/pdf/font/fonts_inside.h"

static int append_stream(struct pdf_append *append, const struct pdf_buffer *bytes,
                         size_t plain_len)
{
    int number = pdf_append_number(append);

    pdf_append_begin(append, number, 0);
    pdf_buffer_text(&append->out, "<< /Filter /FlateDecode");
    if (plain_len > 0) {
        pdf_buffer_print(&append->out, " /Length1 %zu", plain_len);
    }
    pdf_buffer_print(&append->out, " /Length %zu >>\nstream\n", bytes->len);
    pdf_buffer_put(&append->out, bytes->data, bytes->len);
    pdf_buffer_text(&append->out, "\nendstream");
    pdf_append_end(append);
    return number;
}

/* One bit a glyph, all of them set. */
static int append_cidset(struct pdf_append *append, size_t count)
{
    int number = pdf_append_number(append);

    pdf_append_begin(append, number, 0);
    pdf_buffer_print(&append->out, "<< /Length %zu >>\nstream\n", (count + 7) / 8);
    pdf_buffer_fill(&append->out, (char)0xFF, count / 8);
    if (count % 8 != 0) {
        pdf_buffer_fill(&append->out, (char)(0xFF << (8 - count % 8)), 1);
    }
    pdf_buffer_text(&append->out, "\nendstream");
    pdf_append_end(append);
    return number;
}

static int append_descriptor(struct pdf_append *append, const struct face *face,
                             const char *name)
{
    const int *m = face->metrics;
    int file = append_stream(append, &face->file, face->file_len);
    int set = append_cidset(append, face->glyph_count);
    int number = pdf_append_number(append);

    pdf_append_begin(append, number, 0);
    /* 32 = not one of the standard character sets. */
    pdf_buffer_print(&append->out,
                     "<< /Type /FontDescriptor /FontName /%s+%s /Flags 32\n/FontBBox [%d "
                     "%d %d %d] ",
                     face->tag, name, m[0], m[1], m[2], m[3]);
    pdf_buffer_print(&append->out,
                     "/ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV 80\n"
                     "/FontFile2 %d 0 R /CIDSet %d 0 R >>",
                     m[4], m[5], m[6], file, set);
    pdf_append_end(append);
    return number;
}

static int append_face(struct pdf_append *append, const struct face *face,
                       const char *name)
{
    int descriptor = append_descriptor(append, face, name);
    int unicode = append_stream(append, &face->unicode, 0);
    int number = pdf_append_number(append);
    int part = pdf_append_number(append);

    pdf_append_begin(append, number, 0);
    pdf_buffer_print(&append->out,
                     "<< /Type /Font /Subtype /Type0 /BaseFont /%s+%s\n/Encoding "
                     "/Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>",
                     face->tag, name, part, unicode);
    pdf_append_end(append);
    pdf_append_begin(append, part, 0);
    pdf_buffer_print(
        &append->out,
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s+%s\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        "/Supplement 0 >>\n/CIDToGIDMap /Identity /FontDescriptor %d 0 R\n/W ",
        face->tag, name, descriptor);
    pdf_buffer_put(&append->out, face->widths.data, face->widths.len);
    pdf_buffer_text(&append->out, " >>");
    pdf_append_end(append);
    return number;
}

void pdf_fonts_append(const struct pdf_fonts *fonts, const bool used[PDF_FACES],
                      struct pdf_append *append, int numbers[PDF_FACES])
{
    for (int i = 0; i < PDF_FACES; i++) {
        const char *name = pdf_face_name((enum pdf_face)i);
        numbers[i] = used[i] ? append_face(append, &fonts->faces[i], name) : 0;
    }
}

#include "client/pdf/append.h"

#include <stdlib.h>

void pdf_append_init(struct pdf_append *append, struct slice pdf, int first_number)
{
    *append = (struct pdf_append){.base = pdf.len, .next_number = first_number};
    uint8_t last = pdf.data[pdf.len - 1];
    if (last != '\n' && last != '\r') {
        pdf_buffer_text(&append->out, "\n");
    }
}

void pdf_append_fini(struct pdf_append *append)
{
    pdf_buffer_fini(&append->out);
}

int pdf_append_number(struct pdf_append *append)
{
    return append->next_number++;
}

void pdf_append_begin(struct pdf_append *append, int number, int generation)
{
    MUST(append->count < PDF_APPEND_OBJECTS);
    append->entries[append->count++] = (struct pdf_append_entry){
        .number = number,
        .generation = generation,
        .offset = append->base + append->out.len,
    };
    pdf_buffer_print(&append->out, "%d %d obj\n", number, generation);
}

void pdf_append_end(struct pdf_append *append)
{
    pdf_buffer_text(&append->out, "\nendobj\n");
}

void pdf_append_rewrite(struct pdf_append *append, const struct pdf_reader *reader,
                        qpdf_oh node)
{
    pdf_append_begin(append, qpdf_oh_get_object_id(reader->qpdf, node),
                     qpdf_oh_get_generation(reader->qpdf, node));
}

static int by_number(const void *a, const void *b)
{
    const struct pdf_append_entry *left = a;
    const struct pdf_append_entry *right = b;

    return (left->number > right->number) - (left->number < right->number);
}

/* Entries from first on whose numbers follow each other. */
static size_t run_len(const struct pdf_append *append, size_t first)
{
    size_t len = 1;

    while (first + len < append->count &&
           append->entries[first + len].number ==
               append->entries[first + len - 1].number + 1) {
        len++;
    }
    return len;
}

/* The second half of /ID names this version of the letter. */
static void put_id(struct pdf_append *append, const struct pdf_reader *reader)
{
    qpdf_oh ids = pdf_get(reader, reader->trailer, "/ID");
    const char *text = NULL;
    size_t len = 0;

    if (pdf_count(reader, ids) != 2) {
        return;
    }
    qpdf_oh first = qpdf_oh_get_array_item(reader->qpdf, ids, 0);
    if (!qpdf_oh_get_value_as_string(reader->qpdf, first, &text, &len)) {
        return;
    }
    pdf_buffer_text(&append->out, "/ID [<");
    pdf_buffer_hex(&append->out, slice_of(text, len));
    pdf_buffer_text(&append->out, "> <");
    append->id = append->out.len;
    pdf_buffer_fill(&append->out, '0', PDF_APPEND_ID);
    pdf_buffer_text(&append->out, ">]\n");
}

/* Only what a trailer must say: private keys of the last writer (sums over the old file
 * and the like) would no longer be true. */
static void put_trailer_keys(struct pdf_append *append, const struct pdf_reader *reader)
{
    struct pdf_buffer *out = &append->out;
    qpdf_oh info = pdf_get(reader, reader->trailer, "/Info");

    pdf_buffer_print(out, "/Size %d\n/Prev %zu\n/Root ", append->next_number,
                     reader->last.offset);
    pdf_put(reader, qpdf_oh_get_key(reader->qpdf, reader->trailer, "/Root"), out);
    pdf_buffer_text(out, "\n");
    if (qpdf_oh_is_indirect(reader->qpdf, info)) {
        pdf_buffer_text(out, "/Info ");
        pdf_put(reader, info, out);
        pdf_buffer_text(out, "\n");
    }
    put_id(append, reader);
}

static void put_table(struct pdf_append *append, const struct pdf_reader *reader)
{
    struct pdf_buffer *out = &append->out;

    pdf_buffer_text(out, "xref\n");
    for (size_t i = 0; i < append->count;) {
        size_t len = run_len(append, i);
        pdf_buffer_print(out, "%d %zu\n", append->entries[i].number, len);
        for (size_t end = i + len; i < end; i++) {
            /* 20 bytes a line, the blank before the line feed included. */
            pdf_buffer_print(out, "%010zu %05d n \n", append->entries[i].offset,
                             append->entries[i].generation);
        }
    }
    pdf_buffer_text(out, "trailer\n<<\n");
    put_trailer_keys(append, reader);
    pdf_buffer_text(out, ">>\n");
}

static void put_big_endian(struct pdf_buffer *out, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(value >> (8 * bytes));
        pdf_buffer_put(out, &byte, 1);
    }
}

/* The stream's own entry is among those it holds. */
static void put_stream(struct pdf_append *append, const struct pdf_reader *reader)
{
    struct pdf_buffer *out = &append->out;

    pdf_buffer_text(out, "<<\n/Type /XRef\n/W [1 5 2]\n/Index [");
    for (size_t i = 0; i < append->count; i += run_len(append, i)) {
        pdf_buffer_print(out, " %d %zu", append->entries[i].number, run_len(append, i));
    }
    pdf_buffer_print(out, " ]\n/Length %zu\n", append->count * 8);
    put_trailer_keys(append, reader);
    pdf_buffer_text(out, ">>\nstream\n");
    for (size_t i = 0; i < append->count; i++) {
        put_big_endian(out, 1, 1);
        put_big_endian(out, append->entries[i].offset, 5);
        put_big_endian(out, (uint64_t)append->entries[i].generation, 2);
    }
    pdf_buffer_text(out, "\nendstream\nendobj\n");
}

enum sg_status pdf_append_finish(struct pdf_append *append,
                                 const struct pdf_reader *reader)
{
    size_t offset = append->base + append->out.len;

    if (reader->last.is_stream) {
        pdf_append_begin(append, pdf_append_number(append), 0);
    }
    qsort(append->entries, append->count, sizeof(append->entries[0]), by_number);
    if (reader->last.is_stream) {
        put_stream(append, reader);
    } else {
        put_table(append, reader);
    }
    pdf_buffer_print(&append->out, "startxref\n%zu\n%%%%EOF\n", offset);
    return pdf_buffer_check(&append->out);
}

#include "client/pdf/reader.h"

/* No tree is as deep; a loop ends here. */
enum { PARENTS_MAX = 64 };

qpdf_oh pdf_get(const struct pdf_reader *reader, qpdf_oh node, const char *key)
{
    return qpdf_oh_get_key_if_dict(reader->qpdf, node, key);
}

qpdf_oh pdf_inherited(const struct pdf_reader *reader, qpdf_oh from, const char *key)
{
    qpdf_oh node = qpdf_oh_new_object(reader->qpdf, from);
    qpdf_oh value = pdf_get(reader, node, key);

    for (int i = 0; i < PARENTS_MAX && qpdf_oh_is_null(reader->qpdf, value); i++) {
        qpdf_oh above = pdf_get(reader, node, "/Parent");
        qpdf_oh_release(reader->qpdf, node);
        node = above;
        if (!pdf_is_dict(reader, node)) {
            break;
        }
        qpdf_oh_release(reader->qpdf, value);
        value = pdf_get(reader, node, key);
    }
    qpdf_oh_release(reader->qpdf, node);
    return value;
}

bool pdf_is_dict(const struct pdf_reader *reader, qpdf_oh node)
{
    return qpdf_oh_is_dictionary(reader->qpdf, node) != 0;
}

bool pdf_is_name(const struct pdf_reader *reader, qpdf_oh node, const char *name)
{
    return qpdf_oh_is_name_and_equals(reader->qpdf, node, name) != 0;
}

long long pdf_int(const struct pdf_reader *reader, qpdf_oh node, long long fallback)
{
    long long value = 0;

    return qpdf_oh_get_value_as_longlong(reader->qpdf, node, &value) ? value : fallback;
}

void pdf_text(const struct pdf_reader *reader, qpdf_oh node, char *out, size_t size)
{
    const char *text = NULL;
    size_t len = 0;

    out[0] = '\0';
    if (!qpdf_oh_get_value_as_utf8(reader->qpdf, node, &text, &len)) {
        return;
    }
    if (len >= size) {
        len = size - 1;
        /* Never ends in half a character. */
        while (len > 0 && ((uint8_t)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

int pdf_count(const struct pdf_reader *reader, qpdf_oh node)
{
    if (!qpdf_oh_is_array(reader->qpdf, node)) {
        return 0;
    }
    return qpdf_oh_get_array_n_items(reader->qpdf, node);
}

bool pdf_same(const struct pdf_reader *reader, qpdf_oh a, qpdf_oh b)
{
    return qpdf_oh_is_indirect(reader->qpdf, a) && qpdf_oh_is_indirect(reader->qpdf, b) &&
           qpdf_oh_get_object_id(reader->qpdf, a) ==
               qpdf_oh_get_object_id(reader->qpdf, b) &&
           qpdf_oh_get_generation(reader->qpdf, a) ==
               qpdf_oh_get_generation(reader->qpdf, b);
}

void pdf_put(const struct pdf_reader *reader, qpdf_oh node, struct pdf_buffer *out)
{
    const char *text = qpdf_oh_unparse(reader->qpdf, node);

    pdf_buffer_put(out, text, qpdf_get_last_string_length(reader->qpdf));
}

static bool is_patched(const char *key, const struct pdf_patch *patches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, patches[i].key) == 0) {
            return true;
        }
    }
    return false;
}

/* qpdf hands keys out unescaped: let it write the name itself. */
static void put_entry(const struct pdf_reader *reader, qpdf_oh dict, const char *key,
                      struct pdf_buffer *out)
{
    qpdf_oh name = qpdf_oh_new_name(reader->qpdf, key);
    qpdf_oh value = qpdf_oh_get_key(reader->qpdf, dict, key);

    pdf_put(reader, name, out);
    pdf_buffer_text(out, " ");
    pdf_put(reader, value, out);
    pdf_buffer_text(out, "\n");
    qpdf_oh_release(reader->qpdf, name);
    qpdf_oh_release(reader->qpdf, value);
}

void pdf_put_dict(const struct pdf_reader *reader, qpdf_oh dict,
                  const struct pdf_patch *patches, size_t count, struct pdf_buffer *out)
{
    pdf_buffer_text(out, "<<\n");
    qpdf_oh_begin_dict_key_iter(reader->qpdf, dict);
    while (qpdf_oh_dict_more_keys(reader->qpdf)) {
        const char *key = qpdf_oh_dict_next_key(reader->qpdf);
        if (!is_patched(key, patches, count)) {
            put_entry(reader, dict, key, out);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (patches[i].value.len > 0) {
            pdf_buffer_text(out, patches[i].key);
            pdf_buffer_text(out, " ");
            pdf_buffer_put(out, patches[i].value.data, patches[i].value.len);
            pdf_buffer_text(out, "\n");
        }
    }
    pdf_buffer_text(out, ">>");
}

void pdf_put_array(const struct pdf_reader *reader, qpdf_oh array, int reference,
                   struct pdf_buffer *out)
{
    if (qpdf_oh_is_array(reader->qpdf, array)) {
        const char *text = qpdf_oh_unparse_resolved(reader->qpdf, array);
        size_t len = qpdf_get_last_string_length(reader->qpdf);
        while (len > 0 && text[len - 1] != ']') {
            len--;
        }
        pdf_buffer_put(out, text, len == 0 ? 0 : len - 1);
    } else {
        pdf_buffer_text(out, "[ ");
    }
    pdf_buffer_print(out, "%d 0 R ]", reference);
}

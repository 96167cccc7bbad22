#include "client/pdf/field.h"

#include "client/pdf/archival.h"
#include "client/pdf/form.h"
#include "client/pdf/stamp/stamp.h"

/* Print and Locked (ISO 32000-1 table 165): PDF/A asks for Print. */
static const char flags[] = "132";
enum { CATALOG_PATCHES = 4 };

static void put_reference(struct pdf_buffer *out, int number)
{
    pdf_buffer_print(out, "%d 0 R", number);
}

/* The stamp's size is that of the rectangle as it is shown. */
static enum sg_status append_stamp(const struct pdf_signing *signing, int number)
{
    const struct pdf_place *place = signing->place;
    double across = (place->box[2] - place->box[0]) * place->view.unit;
    double along = (place->box[3] - place->box[1]) * place->view.unit;
    bool turned = place->view.rotate % 180 != 0;
    struct pdf_stamp stamp = {
        .width = turned ? along : across,
        .height = turned ? across : along,
        .rotate = place->view.rotate,
        .wish = signing->wish,
        .fonts = signing->fonts,
    };

    MUST(signing->fonts != NULL);
    return pdf_stamp_append(&stamp, number, signing->append, signing->verdict);
}

/* PDF/A-1 asks each field for an appearance (ISO 19005-1 section 6.9), also one that
 * nobody sees. A time stamp has it there only: judges of what came after a signature take
 * a new appearance for more than the upkeep of an archive. */
static bool wants_looks(const struct pdf_signing *signing)
{
    return signing->place->visible ||
           (!signing->place->existing &&
            (signing->wish->adds == PDF_ADDS_SIGNATURE || pdf_is_a1(signing->reader)));
}

static void append_nothing(struct pdf_append *append, int number)
{
    pdf_append_begin(append, number, 0);
    pdf_buffer_text(&append->out,
                    "<<\n/Type /XObject\n/Subtype /Form\n/BBox [0 0 0 0]\n/Length 0\n"
                    ">>\nstream\n\nendstream");
    pdf_append_end(append);
}

static void put_rect(const struct pdf_place *place, struct pdf_buffer *out)
{
    pdf_buffer_text(out, "/Rect [");
    for (int i = 0; i < 4; i++) {
        pdf_buffer_number(out, place->visible ? place->box[i] : 0);
        pdf_buffer_text(out, i < 3 ? " " : "]\n");
    }
}

/* Field and widget in one object. stamp: what it looks like; 0 = nothing is said of it.
 */
static void append_widget(const struct pdf_signing *signing, int number, int stamp)
{
    struct pdf_buffer *out = &signing->append->out;

    pdf_append_begin(signing->append, number, 0);
    pdf_buffer_print(out,
                     "<<\n/Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Signature%d)\n"
                     "/F %s\n/P ",
                     signing->place->number, flags);
    pdf_put(signing->reader, signing->place->page.node, out);
    pdf_buffer_text(out, "\n");
    put_rect(signing->place, out);
    if (stamp != 0) {
        pdf_buffer_print(out, "/AP << /N %d 0 R >>\n", stamp);
    }
    pdf_buffer_print(out, "/V %d 0 R\n>>", signing->signature);
    pdf_append_end(signing->append);
}

/* Adds the widget to the page: to the array when that is an object of its own, unless the
 * stamp would then show on another page, too. */
static enum sg_status extend_page(const struct pdf_signing *signing, int widget)
{
    const struct pdf_reader *reader = signing->reader;
    qpdf_oh page = signing->place->page.node;
    qpdf_oh annots = pdf_get(reader, page, "/Annots");
    bool is_array = qpdf_oh_is_array(reader->qpdf, annots) != 0;

    if (!is_array && !qpdf_oh_is_null(reader->qpdf, annots)) {
        return pdf_refuse(signing->verdict, PDF_PAGE_UNUSUAL, "its annotations");
    }
    if (is_array && qpdf_oh_is_indirect(reader->qpdf, annots) &&
        !signing->place->page.shares_annots) {
        pdf_append_rewrite(signing->append, reader, annots);
        pdf_put_array(reader, annots, widget, &signing->append->out);
        pdf_append_end(signing->append);
        return SG_OK;
    }
    AUTO(pdf_buffer_fini) struct pdf_buffer array = {0};
    pdf_put_array(reader, annots, widget, &array);
    TRY(pdf_buffer_check(&array));
    struct pdf_patch patch = {.key = "/Annots", .value = pdf_buffer_slice(&array)};
    pdf_append_rewrite(signing->append, reader, page);
    pdf_put_dict(reader, page, &patch, 1, &signing->append->out);
    pdf_append_end(signing->append);
    return SG_OK;
}

static bool is_listed(const struct pdf_append *append, const struct pdf_reader *reader,
                      qpdf_oh node)
{
    int number = qpdf_oh_get_object_id(reader->qpdf, node);

    for (size_t i = 0; i < append->count; i++) {
        if (append->entries[i].number == number) {
            return true;
        }
    }
    return false;
}

/* /Fields with the new one at its end. When the list is an object of its own, that is
 * rewritten and fields stays empty. Some writers let a page's annotations and the form's
 * fields be one list: where it is another page's, the stamp would show there, too. */
static void extend_fields(const struct pdf_signing *signing, qpdf_oh form, int widget,
                          struct pdf_buffer *fields)
{
    const struct pdf_reader *reader = signing->reader;
    qpdf_oh list = pdf_get(reader, form, "/Fields");

    if (!qpdf_oh_is_array(reader->qpdf, list) ||
        !qpdf_oh_is_indirect(reader->qpdf, list) || signing->place->page.fields_shown) {
        pdf_put_array(reader, list, widget, fields);
        return;
    }
    /* The page's own list has the widget already. */
    if (!is_listed(signing->append, reader, list)) {
        pdf_append_rewrite(signing->append, reader, list);
        pdf_put_array(reader, list, widget, &signing->append->out);
        pdf_append_end(signing->append);
    }
}

/* SignaturesExist and AppendOnly; and viewers must not redraw signatures, which would
 * show as a change of the letter. Where they draw other fields they go on: whoever looked
 * at the letter saw their values, and would have signed a stored picture that nobody saw.
 */
static bool flags_stand(const struct pdf_signing *signing, qpdf_oh form)
{
    const struct pdf_reader *reader = signing->reader;
    QPDF_BOOL redraw = QPDF_FALSE;
    qpdf_oh node = pdf_get(reader, form, "/NeedAppearances");

    return pdf_int(reader, pdf_get(reader, form, "/SigFlags"), 0) == 3 &&
           (signing->has_others ||
            !(qpdf_oh_get_value_as_bool(reader->qpdf, node, &redraw) && redraw));
}

static void put_form(const struct pdf_signing *signing, qpdf_oh form, struct slice fields,
                     struct pdf_buffer *out)
{
    struct pdf_patch patches[3] = {{.key = "/SigFlags", .value = slice_str("3")}};
    size_t count = 1;

    if (!signing->has_others) {
        patches[count++] = (struct pdf_patch){.key = "/NeedAppearances"};
    }
    if (fields.len > 0) {
        patches[count++] = (struct pdf_patch){.key = "/Fields", .value = fields};
    }
    if (pdf_is_dict(signing->reader, form)) {
        pdf_put_dict(signing->reader, form, patches, count, out);
        return;
    }
    pdf_buffer_text(out, "<<\n/Fields ");
    pdf_buffer_put(out, fields.data, fields.len);
    pdf_buffer_text(out, "\n/SigFlags 3\n>>");
}

static void put_catalog(const struct pdf_signing *signing, struct slice form)
{
    const struct pdf_reader *reader = signing->reader;
    struct pdf_patch patches[CATALOG_PATCHES] = {{.key = "/AcroForm", .value = form}};
    size_t first = form.len > 0 ? 1 : 0;
    size_t count = first + signing->catalog_count;

    MUST(count <= CATALOG_PATCHES);
    for (size_t i = first; i < count; i++) {
        patches[i] = signing->catalog[i - first];
    }
    pdf_append_rewrite(signing->append, reader, reader->root);
    pdf_put_dict(reader, reader->root, patches, count, &signing->append->out);
    pdf_append_end(signing->append);
}

void pdf_catalog_append(const struct pdf_signing *signing)
{
    if (signing->catalog_count > 0 &&
        !is_listed(signing->append, signing->reader, signing->reader->root)) {
        put_catalog(signing, slice_of(NULL, 0));
    }
}

/* The form as a part of the catalog, or as the object that the catalog will refer to. */
static enum sg_status renew_catalog(const struct pdf_signing *signing, qpdf_oh form,
                                    struct slice fields)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer text = {0};

    if (pdf_is_dict(signing->reader, form)) {
        put_form(signing, form, fields, &text);
    } else {
        int number = pdf_append_number(signing->append);
        pdf_append_begin(signing->append, number, 0);
        put_form(signing, form, fields, &signing->append->out);
        pdf_append_end(signing->append);
        put_reference(&text, number);
    }
    TRY(pdf_buffer_check(&text));
    put_catalog(signing, pdf_buffer_slice(&text));
    return SG_OK;
}

/* widget 0 = the form has the field already. */
static enum sg_status renew_form(const struct pdf_signing *signing, int widget)
{
    const struct pdf_reader *reader = signing->reader;
    AUTO(pdf_buffer_fini) struct pdf_buffer fields = {0};
    qpdf_oh form = pdf_get(reader, reader->root, "/AcroForm");

    if (widget != 0) {
        extend_fields(signing, form, widget, &fields);
        TRY(pdf_buffer_check(&fields));
    }
    if (fields.len == 0 && flags_stand(signing, form)) {
        return SG_OK;
    }
    bool own_object =
        pdf_is_dict(reader, form) && qpdf_oh_is_indirect(reader->qpdf, form);
    if (!own_object) {
        return renew_catalog(signing, form, pdf_buffer_slice(&fields));
    }
    pdf_append_rewrite(signing->append, reader, form);
    put_form(signing, form, pdf_buffer_slice(&fields), &signing->append->out);
    pdf_append_end(signing->append);
    return SG_OK;
}

static void rewrite_field(const struct pdf_signing *signing, qpdf_oh node,
                          const struct pdf_patch *patches, size_t count)
{
    pdf_append_rewrite(signing->append, signing->reader, node);
    pdf_put_dict(signing->reader, node, patches, count, &signing->append->out);
    pdf_append_end(signing->append);
}

/* Gives the letter's own field its value and, where it can be seen, its looks. */
static enum sg_status fill_field(const struct pdf_signing *signing, int stamp)
{
    const struct pdf_place *place = signing->place;
    AUTO(pdf_buffer_fini) struct pdf_buffer value = {0};
    AUTO(pdf_buffer_fini) struct pdf_buffer looks = {0};
    AUTO(pdf_buffer_fini) struct pdf_buffer print = {0};

    put_reference(&value, signing->signature);
    pdf_buffer_print(&looks, "<< /N %d 0 R >>", stamp);
    pdf_buffer_print(&print, "%lld", place->print);
    TRY(pdf_buffer_check(&value));
    TRY(pdf_buffer_check(&looks));
    TRY(pdf_buffer_check(&print));
    struct pdf_patch patches[] = {
        {.key = "/V", .value = pdf_buffer_slice(&value)},
        {.key = "/AP", .value = pdf_buffer_slice(&looks)},
        {.key = "/F", .value = pdf_buffer_slice(&print)},
    };
    bool in_one = pdf_same(signing->reader, place->widget, place->field);
    size_t count = place->print != 0 ? 3 : 2;
    rewrite_field(signing, place->field, patches, in_one && place->visible ? count : 1);
    if (!in_one && place->visible) {
        rewrite_field(signing, place->widget, patches + 1, count - 1);
    }
    return SG_OK;
}

enum sg_status pdf_field_append(const struct pdf_signing *signing)
{
    const struct pdf_place *place = signing->place;
    int stamp = wants_looks(signing) ? pdf_append_number(signing->append) : 0;

    if (place->visible) {
        TRY(append_stamp(signing, stamp));
    } else if (stamp != 0) {
        append_nothing(signing->append, stamp);
    }
    if (place->existing) {
        TRY(fill_field(signing, stamp));
        return renew_form(signing, 0);
    }
    int widget = pdf_append_number(signing->append);
    append_widget(signing, widget, stamp);
    TRY(extend_page(signing, widget));
    return renew_form(signing, widget);
}

#include <stdlib.h>

#include "client/pdf/form.h"
#include "client/pdf/page.h"
#include "client/pdf/shown/inside.h"

/* The child's side: reads the letter. */
enum { PAGES_MAX = 20000, HIDDEN = 2, NO_VIEW = 32 };

struct finding {
    const struct pdf_shown_order *order;
    struct pdf_reader reader; /* owned */
    struct pdf_drawn drawn;   /* owned */
    struct shown_answer answer;
    qpdf_oh widgets[PDF_SHOWN_MAX]; /* of the stamps */
    char folded[PDF_DRAWN_TEXT_MAX];
};

/* --- Texts ------------------------------------------------------------------------- */

size_t shown_fold(const char *text, char *out, size_t size)
{
    size_t len = 0;

    for (; *text != '\0' && len + 1 < size; text++) {
        bool is_upper = *text >= 'A' && *text <= 'Z';
        bool is_lower = *text >= 'a' && *text <= 'z';
        if (is_upper || is_lower || (*text >= '0' && *text <= '9')) {
            out[len++] = (char)(is_upper ? *text | 0x20 : *text);
        }
    }
    out[len] = '\0';
    return len;
}

/* Of any statement; two that say the same in one language. */
static const char *const marks[][2] = {
    {"ditandatanganisecaraelektronik", "sertifikatelektronik"},
    {"signedelectronically", "electroniccertificate"},
    {"electronicallysigned", "electroniccertificate"},
};

static bool states(const char *folded, const char *wanted)
{
    if (wanted[0] != '\0') {
        return strstr(folded, wanted) != NULL;
    }
    for (size_t i = 0; i < SG_COUNT(marks); i++) {
        if (strstr(folded, marks[i][0]) != NULL && strstr(folded, marks[i][1]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether what was drawn holds the statement. */
static bool is_stated(struct finding *finding)
{
    struct pdf_buffer *text = &finding->drawn.text;

    pdf_buffer_put(text, "", 1);
    if (text->failed) {
        return false;
    }
    text->len--;
    (void)shown_fold((const char *)text->data, finding->folded, sizeof(finding->folded));
    return states(finding->folded, finding->order->wanted);
}

static bool is_unclear(const struct pdf_drawn *drawn)
{
    return drawn->unknown > 0 || drawn->cut || drawn->text.failed;
}

static void copy_text(const struct pdf_buffer *text, char out[PDF_SHOWN_TEXT_SIZE])
{
    size_t len = text->len < PDF_SHOWN_TEXT_SIZE ? text->len : PDF_SHOWN_TEXT_SIZE - 1;

    /* Never ends in half a character. */
    while (len < text->len && len > 0 && (text->data[len] & 0xC0U) == 0x80U) {
        len--;
    }
    while (len > 0 && text->data[len - 1] == ' ') {
        len--;
    }
    memcpy(out, len == 0 ? (const uint8_t *)"" : text->data, len);
    out[len] = '\0';
}

/* --- Stamps ------------------------------------------------------------------------ */

/* The widget of a field is the field itself, or its first kid. */
static qpdf_oh widget_of(const struct pdf_reader *reader, qpdf_oh field)
{
    qpdf_oh kids = pdf_get(reader, field, "/Kids");

    return pdf_count(reader, kids) > 0 ? qpdf_oh_get_array_item(reader->qpdf, kids, 0)
                                       : qpdf_oh_new_object(reader->qpdf, field);
}

static bool has_size(const struct pdf_reader *reader, qpdf_oh widget)
{
    double box[4] = {0};

    return pdf_page_box(reader, pdf_get(reader, widget, "/Rect"), box) &&
           box[2] > box[0] && box[3] > box[1];
}

static void look_at(struct finding *finding, qpdf_oh widget, struct shown_stamp *stamp)
{
    const struct pdf_reader *reader = &finding->reader;
    struct pdf_drawn *drawn = &finding->drawn;
    qpdf_oh looks = pdf_get(reader, pdf_get(reader, widget, "/AP"), "/N");
    long long flags = pdf_int(reader, pdf_get(reader, widget, "/F"), 0);

    if (!qpdf_oh_is_stream(reader->qpdf, looks) || !has_size(reader, widget) ||
        (flags & (HIDDEN | NO_VIEW)) != 0) {
        return;
    }
    pdf_drawn_forget(drawn);
    pdf_draw_form(drawn, looks);
    stamp->statement = is_stated(finding) ? 1 : 0;
    stamp->logo = drawn->has_wanted ? 1 : 0;
    stamp->unclear = is_unclear(drawn) ? 1 : 0;
    stamp->pictures =
        drawn->pictures > UINT32_MAX ? UINT32_MAX : (uint32_t)drawn->pictures;
    copy_text(&drawn->text, stamp->text);
    stamp->visible =
        drawn->text.len > 0 || drawn->unknown > 0 || drawn->pictures > 0 ? 1 : 0;
}

static void read_range(const struct pdf_reader *reader, qpdf_oh value, uint64_t range[4])
{
    qpdf_oh array = pdf_get(reader, value, "/ByteRange");

    for (int i = 0; i < 4 && pdf_count(reader, array) == 4; i++) {
        long long number =
            pdf_int(reader, qpdf_oh_get_array_item(reader->qpdf, array, i), 0);
        range[i] = number < 0 ? 0 : (uint64_t)number;
    }
}

static void take_field(void *user, const struct pdf_field *field)
{
    struct finding *finding = user;
    struct shown_answer *answer = &finding->answer;
    const struct pdf_reader *reader = &finding->reader;

    if (!field->is_signature || !pdf_is_dict(reader, field->value) ||
        answer->count == PDF_SHOWN_MAX) {
        return;
    }
    struct shown_stamp *stamp = &answer->stamps[answer->count];
    finding->widgets[answer->count] = widget_of(reader, field->node);
    read_range(reader, field->value, stamp->range);
    look_at(finding, finding->widgets[answer->count], stamp);
    answer->count++;
}

/* --- Pages ------------------------------------------------------------------------- */

static void find_widgets(struct finding *finding, qpdf_oh page, int number)
{
    const struct pdf_reader *reader = &finding->reader;
    struct shown_answer *answer = &finding->answer;
    qpdf_oh annots = pdf_get(reader, page, "/Annots");

    for (int i = 0; i < pdf_count(reader, annots); i++) {
        qpdf_oh annot = qpdf_oh_get_array_item(reader->qpdf, annots, i);
        for (uint32_t j = 0; j < answer->count; j++) {
            if (answer->stamps[j].page == 0 &&
                pdf_same(reader, annot, finding->widgets[j])) {
                answer->stamps[j].page = number;
            }
        }
        qpdf_oh_release(reader->qpdf, annot);
    }
    qpdf_oh_release(reader->qpdf, annots);
}

static bool has_stated(const struct shown_answer *answer)
{
    for (uint32_t i = 0; i < answer->count; i++) {
        if (answer->stamps[i].statement != 0) {
            return true;
        }
    }
    return false;
}

/* A page that has pictures and no text may be one that was scanned. */
static void read_page(struct finding *finding, qpdf_oh page, int number)
{
    struct pdf_drawn *drawn = &finding->drawn;
    struct shown_answer *answer = &finding->answer;

    pdf_drawn_forget(drawn);
    pdf_draw_page(drawn, page);
    bool scanned = drawn->text.len == 0 && drawn->pictures > 0;
    if (is_unclear(drawn) || scanned) {
        answer->unclear = 1;
    }
    answer->page = is_stated(finding) ? number : 0;
}

static void read_pages(struct finding *finding)
{
    qpdf_data qpdf = finding->reader.qpdf;
    int count = qpdf_get_num_pages(qpdf);
    bool stated = has_stated(&finding->answer);

    if (!stated) {
        (void)qpdf_push_inherited_attributes_to_page(qpdf);
    }
    finding->answer.unclear = count > PAGES_MAX ? 1 : 0;
    for (int i = 0; i < count && i < PAGES_MAX; i++) {
        qpdf_oh page = qpdf_get_page_n(qpdf, (size_t)i);
        find_widgets(finding, page, i + 1);
        if (!stated && finding->answer.page == 0) {
            read_page(finding, page, i + 1);
        }
        qpdf_oh_release(qpdf, page);
    }
}

/* --- All of it --------------------------------------------------------------------- */

static enum sg_status find(struct finding *finding, struct pdf_verdict *verdict)
{
    TRY(pdf_reader_open(&finding->reader, finding->order->pdf, true, verdict));
    TRY(pdf_form_walk(&finding->reader, take_field, finding, verdict));
    read_pages(finding);
    return SG_OK;
}

void pdf_shown_find(const void *context, struct pdf_buffer *answer)
{
    const struct pdf_shown_order *order = context;
    struct finding *finding = (struct finding *)calloc(1, sizeof(*finding));
    struct pdf_verdict verdict = {.refusal = PDF_ACCEPTED};

    if (finding == NULL) {
        answer->failed = true;
        return;
    }
    finding->order = order;
    finding->drawn =
        (struct pdf_drawn){.reader = &finding->reader, .wanted = order->picture};
    finding->answer.status = find(finding, &verdict);
    finding->answer.refusal = verdict.refusal;
    pdf_buffer_put(answer, &finding->answer, sizeof(finding->answer));
    pdf_drawn_fini(&finding->drawn);
    pdf_reader_close(&finding->reader);
    free(finding);
}

bool shown_unpack(const struct shown_answer *answer, struct pdf_shown *out)
{
    if (answer->count > PDF_SHOWN_MAX) {
        return false;
    }
    out->count = answer->count;
    out->page = answer->page;
    out->unclear = answer->unclear != 0;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct shown_stamp *from = &answer->stamps[i];
        struct pdf_shown_stamp *to = &out->stamps[i];
        memcpy(to->range, from->range, sizeof(to->range));
        memcpy(to->text, from->text, sizeof(to->text));
        to->page = from->page;
        to->visible = from->visible != 0;
        to->statement = from->statement != 0;
        to->logo = from->logo != 0;
        to->unclear = from->unclear != 0;
        to->pictures = from->pictures;
    }
    return true;
}

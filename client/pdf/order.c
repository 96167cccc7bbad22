#include "client/pdf/order.h"

#include "client/pdf/guard/guard.h"
#include "client/pdf/look.h"

/* A wish on its way to a reader: the struct, in which each text is told by its place in
 * the bytes behind it (from 1; 0 = NULL), the fonts, then those bytes. Look, store
 * and fonts are not changed once made: pointers to them serve in each reader that began
 * later. */
struct parcel {
    struct pdf_wish wish;
    const struct pdf_fonts *fonts;
};

/* Every text of a wish. */
static const size_t texts[] = {
    offsetof(struct pdf_wish, reason),    offsetof(struct pdf_wish, location),
    offsetof(struct pdf_wish, name),      offsetof(struct pdf_wish, field),
    offsetof(struct pdf_wish, statement), offsetof(struct pdf_wish, qr_text),
    offsetof(struct pdf_wish, signer),    offsetof(struct pdf_wish, title),
    offsetof(struct pdf_wish, rank),      offsetof(struct pdf_wish, nip),
    offsetof(struct pdf_wish, unit),
};
/* All else of it: numbers, the look, and what stands in the security store. */
_Static_assert(sizeof(struct pdf_wish) == 80 + SG_COUNT(texts) * sizeof(char *),
               "a wish has a new field: is it a text, or does it point to something that "
               "lives as long as the plan, and needs a serial (guard.h)?");
_Static_assert(sizeof(struct pdf_order) == sizeof(struct slice) + 2 * sizeof(void *),
               "an order has a new field: say here how it gets to a reader");

static const char *get_text(const struct pdf_wish *wish, size_t at)
{
    const char *text;

    memcpy(&text, (const uint8_t *)wish + at, sizeof(text));
    return text;
}

static void set_text(struct pdf_wish *wish, size_t at, const void *text)
{
    memcpy((uint8_t *)wish + at, &text, sizeof(text));
}

static void pack(const struct pdf_order *order, struct pdf_buffer *out)
{
    const struct pdf_wish *wish = order->wish;
    struct parcel packed = {.wish = *wish, .fonts = order->fonts};
    size_t place = 1;

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        const char *text = get_text(wish, texts[i]);
        uintptr_t told = text == NULL ? 0 : place;
        memcpy((uint8_t *)&packed.wish + texts[i], &told, sizeof(told));
        place += text == NULL ? 0 : strlen(text) + 1;
    }
    pdf_buffer_put(out, &packed, sizeof(packed));
    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        const char *text = get_text(wish, texts[i]);
        if (text != NULL) {
            pdf_buffer_put(out, text, strlen(text) + 1);
        }
    }
}

/* In the reader; the bytes are its parent's. */
static void unpack_and_build(struct slice pdf, struct slice bytes,
                             struct pdf_buffer *answer)
{
    struct parcel parcel;
    struct pdf_wish *wish = &parcel.wish;

    MUST(bytes.len >= sizeof(parcel));
    memcpy(&parcel, bytes.data, sizeof(parcel));
    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        uintptr_t place = (uintptr_t)get_text(wish, texts[i]);
        MUST(place <= bytes.len - sizeof(parcel));
        set_text(wish, texts[i],
                 place == 0 ? NULL : bytes.data + sizeof(parcel) + place - 1);
    }
    const struct pdf_order order = {.pdf = pdf, .wish = wish, .fonts = parcel.fonts};
    pdf_build(&order, answer);
}

/* A reader that began before they were made does not see them. */
static uint64_t serial_of(const struct pdf_order *order)
{
    uint64_t fonts = order->fonts == NULL ? 0 : pdf_fonts_serial(order->fonts);
    uint64_t look = order->wish->look == NULL ? 0 : order->wish->look->serial;
    uint64_t store = order->wish->dss == NULL ? 0 : order->wish->dss->serial;
    uint64_t last = fonts > look ? fonts : look;

    return last > store ? last : store;
}

/* Whether all that the wish points to is seen by a reader that serves. Of a store or a
 * look without a serial nobody says that it stays as it is. */
static bool keeps(const struct pdf_wish *wish)
{
    return (wish->dss == NULL || wish->dss->serial != 0) &&
           (wish->look == NULL || wish->look->serial != 0);
}

/* A letter that a reader would get by its socket may lie where no child sees it. */
static enum sg_status run_alone(const struct pdf_order *order, struct pdf_buffer *answer,
                                struct pdf_verdict *verdict)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer copy = {0};
    struct pdf_order own = *order;

    if (order->pdf.len < GUARD_PARCEL_MAX) {
        pdf_buffer_put(&copy, order->pdf.data, order->pdf.len);
        TRY(pdf_buffer_check(&copy));
        own.pdf = pdf_buffer_slice(&copy);
    }
    return pdf_guard_run(pdf_build, &own, answer, verdict);
}

enum sg_status pdf_order_run(const struct pdf_order *order, struct pdf_buffer *answer,
                             struct pdf_verdict *verdict)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer packed = {0};

    if (order->pdf.len < GUARD_PARCEL_MAX && keeps(order->wish)) {
        pack(order, &packed);
        const struct pdf_guard_parcel parcel = {.work = unpack_and_build,
                                                .pdf = order->pdf,
                                                .order = pdf_buffer_slice(&packed),
                                                .serial = serial_of(order)};
        TRY(pdf_buffer_check(&packed));
        if (pdf_guard_ask(&parcel, answer) == SG_OK) {
            return SG_OK;
        }
    }
    return run_alone(order, answer, verdict);
}

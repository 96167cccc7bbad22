#include "client/pdf/stamp/colour.h"

/* ICC.1:2001-04, version 2.1, which PDF 1.4 knows: a header, a table of tags, the tags.
 * White is the profile's own white, so that paper stays paper. */

enum { HEAD = 128, TAG = 12, XYZ_LEN = 20, CURVE_LEN = 16, DESC_LEN = 96, TEXT_LEN = 16 };

static void put_u32(struct pdf_buffer *out, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 8), (uint8_t)value};

    pdf_buffer_put(out, bytes, sizeof(bytes));
}

struct xyz {
    uint32_t x, y, z; /* 16.16 */
};
static const struct xyz white = {0xF6D6, 0x10000, 0xD32D}; /* D50 */

static void put_head(struct pdf_buffer *out, bool grey, uint32_t len)
{
    put_u32(out, len);
    put_u32(out, 0);
    put_u32(out, 0x02100000);
    pdf_buffer_text(out, grey ? "mntrGRAYXYZ " : "mntrRGB XYZ ");
    put_u32(out, 2026U << 16 | 1); /* the first of January */
    put_u32(out, 1U << 16);
    put_u32(out, 0);
    pdf_buffer_text(out, "acsp");
    pdf_buffer_fill(out, '\0', 28); /* platform to intent */
    put_u32(out, white.x);
    put_u32(out, white.y);
    put_u32(out, white.z);
    pdf_buffer_fill(out, '\0', HEAD - 80);
}

static void put_xyz(struct pdf_buffer *out, const struct xyz *xyz)
{
    pdf_buffer_text(out, "XYZ ");
    put_u32(out, 0);
    put_u32(out, xyz->x);
    put_u32(out, xyz->y);
    put_u32(out, xyz->z);
}

static void put_curve(struct pdf_buffer *out)
{
    pdf_buffer_text(out, "curv");
    put_u32(out, 0);
    put_u32(out, 1);
    put_u32(out, 0x0233U << 16); /* 2.2 in 8.8, and padding */
}

static void put_texts(struct pdf_buffer *out)
{
    pdf_buffer_text(out, "desc");
    put_u32(out, 0);
    put_u32(out, 6);
    pdf_buffer_text(out, "stamp");
    pdf_buffer_fill(out, '\0', DESC_LEN - 17);
    pdf_buffer_text(out, "text");
    put_u32(out, 0);
    pdf_buffer_text(out, "none");
    put_u32(out, 0);
}

struct tag {
    const char *name;
    uint32_t at, len;
};

static void put_tags(struct pdf_buffer *out, const struct tag *tags, uint32_t count)
{
    put_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        pdf_buffer_text(out, tags[i].name);
        put_u32(out, tags[i].at);
        put_u32(out, tags[i].len);
    }
}

/* Texts, white and curve are laid out alike in both; the three channels share a curve. */
static void put_profile(struct pdf_buffer *out, bool grey)
{
    enum { GREY_TAGS = 4, RGB_TAGS = 9 };
    static const struct xyz primaries[3] = {
        {0x6FA2, 0x38F5, 0x0390}, {0x6299, 0xB785, 0x18DA}, {0x24A0, 0x0F84, 0xB6CF}};
    uint32_t count = grey ? GREY_TAGS : RGB_TAGS;
    uint32_t desc = HEAD + 4 + count * TAG;
    uint32_t text = desc + DESC_LEN;
    uint32_t at = text + TEXT_LEN; /* of white */
    uint32_t curve = at + XYZ_LEN;
    uint32_t red = curve + CURVE_LEN;
    const struct tag tags[RGB_TAGS] = {
        {"desc", desc, DESC_LEN},
        {"cprt", text, TEXT_LEN},
        {"wtpt", at, XYZ_LEN},
        {grey ? "kTRC" : "rTRC", curve, CURVE_LEN},
        {"gTRC", curve, CURVE_LEN},
        {"bTRC", curve, CURVE_LEN},
        {"rXYZ", red, XYZ_LEN},
        {"gXYZ", red + XYZ_LEN, XYZ_LEN},
        {"bXYZ", red + 2 * XYZ_LEN, XYZ_LEN},
    };

    put_head(out, grey, grey ? red : red + 3 * XYZ_LEN);
    put_tags(out, tags, count);
    put_texts(out);
    put_xyz(out, &white);
    put_curve(out);
    for (size_t i = 0; !grey && i < SG_COUNT(primaries); i++) {
        put_xyz(out, &primaries[i]);
    }
}

int pdf_colour_append(bool grey, struct pdf_append *append)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer profile = {0};
    int number = pdf_append_number(append);

    put_profile(&profile, grey);
    pdf_append_begin(append, number, 0);
    pdf_buffer_print(&append->out, "<< /N %d /Length %zu >>\nstream\n", grey ? 1 : 3,
                     profile.len);
    pdf_buffer_put(&append->out, profile.data, profile.len);
    pdf_buffer_text(&append->out, "\nendstream");
    append->out.failed = append->out.failed || profile.failed;
    pdf_append_end(append);
    return number;
}

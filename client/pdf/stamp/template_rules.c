#include <ctype.h>

#include "client/pdf/stamp/template.h"
#include "client/pdf/utf8.h"

/* So many words in a row of the policy's statement are a statement; "ditandatangani
 * secara elektronik oleh" is not yet one. */
enum { RUN_MAX = 3, PLAIN_MAX = PDF_TEMPLATE_MAX + 2 };

enum look { LOOKS_LETTER, LOOKS_BLANK, LOOKS_NOTHING };

/* Above ASCII, what a reader sees as a gap, a dash or another sign between words, or does
 * not see at all. */
static const struct {
    uint32_t first, last;
    enum look look;
} signs[] = {
    {0x80, 0xA9, LOOKS_BLANK},       /* no-break space, to the copyright sign */
    {0xAB, 0xB1, LOOKS_BLANK},       /* soft hyphen, which the font shows, and others */
    {0xB4, 0xB4, LOOKS_BLANK},       /* an accent alone */
    {0xB6, 0xB8, LOOKS_BLANK},       /* dots, an accent */
    {0xBB, 0xBB, LOOKS_BLANK},       /* a quotation mark */
    {0xBF, 0xBF, LOOKS_BLANK},       /* a question mark */
    {0xD7, 0xD7, LOOKS_BLANK},       /* times */
    {0xF7, 0xF7, LOOKS_BLANK},       /* divided by */
    {0x2000, 0x200A, LOOKS_BLANK},   /* spaces of all widths */
    {0x200B, 0x200F, LOOKS_NOTHING}, /* without a width */
    {0x2010, 0x2029, LOOKS_BLANK},   /* dashes, quotation marks, dots, ends of lines */
    {0x202A, 0x202E, LOOKS_NOTHING}, /* directions */
    {0x202F, 0x205F, LOOKS_BLANK},   /* narrow no-break space, more signs */
    {0x2060, 0x206F, LOOKS_NOTHING}, /* word joiner, directions */
    {0x20A0, 0x20CF, LOOKS_BLANK},   /* currencies */
    {0x2190, 0x2BFF, LOOKS_BLANK},   /* arrows, mathematics, boxes, shapes */
    {0x3000, 0x303F, LOOKS_BLANK},   /* a wide space, more signs */
    {0xFEFF, 0xFEFF, LOOKS_NOTHING}, /* no-break space without a width */
};

static enum look look_of(uint32_t code)
{
    if (code < 0x80) {
        return isalnum((int)code) ? LOOKS_LETTER : LOOKS_BLANK;
    }
    for (size_t i = 0; i < SG_COUNT(signs); i++) {
        if (code >= signs[i].first && code <= signs[i].last) {
            return signs[i].look;
        }
    }
    return LOOKS_LETTER;
}

static size_t add_blank(char out[PLAIN_MAX], size_t len)
{
    if (len > 0 && out[len - 1] != ' ') {
        out[len++] = ' ';
    }
    return len;
}

/* Letters and figures only, in small letters, words apart by one blank: what a reader
 * takes for the same. */
static size_t plain(const char *text, bool blanks, char out[PLAIN_MAX])
{
    struct slice rest = slice_str(text);
    size_t len = 0;

    while (rest.len > 0) {
        const uint8_t *from = rest.data;
        enum look look = look_of(pdf_utf8_next(&rest));
        size_t taken = (size_t)(rest.data - from);
        if (len + taken + 2 > PLAIN_MAX) {
            break;
        }
        if (look == LOOKS_LETTER) {
            memcpy(out + len, from, taken);
            out[len] = (char)(*from >= 'A' && *from <= 'Z' ? *from + ('a' - 'A') : *from);
            len += taken;
        } else if (blanks && look == LOOKS_BLANK) {
            len = add_blank(out, len);
        }
    }
    len = blanks ? add_blank(out, len) : len;
    out[len] = '\0';
    return len;
}

/* Bytes of the first count words; 0 = there are not so many. */
static size_t words_len(const char *text, size_t count)
{
    size_t len = 0;

    for (; count > 0; count--) {
        size_t word = strcspn(text + len, " ");
        if (text[len + word] == '\0') {
            return 0;
        }
        len += word + 1;
    }
    return len;
}

/* Does the text hold a longer run of the statement's words than may be? */
static bool repeats(const char *text, const char *statement)
{
    char own[PLAIN_MAX];
    char whole[PLAIN_MAX];

    (void)plain(text, true, own);
    (void)plain(statement, true, whole);
    for (const char *at = own; *at != '\0'; at += strcspn(at, " ") + 1) {
        size_t len = words_len(at, RUN_MAX + 1);
        if (len == 0) {
            return false;
        }
        char end = own[at - own + (ptrdiff_t)len];
        own[at - own + (ptrdiff_t)len] = '\0';
        bool found = strstr(whole, at) != NULL;
        own[at - own + (ptrdiff_t)len] = end;
        if (found) {
            return true;
        }
    }
    return false;
}

static bool claims(const char *text)
{
    static const char *const words[] = {
#define PDF_CLAIM(word) word,
#include "client/pdf/claims.def"
#undef PDF_CLAIM
    };
    char own[PLAIN_MAX];

    (void)plain(text, false, own);
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        if (strstr(own, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static size_t join_box(const struct pdf_box *box, char *out, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < box->text_count; i++) {
        size_t more = strlen(box->texts[i]);
        MUST(len + more + 2 <= cap);
        memcpy(out + len, box->texts[i], more);
        len += more;
        out[len++] = ' ';
    }
    return len;
}

/* The lines of boxes are read as one, from the first box on. */
static void join_texts(const struct pdf_box *boxes, size_t count, char out[PLAIN_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        len += join_box(&boxes[i], out + len, PLAIN_MAX - len);
    }
    out[len] = '\0';
}

/* Is it the policy's to say what these boxes say? */
static bool states(const struct pdf_box *boxes, size_t count,
                   const struct pdf_notice *notice)
{
    char texts[PLAIN_MAX];

    join_texts(boxes, count, texts);
    return claims(texts) ||
           (notice->statement != NULL && repeats(texts, notice->statement));
}

static enum sg_status check_texts(const struct pdf_template *stamp, const char *name,
                                  const struct pdf_notice *notice, struct sg_error *why)
{
    bool any = false;
    unsigned line = 1;

    for (size_t i = 0; i < stamp->count && !any; i++) {
        any = states(&stamp->boxes[i], 1, notice);
        line = stamp->boxes[i].line;
    }
    /* A sentence may be laid out over several boxes. */
    if (!any && !states(stamp->boxes, stamp->count, notice)) {
        return SG_OK;
    }
    return sg_fail(
        why, SG_PRECONDITION,
        "%s:%u: the template words a statement of its own: put 'box statement' "
        "there, whose words the gateway's policy gives",
        name, any ? line : stamp->boxes[0].line);
}

static bool overlap(const struct pdf_area *a, const struct pdf_area *b)
{
    static const double touch = 0.01;

    return a->x + a->width > b->x + touch && b->x + b->width > a->x + touch &&
           a->y + a->height > b->y + touch && b->y + b->height > a->y + touch;
}

static bool is_required(enum pdf_box_kind kind)
{
    return kind == PDF_BOX_STATEMENT || kind == PDF_BOX_LOGO;
}

/* What is required must be seen: nothing else may be drawn where it stands. */
static enum sg_status check_overlap(const struct pdf_template *stamp, const char *name,
                                    struct sg_error *why)
{
    for (size_t i = 0; i < stamp->count; i++) {
        for (size_t j = 0; j < stamp->count; j++) {
            if (i != j && is_required(stamp->boxes[i].kind) &&
                overlap(&stamp->boxes[i].area, &stamp->boxes[j].area)) {
                return sg_fail(why, SG_PRECONDITION,
                               "%s:%u: the box lies over the %s: move one of them", name,
                               stamp->boxes[j].line, pdf_box_word(stamp->boxes[i].kind));
            }
        }
    }
    return SG_OK;
}

static bool has_box(const struct pdf_template *stamp, enum pdf_box_kind kind)
{
    for (size_t i = 0; i < stamp->count; i++) {
        if (stamp->boxes[i].kind == kind) {
            return true;
        }
    }
    return false;
}

enum sg_status pdf_template_fits(const struct pdf_template *stamp, const char *name,
                                 const struct pdf_notice *notice, struct sg_error *why)
{
    bool stated = notice->statement != NULL && notice->statement[0] != '\0';

    if (stated && !has_box(stamp, PDF_BOX_STATEMENT)) {
        return sg_fail(why, SG_PRECONDITION,
                       "%s leaves out the statement that the gateway's policy asks for: "
                       "add 'box statement' with 'at' and 'size'",
                       name);
    }
    if (notice->logo && !has_box(stamp, PDF_BOX_LOGO)) {
        return sg_fail(why, SG_PRECONDITION,
                       "%s leaves out the logo that the gateway's policy asks for: add "
                       "'box logo' with 'at' and 'size'",
                       name);
    }
    TRY(check_texts(stamp, name, notice, why));
    return check_overlap(stamp, name, why);
}

bool pdf_restates(const char *text, const char *statement)
{
    return text != NULL && statement != NULL && repeats(text, statement);
}

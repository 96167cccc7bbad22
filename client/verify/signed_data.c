#include "client/verify/signed_data.h"

#include <openssl/asn1.h>
#include <stdlib.h>

struct element {
    struct slice whole;
    struct slice content;
    int tag;
    int class;
    bool constructed;
};

enum { INDEFINITE = 1, FAILED = 0x80 };

static bool is_der(const struct element *element)
{
    int size = ASN1_object_size(element->constructed ? 1 : 0, (int)element->content.len,
                                element->tag);

    return size > 0 && (size_t)size == element->whole.len;
}

/* Takes the first element off. false: there is none, or not in DER. */
static bool next(struct slice *rest, struct element *out)
{
    const unsigned char *at = rest->data;
    long len = 0;

    if (rest->len == 0 || rest->len > INT_MAX / 2) {
        return false;
    }
    int flags = ASN1_get_object(&at, &len, &out->tag, &out->class, (long)rest->len);
    if ((flags & (FAILED | INDEFINITE)) != 0) {
        return false;
    }
    size_t head = (size_t)(at - rest->data);
    out->constructed = (flags & V_ASN1_CONSTRUCTED) != 0;
    out->content = slice_of(at, (size_t)len);
    out->whole = slice_of(rest->data, head + (size_t)len);
    *rest = slice_of(at + len, rest->len - out->whole.len);
    return is_der(out);
}

static bool next_of(struct slice *rest, int tag, int class, struct element *out)
{
    return next(rest, out) && out->tag == tag && out->class == class;
}

/* What a sequence of one element, or an element alone, holds. */
static bool enter(struct slice *rest, int tag, int class)
{
    struct element found;
    bool good = next_of(rest, tag, class, &found) && found.constructed && rest->len == 0;

    if (good) {
        *rest = found.content;
    }
    return good;
}

static bool enter_content(struct slice *rest)
{
    struct element type;

    return enter(rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL) &&
           next_of(rest, V_ASN1_OBJECT, V_ASN1_UNIVERSAL, &type) &&
           enter(rest, 0, V_ASN1_CONTEXT_SPECIFIC) &&
           enter(rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
}

bool signed_data_split(struct slice cms, struct signed_data *out)
{
    struct slice rest = cms;
    struct element part = {.tag = 0};

    bool found = enter_content(&rest) &&
                 next_of(&rest, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, &part) &&
                 next_of(&rest, V_ASN1_SET, V_ASN1_UNIVERSAL, &part) &&
                 next_of(&rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, &part) &&
                 next_of(&rest, 0, V_ASN1_CONTEXT_SPECIFIC, &part) && part.constructed;
    *out = (struct signed_data){.whole = cms, .certificates = part.whole};
    return found && next_of(&rest, V_ASN1_SET, V_ASN1_UNIVERSAL, &part) && rest.len == 0;
}

/* --- Without them ------------------------------------------------------------------ */

static void put_head(uint8_t **at, size_t len, int tag, int class)
{
    ASN1_put_object(at, 1, (int)len, tag, class);
}

static void put(uint8_t **at, struct slice bytes)
{
    memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
}

static size_t size_of(size_t content)
{
    return (size_t)ASN1_object_size(1, (int)content, V_ASN1_SEQUENCE);
}

/* What stands around the certificates: the type, and the parts before and behind. */
struct frame {
    struct slice type;
    struct slice before;
    struct slice behind;
};

static struct frame frame_of(const struct signed_data *data)
{
    struct slice rest = data->whole;
    struct element type;
    struct frame frame = {.type = {0}};

    MUST(enter(&rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL) && next(&rest, &type) &&
         enter(&rest, 0, V_ASN1_CONTEXT_SPECIFIC) &&
         enter(&rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL));
    const uint8_t *end = data->certificates.data + data->certificates.len;
    frame.type = type.whole;
    frame.before = slice_of(rest.data, (size_t)(data->certificates.data - rest.data));
    frame.behind = slice_of(end, (size_t)(rest.data + rest.len - end));
    return frame;
}

enum sg_status signed_data_bare(const struct signed_data *data, uint8_t **out,
                                size_t *len)
{
    struct frame frame = frame_of(data);
    size_t parts = frame.before.len + frame.behind.len;
    size_t content = frame.type.len + size_of(size_of(parts));
    uint8_t *bare = (uint8_t *)malloc(size_of(content));
    uint8_t *at = bare;

    *out = bare;
    if (bare == NULL) {
        return SG_NO_MEMORY;
    }
    put_head(&at, content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    put(&at, frame.type);
    put_head(&at, size_of(parts), 0, V_ASN1_CONTEXT_SPECIFIC);
    put_head(&at, parts, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    put(&at, frame.before);
    put(&at, frame.behind);
    *len = (size_t)(at - bare);
    MUST(*len == size_of(content));
    return SG_OK;
}

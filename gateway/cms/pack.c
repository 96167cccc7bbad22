/* A template as bytes, big endian:
 *   1 version, 1 profile, 1 scheme, 1 hash
 *   4 longest signature, 4 offset and 4 length of the attributes
 *   1 number of levels; each: 1 tag, 4 run
 *   1 number of holes; each: 1 kind, 4 offset, 4 length
 *   4 length of the body, the body
 *   32 SHA-256 of all that: the template's id
 * The id finds damage. It is no signature, so every number is checked as if the bytes
 * came from an enemy. */
#include <stdlib.h>

#include "gateway/cms/der.h"
#include "gateway/cms/template.h"

enum { PACK_VERSION = 1, ID_LEN = 32 };

struct writer {
    uint8_t *out; /* NULL: only counts */
    size_t len;
};

static void put(struct writer *writer, const void *bytes, size_t len)
{
    if (writer->out != NULL && len > 0) {
        memcpy(writer->out + writer->len, bytes, len);
    }
    writer->len += len;
}

static void put_u8(struct writer *writer, size_t value)
{
    uint8_t byte = (uint8_t)value;

    put(writer, &byte, 1);
}

static void put_u32(struct writer *writer, size_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                        (uint8_t)(value >> 8), (uint8_t)value};

    put(writer, bytes, sizeof(bytes));
}

/* All but the id. */
static void put_template(struct writer *writer, const struct cms_template *template)
{
    put_u8(writer, PACK_VERSION);
    put_u8(writer, template->shape.profile);
    put_u8(writer, template->shape.scheme);
    put_u8(writer, template->shape.hash);
    put_u32(writer, template->signature_max);
    put_u32(writer, template->attributes);
    put_u32(writer, template->attributes_len);
    put_u8(writer, template->level_count);
    for (size_t i = 0; i < template->level_count; i++) {
        put_u8(writer, template->levels[i].tag);
        put_u32(writer, template->levels[i].run);
    }
    put_u8(writer, template->hole_count);
    for (size_t i = 0; i < template->hole_count; i++) {
        put_u8(writer, template->holes[i].kind);
        put_u32(writer, template->holes[i].offset);
        put_u32(writer, template->holes[i].len);
    }
    put_u32(writer, template->body_len);
    put(writer, template->body, template->body_len);
}

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

static void free_md(EVP_MD **md)
{
    EVP_MD_free(*md);
}

static enum sg_status sha256(struct slice bytes, uint8_t out[ID_LEN])
{
    AUTO(free_md) EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

    return md == NULL ? SG_UNSUPPORTED : cms_hash(md, &bytes, 1, out);
}

enum sg_status cms_template_seal(struct cms_template *template)
{
    struct writer count = {.out = NULL};

    template->md = EVP_MD_fetch(NULL, cms_hash_openssl_name(template->shape.hash), NULL);
    if (template->md == NULL) {
        return SG_UNSUPPORTED;
    }
    put_template(&count, template);
    AUTO(free_bytes) uint8_t *bytes = malloc(count.len);
    if (bytes == NULL) {
        return SG_NO_MEMORY;
    }
    struct writer writer = {.out = bytes};
    put_template(&writer, template);
    return sha256(slice_of(bytes, writer.len), template->id);
}

enum sg_status cms_template_pack(const struct cms_template *template, uint8_t *out,
                                 size_t cap, size_t *len)
{
    struct writer writer = {.out = NULL};

    put_template(&writer, template);
    *len = writer.len + ID_LEN;
    if (*len > cap) {
        return SG_TOO_LARGE;
    }
    writer = (struct writer){.out = out};
    put_template(&writer, template);
    put(&writer, template->id, ID_LEN);
    return SG_OK;
}

static enum sg_status get(struct slice *rest, size_t bytes, size_t *value)
{
    if (rest->len < bytes) {
        return SG_INVALID;
    }
    *value = 0;
    for (size_t i = 0; i < bytes; i++) {
        *value = *value << 8 | rest->data[i];
    }
    *rest = slice_of(rest->data + bytes, rest->len - bytes);
    return SG_OK;
}

static enum sg_status get_shape(struct slice *rest, struct cms_template *out)
{
    size_t version = 0;
    size_t profile = 0;
    size_t scheme = 0;
    size_t hash = 0;

    TRY(get(rest, 1, &version));
    TRY(get(rest, 1, &profile));
    TRY(get(rest, 1, &scheme));
    TRY(get(rest, 1, &hash));
    bool known = profile == SG_PROFILE_PADES_B_B || profile == SG_PROFILE_CADES_B_B ||
                 profile == SG_PROFILE_RAW;
    if (version != PACK_VERSION || !known || !sg_scheme_valid((int)scheme) ||
        !sg_hash_valid((int)hash)) {
        return SG_INVALID;
    }
    out->shape = (struct cms_shape){.profile = (enum sg_profile)profile,
                                    .scheme = (enum sg_scheme)scheme,
                                    .hash = (enum sg_hash)hash};
    TRY(get(rest, 4, &out->signature_max));
    TRY(get(rest, 4, &out->attributes));
    return get(rest, 4, &out->attributes_len);
}

static enum sg_status get_levels(struct slice *rest, struct cms_template *out)
{
    TRY(get(rest, 1, &out->level_count));
    if (out->level_count > CMS_LEVELS) {
        return SG_INVALID;
    }
    for (size_t i = 0; i < out->level_count; i++) {
        size_t tag = 0;
        TRY(get(rest, 1, &tag));
        TRY(get(rest, 4, &out->levels[i].run));
        out->levels[i].tag = (uint8_t)tag;
    }
    return SG_OK;
}

static enum sg_status get_holes(struct slice *rest, struct cms_template *out)
{
    TRY(get(rest, 1, &out->hole_count));
    if (out->hole_count > CMS_HOLES) {
        return SG_INVALID;
    }
    for (size_t i = 0; i < out->hole_count; i++) {
        size_t kind = 0;
        TRY(get(rest, 1, &kind));
        TRY(get(rest, 4, &out->holes[i].offset));
        TRY(get(rest, 4, &out->holes[i].len));
        out->holes[i].kind = kind == 0 ? CMS_HOLE_DIGEST : CMS_HOLE_TIME;
        if (kind > 1) {
            return SG_INVALID;
        }
    }
    return SG_OK;
}

static enum sg_status get_body(struct slice *rest, struct cms_template *out)
{
    TRY(get(rest, 4, &out->body_len));
    if (out->body_len != rest->len || out->body_len > CMS_BODY_MAX) {
        return SG_INVALID;
    }
    if (out->body_len == 0) {
        return SG_OK;
    }
    out->body = malloc(out->body_len);
    if (out->body == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(out->body, rest->data, rest->len);
    return SG_OK;
}

/* The holes lie inside the attributes, one after the other, and have the lengths of what
 * will be put there. */
static bool holes_sound(const struct cms_template *template)
{
    bool cades = template->shape.profile == SG_PROFILE_CADES_B_B;
    size_t at = template->attributes + 1;
    size_t end = template->attributes + template->attributes_len;
    unsigned seen = 0;

    for (size_t i = 0; i < template->hole_count; i++) {
        const struct cms_hole *hole = &template->holes[i];
        size_t want = hole->kind == CMS_HOLE_DIGEST ? sg_hash_len(template->shape.hash)
                                                    : (size_t)CMS_UTC_TIME_LEN;
        if (hole->len != want || hole->offset < at || hole->offset > end ||
            hole->len > end - hole->offset) {
            return false;
        }
        at = hole->offset + hole->len;
        seen |= 1U << hole->kind;
    }
    return seen == (1U << CMS_HOLE_DIGEST | (cades ? 1U << CMS_HOLE_TIME : 0U)) &&
           template->hole_count == (cades ? 2 : 1);
}

/* The attributes lie in the run of the last level but one, so that put_run meets every
 * hole whole. */
static bool body_sound(const struct cms_template *template)
{
    size_t sum = 0;

    for (size_t i = 0; i < CMS_LEVELS; i++) {
        sum += template->levels[i].run;
    }
    size_t run = template->levels[CMS_LEVELS - 2].run;
    if (sum != template->body_len || template->levels[CMS_LEVELS - 1].run != 0) {
        return false;
    }
    return template->attributes >= sum - run && template->attributes < sum &&
           template->attributes_len >= 2 &&
           template->attributes_len <= sum - template->attributes &&
           template->body[template->attributes] == DER_CONTEXT_0;
}

static bool template_sound(const struct cms_template *template)
{
    if (template->signature_max == 0 || template->signature_max > SG_SIGNATURE_MAX) {
        return false;
    }
    if (template->shape.profile == SG_PROFILE_RAW) {
        return template->level_count == 0 && template->hole_count == 0 &&
               template->body_len == 0 && template->attributes == 0 &&
               template->attributes_len == 0;
    }
    return template->level_count == CMS_LEVELS && body_sound(template) &&
           holes_sound(template);
}

static enum sg_status read_template(struct slice packed, struct cms_template *out)
{
    if (packed.len < ID_LEN) {
        return SG_INVALID;
    }
    struct slice rest = slice_of(packed.data, packed.len - ID_LEN);
    TRY(get_shape(&rest, out));
    TRY(get_levels(&rest, out));
    TRY(get_holes(&rest, out));
    TRY(get_body(&rest, out));
    if (!template_sound(out)) {
        return SG_INVALID;
    }
    TRY(cms_template_seal(out));
    struct slice id = slice_of(packed.data + packed.len - ID_LEN, ID_LEN);
    return slice_equal(slice_of(out->id, ID_LEN), id) ? SG_OK : SG_CORRUPT;
}

enum sg_status cms_template_unpack(struct slice packed, struct cms_template **out)
{
    struct cms_template *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = read_template(packed, made);
    if (status != SG_OK) {
        cms_template_free(made);
        return status;
    }
    *out = made;
    return SG_OK;
}

#include "gateway/cms/der.h"
#include "gateway/cms/template.h"
#include "proto/text.h"

/* What goes into the holes. */
struct filling {
    struct slice digest;
    uint8_t time[CMS_UTC_TIME_LEN];
};

/* UTCTime holds 1950 to 2049 (RFC 5652 section 11.3); from 2050 on the attribute would
 * have another length, and no certificate of today lives so long. */
static const int64_t us_per_s = 1000000;
static const int64_t year_2050_s = 2524608000;

static enum sg_status write_time(int64_t unix_us, uint8_t out[CMS_UTC_TIME_LEN])
{
    /* "2026-05-02T01:02:03.456789Z" → "260502010203Z" */
    static const uint8_t pick[CMS_UTC_TIME_LEN] = {2,  3,  5,  6,  8,  9, 11,
                                                   12, 14, 15, 17, 18, 26};
    char text[TEXT_TIME_SIZE];

    if (unix_us < 0 || unix_us / us_per_s >= year_2050_s) {
        return SG_INVALID;
    }
    text_time(unix_us, text);
    for (size_t i = 0; i < CMS_UTC_TIME_LEN; i++) {
        out[i] = (uint8_t)text[pick[i]];
    }
    return SG_OK;
}

static enum sg_status fill(const struct cms_template *template, struct slice digest,
                           int64_t signing_time_us, struct filling *out)
{
    if (digest.len != sg_hash_len(template->shape.hash)) {
        return SG_INVALID;
    }
    out->digest = digest;
    if (template->shape.profile == SG_PROFILE_CADES_B_B) {
        return write_time(signing_time_us, out->time);
    }
    return SG_OK;
}

static struct slice value_of(const struct cms_hole *hole, const struct filling *filling)
{
    return hole->kind == CMS_HOLE_DIGEST ? filling->digest
                                         : slice_of(filling->time, sizeof(filling->time));
}

/* The attributes are hashed as SET OF, not with the tag [0] that they have in the message
 * (RFC 5652 section 5.4). */
static enum sg_status hash_attributes(const struct cms_template *template,
                                      const struct filling *filling, uint8_t *out)
{
    static const uint8_t set_tag = DER_SET;
    struct slice parts[2 + 2 * CMS_HOLES];
    size_t count = 0;
    size_t at = template->attributes + 1;
    size_t end = template->attributes + template->attributes_len;

    parts[count++] = slice_of(&set_tag, 1);
    for (size_t i = 0; i < template->hole_count; i++) {
        const struct cms_hole *hole = &template->holes[i];
        parts[count++] = slice_of(template->body + at, hole->offset - at);
        parts[count++] = value_of(hole, filling);
        at = hole->offset + hole->len;
    }
    parts[count++] = slice_of(template->body + at, end - at);
    return cms_hash(template->md, parts, count, out);
}

enum sg_status cms_to_be_signed(const struct cms_template *template, struct slice digest,
                                int64_t signing_time_us, uint8_t *out, size_t *out_len)
{
    struct filling filling;

    TRY(fill(template, digest, signing_time_us, &filling));
    if (template->shape.profile == SG_PROFILE_RAW) {
        memcpy(out, digest.data, digest.len);
    } else {
        TRY(hash_attributes(template, &filling, out));
    }
    *out_len = digest.len;
    return SG_OK;
}

/* Behind the signature, as the last member of SignerInfo: unsignedAttrs, [1] IMPLICIT SET
 * OF Attribute, of one attribute with one value. */
static const uint8_t token_oid[] = {DER_OID, 11,   0x2a, 0x86, 0x48, 0x86, 0xf7,
                                    0x0d,    0x01, 0x09, 0x10, 0x02, 0x0e};

struct unsigned_part {
    size_t attributes; /* content lengths of [1], of the Attribute, of its SET */
    size_t attribute;
    size_t values;
    size_t total; /* 0: there is none */
};

static struct unsigned_part unsigned_of(size_t token_len)
{
    struct unsigned_part part = {.values = token_len};

    if (token_len > 0) {
        part.attribute = sizeof(token_oid) + der_header_len(token_len) + token_len;
        part.attributes = der_header_len(part.attribute) + part.attribute;
        part.total = der_header_len(part.attributes) + part.attributes;
    }
    return part;
}

size_t cms_token_room(size_t token_len)
{
    /* The levels around may each need longer headers. */
    return unsigned_of(token_len).total + (size_t)CMS_LEVELS * DER_HEADER_MAX;
}

static void put_unsigned(const struct unsigned_part *part, struct slice token,
                         uint8_t *out)
{
    out += der_write_header(out, DER_CONTEXT_1, part->attributes);
    out += der_write_header(out, DER_SEQUENCE, part->attribute);
    memcpy(out, token_oid, sizeof(token_oid));
    out += sizeof(token_oid);
    out += der_write_header(out, DER_SET, part->values);
    memcpy(out, token.data, token.len);
}

/* From the inside out: content length of each level. Returns that of the whole. */
static size_t level_lengths(const struct cms_template *template, size_t signature,
                            size_t unsigned_len, size_t lengths[CMS_LEVELS])
{
    size_t len = signature;

    for (size_t i = template->level_count; i > 0; i--) {
        len += template->levels[i - 1].run;
        lengths[i - 1] = len;
        len += der_header_len(len);
        len += i == template->level_count ? unsigned_len : 0;
    }
    return len;
}

static void put_run(const struct cms_template *template, size_t from, size_t len,
                    const struct filling *filling, uint8_t *out)
{
    memcpy(out, template->body + from, len);
    for (size_t i = 0; i < template->hole_count; i++) {
        const struct cms_hole *hole = &template->holes[i];
        if (hole->offset >= from && hole->offset < from + len) {
            memcpy(out + (hole->offset - from), value_of(hole, filling).data, hole->len);
        }
    }
}

bool cms_signature_fits(const struct cms_template *template, struct slice signature)
{
    return template->shape.scheme == SG_SCHEME_ECDSA
               ? signature.len > 0 && signature.len <= template->signature_max
               : signature.len == template->signature_max;
}

enum sg_status cms_assemble(const struct cms_template *template,
                            const struct cms_parts *parts, uint8_t *out, size_t cap,
                            size_t *len)
{
    struct filling filling;
    size_t lengths[CMS_LEVELS];
    size_t at = 0;
    size_t from = 0;

    TRY(fill(template, parts->digest, parts->signing_time_us, &filling));
    const struct unsigned_part token = unsigned_of(parts->token.len);
    if (!cms_signature_fits(template, parts->signature) ||
        (token.total > 0 && template->level_count == 0)) {
        return SG_INVALID;
    }
    size_t total = level_lengths(template, parts->signature.len, token.total, lengths);
    if (total > cap) {
        return SG_TOO_LARGE;
    }
    for (size_t i = 0; i < template->level_count; i++) {
        size_t run = template->levels[i].run;
        at += der_write_header(out + at, template->levels[i].tag, lengths[i]);
        put_run(template, from, run, &filling, out + at);
        from += run;
        at += run;
    }
    memcpy(out + at, parts->signature.data, parts->signature.len);
    if (token.total > 0) {
        put_unsigned(&token, parts->token, out + at + parts->signature.len);
    }
    *len = total;
    return SG_OK;
}

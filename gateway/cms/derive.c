/* Cuts a whole CMS into the constant runs and the holes of a template. */
#include <stdlib.h>

#include "gateway/cms/der.h"
#include "gateway/cms/template.h"

static const uint8_t signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                      0x0d, 0x01, 0x07, 0x02};
static const uint8_t message_digest[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d, 0x01, 0x09, 0x04};
static const uint8_t signing_time[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                       0x0d, 0x01, 0x09, 0x05};

/* Attributes whose value is filled in for each document. */
static const struct {
    struct slice oid;
    enum cms_hole_kind kind;
    uint8_t tag;
} hole_of[] = {
    {{message_digest, sizeof(message_digest)}, CMS_HOLE_DIGEST, DER_OCTET_STRING},
    {{signing_time, sizeof(signing_time)}, CMS_HOLE_TIME, DER_UTC_TIME},
};

/* Opens the elements from the outermost to the signature; runs[i] is what stands between
 * the header of level i and that of level i + 1. */
static enum sg_status open_levels(struct slice sample, struct cms_template *out,
                                  struct slice runs[CMS_LEVELS])
{
    struct slice inside = sample;
    struct der item;

    for (size_t i = 0; i < CMS_LEVELS; i++) {
        struct slice before = inside;
        TRY(der_last(&before, &item));
        if (i == 0 && before.len != 0) {
            return SG_INVALID;
        }
        if (i > 0) {
            runs[i - 1] = before;
            out->levels[i - 1].run = before.len;
        }
        out->levels[i].tag = item.tag;
        inside = item.content;
    }
    runs[CMS_LEVELS - 1] = slice_of(inside.data, 0);
    out->levels[CMS_LEVELS - 1].run = 0;
    out->level_count = CMS_LEVELS;
    return item.tag == DER_OCTET_STRING ? SG_OK : SG_INVALID;
}

static enum sg_status check_content_type(struct slice run)
{
    struct der oid;

    TRY(der_take(&run, &oid));
    return oid.tag == DER_OID &&
                   slice_equal(oid.content, slice_of(signed_data, sizeof(signed_data)))
               ? SG_OK
               : SG_INVALID;
}

static enum sg_status join_runs(const struct slice runs[CMS_LEVELS],
                                struct cms_template *out)
{
    size_t total = 0;

    for (size_t i = 0; i < CMS_LEVELS; i++) {
        total += runs[i].len;
    }
    if (total > CMS_BODY_MAX) {
        return SG_TOO_LARGE;
    }
    out->body = malloc(total);
    if (out->body == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < CMS_LEVELS; i++) {
        if (runs[i].len > 0) {
            memcpy(out->body + out->body_len, runs[i].data, runs[i].len);
            out->body_len += runs[i].len;
        }
    }
    return SG_OK;
}

/* One attribute: SEQUENCE { type, SET { value } }. */
static enum sg_status note_hole(struct slice attribute, struct cms_template *out)
{
    struct der oid;
    struct der set;
    struct der value;

    TRY(der_take(&attribute, &oid));
    TRY(der_take(&attribute, &set));
    TRY(der_take(&set.content, &value));
    for (size_t i = 0; i < SG_COUNT(hole_of); i++) {
        if (!slice_equal(oid.content, hole_of[i].oid)) {
            continue;
        }
        if (value.tag != hole_of[i].tag || out->hole_count == CMS_HOLES) {
            return SG_INVALID;
        }
        out->holes[out->hole_count++] =
            (struct cms_hole){.kind = hole_of[i].kind,
                              .offset = (size_t)(value.content.data - out->body),
                              .len = value.content.len};
    }
    return SG_OK;
}

/* SignerInfo's run: version, sid, digestAlgorithm, [0] signedAttrs, signatureAlgorithm.
 */
static enum sg_status find_attributes(struct cms_template *out)
{
    size_t run = out->levels[CMS_LEVELS - 2].run;
    struct slice rest = slice_of(out->body + out->body_len - run, run);
    struct der item;

    do {
        TRY(der_take(&rest, &item));
    } while (item.tag != DER_CONTEXT_0);
    out->attributes = (size_t)(item.content.data - out->body) - item.header;
    out->attributes_len = item.header + item.content.len;

    struct slice attributes = item.content;
    while (attributes.len > 0) {
        TRY(der_take(&attributes, &item));
        TRY(note_hole(item.content, out));
    }
    return SG_OK;
}

enum sg_status cms_derive(struct slice sample, struct cms_template *out)
{
    struct slice runs[CMS_LEVELS];

    TRY(open_levels(sample, out, runs));
    TRY(check_content_type(runs[0]));
    TRY(join_runs(runs, out));
    return find_attributes(out);
}

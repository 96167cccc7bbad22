/* EN 319 142-1 section 6.3 (PAdES) and EN 319 122-1 section 6.3 (CAdES), level B-B.
 * A signature of another profile is sound all the same: its level is none. */
#include "client/verify/case.h"

/* How often an attribute may stand among the signed ones. */
static const struct {
    const char *oid;
    const char *name;
    int pades_min;
    int pades_max;
    int cades_min;
    int cades_max;
} attributes[] = {
    {"1.2.840.113549.1.9.3", "content-type", 1, 1, 1, 1},
    {"1.2.840.113549.1.9.4", "message-digest", 1, 1, 1, 1},
    {"1.2.840.113549.1.9.5", "signing-time", 0, 0, 1, 1},
    {"1.2.840.113549.1.9.16.2.47", "signing-certificate-v2", 1, 1, 1, 1},
    {"1.2.840.113549.1.9.16.2.12", "signing-certificate (SHA-1)", 0, 0, 0, 0},
    {"1.2.840.113549.1.9.16.2.18", "signer-attributes", 0, 1, 0, 1},
    {"0.4.0.19122.1.1", "signer-attributes-v2", 0, 1, 0, 1},
    {"1.2.840.113549.1.9.16.2.15", "signature-policy-identifier", 0, 1, 0, 1},
};

static int count_attribute(const struct verify_case *c, const char *oid)
{
    char found[80];
    int count = 0;

    for (int i = 0; i < CMS_signed_get_attr_count(c->signer_info); i++) {
        X509_ATTRIBUTE *attribute = CMS_signed_get_attr(c->signer_info, i);
        (void)OBJ_obj2txt(found, (int)sizeof(found),
                          X509_ATTRIBUTE_get0_object(attribute), 1);
        if (strcmp(found, oid) == 0) {
            int values = X509_ATTRIBUTE_count(attribute);
            count += values > 1 ? values : 1;
        }
    }
    return count;
}

static enum verify_mark say_count(struct verify_check *out, const char *level,
                                  const char *name, int count, int max)
{
    if (count == 0) {
        return verify_say(out, VERIFY_NOTE,
                          "Not %s B-B: the signed attribute %s is missing.", level, name);
    }
    if (max == 0) {
        return verify_say(out, VERIFY_NOTE,
                          "Not %s B-B: the signed attribute %s must not be there.", level,
                          name);
    }
    return verify_say(out, VERIFY_NOTE,
                      "Not %s B-B: the signed attribute %s stands %d times, not once.",
                      level, name, count);
}

static enum verify_mark check_attributes(const struct verify_case *c,
                                         struct verify_check *out)
{
    bool pades = c->input->pades;

    for (size_t i = 0; i < SG_COUNT(attributes); i++) {
        int count = count_attribute(c, attributes[i].oid);
        int min = pades ? attributes[i].pades_min : attributes[i].cades_min;
        int max = pades ? attributes[i].pades_max : attributes[i].cades_max;
        if (count < min || count > max) {
            return say_count(out, pades ? "PAdES" : "CAdES", attributes[i].name, count,
                             max);
        }
    }
    return VERIFY_PASS;
}

/* The content-type attribute and the type of the (absent) content agree: id-data. */
static bool content_is_data(const struct verify_case *c)
{
    const ASN1_OBJECT *stated = CMS_signed_get0_data_by_OBJ(
        c->signer_info, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT);

    return stated != NULL && OBJ_obj2nid(stated) == NID_pkcs7_data &&
           OBJ_obj2nid(CMS_get0_eContentType(c->cms)) == NID_pkcs7_data;
}

/* Read, it is the same; a reader that wants DER (ISO 32000) may not read it. */
static bool is_der(struct slice cms)
{
    return cms.len >= 2 && cms.data[1] != 0x80;
}

static enum verify_mark check_dictionary(const struct pdf_signature *pdf,
                                         struct verify_check *out)
{
    if (strcmp(pdf->subfilter, "ETSI.CAdES.detached") != 0) {
        return verify_say(out, VERIFY_NOTE,
                          "Not PAdES B-B: SubFilter is not ETSI.CAdES.detached.");
    }
    if (pdf->time[0] == '\0') {
        return verify_say(out, VERIFY_NOTE,
                          "Not PAdES B-B: the signature dictionary has no time (/M).");
    }
    return VERIFY_PASS;
}

enum verify_mark verify_profile(const struct verify_case *c, struct verify_check *out)
{
    enum verify_mark mark = check_attributes(c, out);

    if (mark != VERIFY_PASS) {
        return mark;
    }
    if (!content_is_data(c)) {
        return verify_say(out, VERIFY_NOTE,
                          "Not %s B-B: the content type is not id-data.",
                          c->input->pades ? "PAdES" : "CAdES");
    }
    if (c->input->pades && !is_der(c->input->cms)) {
        return verify_say(out, VERIFY_NOTE,
                          "Not PAdES B-B: the signature has an indefinite length, so it "
                          "is not DER.");
    }
    if (c->pdf != NULL && check_dictionary(c->pdf, out) != VERIFY_PASS) {
        return VERIFY_NOTE;
    }
    return verify_say(out, VERIFY_PASS, "Meets %s.",
                      c->input->pades ? "PAdES B-B (EN 319 142-1 section 6.3)"
                                      : "CAdES B-B (EN 319 122-1 section 6.3)");
}

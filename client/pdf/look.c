#include "client/pdf/look.h"

#include <openssl/evp.h>

/* Only the very file that the policy names: whoever exchanges it on the gateway's disk,
 * or on the way, changes no letter. */
static enum sg_status check_hash(struct slice sha256, struct slice file, const char *what,
                                 struct sg_error *why)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(file.data, file.len, digest, &len, EVP_sha256(), NULL) != 1) {
        return sg_fail(why, SG_INTERNAL, "%s", sg_status_text(SG_INTERNAL));
    }
    return slice_equal(sha256, slice_of(digest, len))
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "the gateway sent another %s than its policy names", what);
}

static enum sg_status take_logo(struct slice sha256, struct slice file, const char *what,
                                const char *setting, struct pdf_image *out,
                                struct sg_error *why)
{
    if (sha256.len == 0) {
        return SG_OK;
    }
    if (file.len == 0) {
        return sg_fail(why, SG_PRECONDITION,
                       "the policy asks for the %s on every stamp, and the gateway does "
                       "not have the file that it names: set %s to that file",
                       what, setting);
    }
    TRY(check_hash(sha256, file, what, why));
    return pdf_image_read(file, what, out, why);
}

enum sg_status pdf_look_make(const struct pdf_template *layout, const char *name,
                             const struct pdf_policy *policy, struct pdf_look *out,
                             struct sg_error *why)
{
    const struct pdf_notice notice = {.statement = policy->statement,
                                      .logo = policy->logo_sha256.len > 0};
    AUTO(pdf_look_fini) struct pdf_look look = {.layout = layout};

    if (layout != NULL) {
        TRY(pdf_template_fits(layout, name, &notice, why));
    }
    TRY(take_logo(policy->logo_sha256, policy->logo, "authority's logo", "stamp.logo",
                  &look.logo, why));
    TRY(take_logo(policy->agency_logo_sha256, policy->agency_logo, "agency's logo",
                  "stamp.agency_logo", &look.agency_logo, why));
    *out = look;
    look = (struct pdf_look){.layout = NULL};
    return SG_OK;
}

void pdf_look_fini(struct pdf_look *look)
{
    pdf_image_fini(&look->logo);
    pdf_image_fini(&look->agency_logo);
    look->layout = NULL;
}

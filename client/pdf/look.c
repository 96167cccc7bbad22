#include "client/pdf/look.h"

#include "client/pdf/guard/guard.h"
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

/* A logo as the policy has it, and how it is called. */
struct source {
    struct slice sha256, file;
    const char *what;
    const char *setting;
};

static enum sg_status take_logo(const struct source *source, struct pdf_image *out,
                                struct sg_error *why)
{
    if (source->sha256.len == 0) {
        return SG_OK;
    }
    if (source->file.len == 0) {
        return sg_fail(why, SG_PRECONDITION,
                       "the policy asks for the %s on every stamp, and the gateway does "
                       "not have the file that it names: set %s to that file",
                       source->what, source->setting);
    }
    TRY(check_hash(source->sha256, source->file, source->what, why));
    return pdf_image_read(source->file, source->what, out, why);
}

static enum sg_status take_logos(const struct pdf_policy *policy, struct pdf_look *out,
                                 struct sg_error *why)
{
    const struct source logo = {policy->logo_sha256, policy->logo, "authority's logo",
                                "stamp.logo"};
    const struct source agency = {policy->agency_logo_sha256, policy->agency_logo,
                                  "agency's logo", "stamp.agency_logo"};

    TRY(take_logo(&logo, &out->logo, why));
    return take_logo(&agency, &out->agency_logo, why);
}

enum sg_status pdf_look_make(const struct pdf_template *layout, const char *name,
                             const struct pdf_policy *policy, struct pdf_look *out,
                             struct sg_error *why)
{
    const struct pdf_notice notice = {.statement = policy->statement,
                                      .logo = policy->logo_sha256.len > 0};

    *out = (struct pdf_look){.layout = layout};
    if (layout != NULL) {
        TRY(pdf_template_fits(layout, name, &notice, why));
    }
    enum sg_status status = take_logos(policy, out, why);
    if (status != SG_OK) {
        pdf_look_fini(out);
    }
    out->serial = pdf_guard_serial();
    return status;
}

void pdf_look_fini(struct pdf_look *look)
{
    pdf_image_fini(&look->logo);
    pdf_image_fini(&look->agency_logo);
    look->layout = NULL;
}

#include "client/sign_terms.h"

enum sg_status sign_status(int code, const struct segel_error *error,
                           struct sg_error *why)
{
    enum sg_status status = code == SEGEL_USAGE         ? SG_INVALID
                            : code == SEGEL_NOT_FOUND   ? SG_NOT_FOUND
                            : code == SEGEL_MEMORY      ? SG_NO_MEMORY
                            : code == SEGEL_UNREACHABLE ? SG_IO
                                                        : SG_ABORTED;

    return code == SEGEL_OK ? SG_OK : sg_fail(why, status, "%s", error->text);
}

enum sg_status sign_open(const struct home *home, struct segel **out,
                         struct sg_error *why)
{
    struct segel_options options = SEGEL_INIT(options);
    struct segel_error error;
    struct home_way way;

    TRY(home_way(home, &way, why));
    options.address = way.address;
    options.ca = way.paths[HOME_CA];
    options.certificate = way.paths[HOME_CERT];
    options.private_key = way.paths[HOME_KEY];
    return sign_status(segel_open(&options, out, &error), &error, why);
}

static void fill_look(const struct pdf_wish *wish, struct segel_look *look)
{
    look->reason = wish->reason;
    look->location = wish->location;
    look->name = wish->name;
    look->field = wish->field;
    look->page = wish->page;
    look->x = wish->rect.x;
    look->y = wish->rect.y;
    look->width = wish->rect.width;
    look->height = wish->rect.height;
}

enum sg_status sign_terms(struct segel *segel, const struct sign_plan *plan,
                          struct segel_plan **out, struct sg_error *why)
{
    const Segel__V1__SignTerms *from = &plan->terms;
    struct segel_look look = SEGEL_INIT(look);
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_error error;

    fill_look(&plan->wish, &look);
    terms.key = from->key;
    terms.document_class = from->document_class;
    terms.approval = from->approval_ref;
    terms.mandate = from->mandate;
    terms.batch = from->batch;
    terms.language = from->language;
    terms.profile = sg_profile_name((enum sg_profile)from->profile);
    terms.hash = plan->wish.hash == SG_HASH_NONE ? NULL : sg_hash_name(plan->wish.hash);
    terms.scheme = sg_scheme_valid((int)from->signature_algorithm)
                       ? sg_scheme_name((enum sg_scheme)from->signature_algorithm)
                       : NULL;
    terms.notice_shown = from->notice_shown;
    terms.look = &look;
    return sign_status(segel_plan_make(segel, &terms, out, &error), &error, why);
}

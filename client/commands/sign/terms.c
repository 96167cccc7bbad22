#include "client/commands/sign/terms.h"

#include "client/commands/sign/interrupt.h"
#include "client/segel/gateway.h"

static const struct {
    enum segel_code code;
    const char *reason; /* NULL = any */
    enum sg_status status;
} rows[] = {
    /* The gateway answered, and what it offers is not what was asked for. */
    {SEGEL_USAGE, "not-offered", SG_PRECONDITION},
    {SEGEL_USAGE, "stamp", SG_PRECONDITION},
    {SEGEL_USAGE, NULL, SG_INVALID},
    {SEGEL_NOT_FOUND, NULL, SG_NOT_FOUND},
    {SEGEL_DENIED, NULL, SG_DENIED},
    {SEGEL_CONFLICT, NULL, SG_CONFLICT},
    {SEGEL_CANCELLED, NULL, SG_CANCELLED},
    {SEGEL_MEMORY, NULL, SG_NO_MEMORY},
    {SEGEL_UNREACHABLE, NULL, SG_IO},
};

enum sg_status sign_status(int code, const struct segel_error *error,
                           struct sg_error *why)
{
    enum sg_status status = SG_ABORTED;

    if (code == SEGEL_OK) {
        return SG_OK;
    }
    for (size_t i = SG_COUNT(rows); i > 0; i--) {
        bool fits = (int)rows[i - 1].code == code &&
                    (rows[i - 1].reason == NULL ||
                     strcmp(rows[i - 1].reason, error->reason) == 0);
        status = fits ? rows[i - 1].status : status;
    }
    return sg_fail(why, status, "%s", error->text);
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
    return sign_status(gateway_open(&options, sign_interrupt_flag(), out, &error), &error,
                       why);
}

void sign_look(const struct sign_plan *plan, struct segel_look *look)
{
    const struct pdf_wish *wish = &plan->wish;

    look->reason = wish->reason;
    look->location = wish->location;
    look->name = wish->name;
    look->title = wish->title;
    look->rank = wish->rank;
    look->nip = wish->nip;
    look->unit = wish->unit;
    look->field = wish->field;
    look->page = wish->page;
    look->x = wish->rect.x;
    look->y = wish->rect.y;
    look->width = wish->rect.width;
    look->height = wish->rect.height;
}

static const char *scheme_of(const struct sign_plan *plan)
{
    int scheme = (int)plan->terms.signature_algorithm;

    return sg_scheme_valid(scheme) ? sg_scheme_name((enum sg_scheme)scheme) : NULL;
}

void sign_terms_fill(const struct sign_plan *plan, struct segel_terms *terms)
{
    const Segel__V1__SignTerms *from = &plan->terms;

    terms->key = from->key;
    terms->document_class = from->document_class;
    terms->approval = from->approval_ref;
    terms->mandate = from->mandate;
    terms->batch = from->batch;
    terms->language = from->language;
    terms->content_type = from->content_type;
    terms->profile = sg_profile_name((enum sg_profile)from->profile);
    terms->hash = plan->wish.hash == SG_HASH_NONE ? NULL : sg_hash_name(plan->wish.hash);
    terms->scheme = scheme_of(plan);
    terms->notice_shown = plan->notice;
    terms->stamp = plan->stamp;
}

enum sg_status sign_terms(struct segel *segel, const struct sign_plan *plan,
                          struct segel_plan **out, struct sg_error *why)
{
    struct segel_look look = SEGEL_INIT(look);
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_error error;

    sign_look(plan, &look);
    sign_terms_fill(plan, &terms);
    terms.look = &look;
    return sign_status(segel_plan_make(segel, &terms, out, &error), &error, why);
}

#include "client/commands/sign/plan.h"

#include <stdio.h>
#include <string.h>

#include "client/segel/plan.h"
#include "proto/text.h"

enum { PAGE_MAX = 100000, POINTS_MAX = 14400 /* 200 inches: the largest PDF page */ };

/* "12", "12.5": points without sign. The C library's parsers follow the user's locale,
 * in which a decimal point may be a comma. */
static bool read_points(struct slice text, double *out)
{
    const uint8_t *point =
        text.len == 0 ? NULL : (const uint8_t *)memchr(text.data, '.', text.len);
    size_t whole_len = point == NULL ? text.len : (size_t)(point - text.data);
    uint64_t whole = 0;
    double value = 0;
    double scale = 1;

    if (text_uint(slice_of(text.data, whole_len), POINTS_MAX, &whole) != SG_OK ||
        whole_len + 1 == text.len) {
        return false;
    }
    value = (double)whole;
    for (size_t i = whole_len + 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        scale /= 10;
        value += scale * (text.data[i] - '0');
    }
    *out = value;
    return true;
}

static enum sg_status read_rect(const char *text, struct pdf_rect *rect,
                                struct sg_error *why)
{
    double values[4] = {0};
    const char *at = text;
    bool sound = true;

    for (size_t i = 0; sound && i < SG_COUNT(values); i++) {
        size_t len = strcspn(at, ",");
        char end = i + 1 < SG_COUNT(values) ? ',' : '\0';
        sound = read_points(slice_of(at, len), &values[i]) && at[len] == end;
        at += sound ? len + 1 : 0;
    }
    if (!sound || values[2] <= 0 || values[3] <= 0) {
        return sg_fail(why, SG_INVALID,
                       "'%s' is not a rectangle: write x,y,width,height in points from "
                       "the lower left corner, for example --rect 40,40,240,60",
                       text);
    }
    *rect = (struct pdf_rect){values[0], values[1], values[2], values[3]};
    return SG_OK;
}

static enum sg_status read_page(const char *text, int *page, struct sg_error *why)
{
    uint64_t number = 0;

    if (strcmp(text, "first") == 0) {
        *page = 1;
        return SG_OK;
    }
    if (strcmp(text, "last") == 0) {
        *page = -1;
        return SG_OK;
    }
    if (text_uint(slice_str(text), PAGE_MAX, &number) != SG_OK || number == 0) {
        return sg_fail(why, SG_INVALID,
                       "'%s' is not a page: write first, last or a number from 1", text);
    }
    *page = (int)number;
    return SG_OK;
}

/* Where the stamp goes: --rect makes it visible, or a template that has a size of its
 * own; --page alone would have none. */
static enum sg_status read_place(const struct sign_options *options,
                                 struct sign_plan *plan, struct sg_error *why)
{
    plan->visible =
        options->rect != NULL || options->field != NULL || options->stamp != NULL;
    plan->stamp = options->stamp;
    plan->wish.field = options->field;
    if (options->rect == NULL && options->page != NULL) {
        return options->stamp != NULL && options->field == NULL
                   ? read_page(options->page, &plan->wish.page, why)
                   : sg_fail(why, SG_INVALID,
                             "--page needs --rect x,y,width,height: where on the page "
                             "the stamp goes");
    }
    if (options->rect == NULL) {
        return SG_OK;
    }
    if (options->field != NULL) {
        return sg_fail(why, SG_INVALID,
                       "--field and --rect exclude each other: an existing field has "
                       "its place");
    }
    TRY(read_rect(options->rect, &plan->wish.rect, why));
    return read_page(options->page == NULL ? "last" : options->page, &plan->wish.page,
                     why);
}

/* A file that is no letter has no page that anything could stand on. */
static enum sg_status check_looks(const struct sign_options *options,
                                  enum sg_profile profile, struct sign_plan *plan,
                                  struct sg_error *why)
{
    const struct {
        const char *name;
        const char *value;
    } looks[] = {
        {"rect", options->rect},     {"stamp", options->stamp},
        {"page", options->page},     {"field", options->field},
        {"reason", options->reason}, {"location", options->location},
        {"name", options->name},     {"title", options->title},
        {"unit", options->unit},     {"rank", options->rank},
        {"nip", options->nip},
    };

    if (sg_profile_unstamped(profile) != SG_PROFILE_CADES_B_B) {
        return SG_OK;
    }
    plan->terms.content_type = sg_unconst_text("application/octet-stream");
    for (size_t i = 0; i < SG_COUNT(looks); i++) {
        if (looks[i].value != NULL) {
            return sg_fail(why, SG_INVALID,
                           "a signature of the profile %s lies beside its file, where "
                           "nothing can show it: leave --%s out",
                           options->profile, looks[i].name);
        }
    }
    return SG_OK;
}

static enum sg_status read_profile(const struct sign_options *options,
                                   struct sign_plan *plan, struct sg_error *why)
{
    plan->raises = sign_level_read(options->profile, &plan->level);
    enum sg_profile profile =
        plan->raises ? SG_PROFILE_PADES_B_T : sg_profile_parse(options->profile);

    if (profile == SG_PROFILE_NONE || profile == SG_PROFILE_RAW) {
        return sg_fail(
            why, SG_INVALID,
            "'%s' is not a profile for letters: write pades-b-b, pades-b-t, "
            "pades-b-lt or pades-b-lta; for other files cades-b-b or cades-b-t",
            options->profile);
    }
    plan->terms.profile = (Segel__V1__SignatureProfile)profile;
    return check_looks(options, profile, plan, why);
}

static enum sg_status read_algorithms(const struct sign_options *options,
                                      struct sign_plan *plan, struct sg_error *why)
{
    if (options->hash != NULL) {
        plan->wish.hash = sg_hash_parse(options->hash);
        if (plan->wish.hash == SG_HASH_NONE) {
            return sg_fail(why, SG_INVALID,
                           "'%s' is not a hash: write sha256, sha384 or sha512",
                           options->hash);
        }
    }
    if (options->scheme != NULL) {
        enum sg_scheme scheme = sg_scheme_parse(options->scheme);
        if (scheme == SG_SCHEME_NONE) {
            return sg_fail(why, SG_INVALID,
                           "'%s' is not a scheme: write rsa-pkcs1, rsa-pss or ecdsa",
                           options->scheme);
        }
        plan->terms.signature_algorithm = (Segel__V1__SignatureAlgorithm)scheme;
    }
    return SG_OK;
}

/* Here, too, so that of a table line and cell are told before anything is signed. */
static enum sg_status check_texts(const struct sign_options *options,
                                  struct sg_error *why)
{
    const struct segel_terms terms = {.document_class = options->document_class,
                                      .approval = options->approval,
                                      .mandate = options->mandate,
                                      .batch = options->batch};
    struct segel_error error;

    return plan_check_terms(&terms, &error) == SEGEL_OK
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%s", error.text);
}

static void read_texts(const struct sign_options *options, struct sign_plan *plan)
{
    plan->wish.reason = options->reason;
    plan->wish.location = options->location;
    plan->wish.name = options->name;
    plan->wish.title = options->title;
    plan->wish.rank = options->rank;
    plan->wish.nip = options->nip;
    plan->wish.unit = options->unit;
    plan->terms.key = sg_unconst_text(options->key);
    plan->terms.document_class = sg_unconst_text(options->document_class);
    plan->terms.approval_ref = sg_unconst_text(options->approval);
    plan->terms.mandate = sg_unconst_text(options->mandate);
    plan->terms.batch = sg_unconst_text(options->batch);
    plan->terms.language = sg_unconst_text(options->lang);
    plan->terms.content_type = sg_unconst_text("application/pdf");
    plan->terms.job_class = SEGEL__V1__JOB_CLASS__JOB_CLASS_BULK;
}

enum sg_status sign_plan_read(const struct sign_options *options, struct sign_plan *plan,
                              struct sg_error *why)
{
    *plan = (struct sign_plan){.visible = false};
    segel__v1__sign_terms__init(&plan->terms);
    if (strcmp(options->lang, "id") != 0 && strcmp(options->lang, "en") != 0) {
        return sg_fail(why, SG_INVALID, "'%s' is not a language: write id or en",
                       options->lang);
    }
    TRY(check_texts(options, why));
    read_texts(options, plan);
    TRY(read_profile(options, plan, why));
    TRY(read_algorithms(options, plan, why));
    TRY(read_place(options, plan, why));
    plan->notice = options->notice;
    plan->terms.notice_shown = plan->visible || options->notice ? 1 : 0;
    return SG_OK;
}

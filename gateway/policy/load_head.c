#include "gateway/policy/load.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/policy/days.h"

/* The parts of the file that say what the policy is: metadata, notice, lists. */

static enum sg_status read_id(struct loader *loader, const struct yaml_node *node,
                              void *target)
{
    return load_name(loader, node, &((struct policy *)target)->info.id);
}

static enum sg_status read_version(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    /* The last whole number that every reader of JSON knows apart from the next. */
    static const struct yaml_range range = {1, (INT64_C(1) << 53) - 1};
    int64_t version = 0;

    TRY(yaml_int(loader->doc, node, range, &version, loader->why));
    if (version == range.max) {
        return yaml_fail(loader->doc, node, loader->why,
                         "no policy could follow version %lld, for it would need a "
                         "higher one: take the next number, or the date, 20260502",
                         (long long)version);
    }
    ((struct policy *)target)->info.version = version;
    return SG_OK;
}

static enum sg_status read_effective(struct loader *loader, const struct yaml_node *node,
                                     void *target)
{
    return load_time(loader, node, &((struct policy *)target)->info.effective_us);
}

static enum sg_status read_review_by(struct loader *loader, const struct yaml_node *node,
                                     void *target)
{
    return load_time(loader, node, &((struct policy *)target)->info.review_by_us);
}

static enum sg_status read_title(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    return load_text(loader, node, &((struct policy *)target)->info.cp_title);
}

static enum sg_status read_sha256(struct loader *loader, const struct yaml_node *node,
                                  void *target)
{
    return load_sha256(loader, node, ((struct policy *)target)->info.cp_sha256);
}

static enum sg_status read_document(struct loader *loader, const struct yaml_node *node,
                                    void *target)
{
    static const struct field fields[] = {
        {"title", true, read_title}, {"sha256", true, read_sha256}, {NULL, false, NULL}};

    return load_fields(loader, node, fields, target);
}

static enum sg_status read_no(struct loader *loader, const struct yaml_node *node,
                              void *target)
{
    return load_text(loader, node, &((struct policy *)target)->info.agreement_no);
}

static enum sg_status read_from(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    return load_time(loader, node, &((struct policy *)target)->info.agreement_from_us);
}

static enum sg_status read_until(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    return load_time(loader, node, &((struct policy *)target)->info.agreement_until_us);
}

static enum sg_status read_agreement(struct loader *loader, const struct yaml_node *node,
                                     void *target)
{
    static const struct field fields[] = {{"no", true, read_no},
                                          {"from", true, read_from},
                                          {"until", true, read_until},
                                          {NULL, false, NULL}};
    const struct policy_info *info = &((struct policy *)target)->info;

    TRY(load_fields(loader, node, fields, target));
    if (info->agreement_from_us >= info->agreement_until_us) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the agreement ends before it begins");
    }
    return SG_OK;
}

static enum sg_status read_zone(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    static const char *const words[] = {"WIB", "WITA", "WIT", NULL};
    static const int64_t minutes[] = {420, 480, 540};
    size_t index = 0;

    TRY(load_choice(loader, node, "zone", words, &index));
    ((struct policy *)target)->zone_minutes = minutes[index];
    return SG_OK;
}

/* Of a date's text, "YYYY-MM-DD": the first day behind its year. */
static int64_t year_end(const char *date)
{
    enum { DECIMAL = 10, YEAR_LEN = 4 };
    char year[YEAR_LEN + 1] = {0};

    memcpy(year, date, YEAR_LEN);
    return calendar_year_start(strtol(year, NULL, DECIMAL) + 1);
}

static enum sg_status read_holidays(struct loader *loader, const struct yaml_node *node,
                                    void *target)
{
    struct policy *made = target;
    int64_t time = 0;

    TRY(load_is_list(loader, node, LOAD_HOLIDAYS_MAX, "a list of days"));
    int64_t *days = pool_take(&made->pool, node->count, sizeof(*days));
    if (days == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < node->count; i++) {
        TRY(yaml_time(loader->doc, &node->items[i], 0, &time, loader->why));
        if (strlen(node->items[i].text) != YAML_DATE_LEN) {
            return yaml_fail(loader->doc, &node->items[i], loader->why,
                             "a holiday is a whole day: YYYY-MM-DD");
        }
        days[i] = calendar_day(time, 0);
        int64_t end = year_end(node->items[i].text);
        made->calendar_end = end > made->calendar_end ? end : made->calendar_end;
    }
    made->holidays = days;
    made->holiday_count = node->count;
    return SG_OK;
}

static enum sg_status read_calendar(struct loader *loader, const struct yaml_node *node,
                                    void *target)
{
    static const struct field fields[] = {{"zone", true, read_zone},
                                          {"holidays", false, read_holidays},
                                          {NULL, false, NULL}};

    return load_fields(loader, node, fields, target);
}

enum sg_status load_metadata(struct loader *loader, const struct yaml_node *node,
                             void *policy)
{
    /* The calendar first: what is a date in the other fields begins in its zone. */
    static const struct field fields[] = {
        {"calendar", false, read_calendar},   {"id", true, read_id},
        {"version", true, read_version},      {"effective", true, read_effective},
        {"review_by", true, read_review_by},  {"cp_document", false, read_document},
        {"agreement", false, read_agreement}, {NULL, false, NULL}};
    struct policy *made = policy;
    struct policy_info *info = &made->info;

    TRY(load_fields(loader, node, fields, policy));
    info->calendar_until_us = policy_calendar_end_us(made);
    if (info->effective_us >= info->review_by_us) {
        return yaml_fail(loader->doc, node, loader->why,
                         "review_by must be later than effective");
    }
    return SG_OK;
}

static enum sg_status read_statement(struct loader *loader, const struct yaml_node *node,
                                     void *target)
{
    struct policy_info *info = &((struct policy *)target)->info;
    struct bilingual statement = {0};

    TRY(load_bilingual(loader, node, &statement));
    info->statement_id = statement.id;
    info->statement_en = statement.en;
    return SG_OK;
}

static enum sg_status read_verify_url(struct loader *loader, const struct yaml_node *node,
                                      void *target)
{
    static const char scheme[] = "https://";
    const char *url = "";

    TRY(load_text(loader, node, &url));
    if (strncmp(url, scheme, strlen(scheme)) != 0) {
        return yaml_fail(loader->doc, node, loader->why,
                         "the address must begin with https://");
    }
    ((struct policy *)target)->info.verify_url = url;
    return SG_OK;
}

static enum sg_status read_logo(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    return load_sha256(loader, node, ((struct policy *)target)->info.logo_sha256);
}

static enum sg_status read_agency_logo(struct loader *loader,
                                       const struct yaml_node *node, void *target)
{
    return load_sha256(loader, node, ((struct policy *)target)->info.agency_logo_sha256);
}

enum sg_status load_notice(struct loader *loader, const struct yaml_node *node,
                           void *policy)
{
    static const struct field fields[] = {{"statement", true, read_statement},
                                          {"verify_url", false, read_verify_url},
                                          {"logo_sha256", false, read_logo},
                                          {"agency_logo_sha256", false, read_agency_logo},
                                          {NULL, false, NULL}};

    return load_fields(loader, node, fields, policy);
}

enum sg_status load_lists(struct loader *loader, const struct yaml_node *node,
                          void *policy)
{
    struct policy *made = policy;

    TRY(load_is(loader, node, YAML_MAP, "a map of named lists"));
    if (node->count > LOAD_LISTS_MAX) {
        return yaml_fail(loader->doc, node, loader->why,
                         "a policy has at most %d lists, found are %zu", LOAD_LISTS_MAX,
                         node->count);
    }
    made->lists = pool_take(&made->pool, node->count + 1, sizeof(*made->lists));
    if (made->lists == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct named_list *list = &made->lists[i];
        TRY(load_name(loader, &node->keys[i], &list->name));
        TRY(load_is_list(loader, &node->items[i], LOAD_LIST_MAX, "a list"));
        TRY(load_strings(loader, &node->items[i], FACT_STR, &list->items));
        list->node = &node->items[i];
        list->count = node->items[i].count;
        made->list_count++;
    }
    return SG_OK;
}

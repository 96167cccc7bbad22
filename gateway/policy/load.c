#include "gateway/policy/load.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "gateway/policy/dump.h"

/* A whole policy file, in the order that its parts need each other. */

static enum sg_status read_fixed(struct loader *loader, const struct yaml_node *node,
                                 const char *wanted)
{
    const char *const words[] = {wanted, NULL};
    size_t index = 0;

    return load_choice(loader, node, "value", words, &index);
}

static enum sg_status read_version(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    (void)target;
    return read_fixed(loader, node, "segel/v1");
}

static enum sg_status read_kind(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    (void)target;
    return read_fixed(loader, node, "CertificatePolicy");
}

static enum sg_status read_profile(struct loader *loader, const struct yaml_node *node,
                                   void *target)
{
    static const char *const words[] = {"test", "production", NULL};
    size_t index = 0;

    TRY(load_choice(loader, node, "profile", words, &index));
    ((struct policy *)target)->info.production = index == 1;
    return SG_OK;
}

static enum sg_status read_mode(struct loader *loader, const struct yaml_node *node,
                                void *target)
{
    static const char *const words[] = {"enforce", "shadow", "off", NULL};
    size_t index = 0;

    TRY(load_choice(loader, node, "mode", words, &index));
    ((struct policy *)target)->default_mode = (enum rule_mode)index;
    return SG_OK;
}

/* The field is there so that a reader of the file sees it; nothing else is offered. */
static enum sg_status read_on_error(struct loader *loader, const struct yaml_node *node,
                                    void *target)
{
    (void)target;
    return read_fixed(loader, node, "deny");
}

static enum sg_status read_defaults(struct loader *loader, const struct yaml_node *node,
                                    void *target)
{
    static const struct field fields[] = {{"mode", false, read_mode},
                                          {"on_error", false, read_on_error},
                                          {NULL, false, NULL}};

    return load_fields(loader, node, fields, target);
}

static enum sg_status read_bases(struct loader *loader, const struct yaml_node *node,
                                 void *target)
{
    TRY(load_is(loader, node, YAML_MAP, "a map of named sets of facts"));
    loader->bases = node;
    loader->base_facts = pool_take(&((struct policy *)target)->pool, node->count + 1,
                                   sizeof(struct facts *));
    return loader->base_facts == NULL ? SG_NO_MEMORY : SG_OK;
}

static enum sg_status load_all(struct loader *loader)
{
    static const struct field fields[] = {
        {"apiVersion", true, read_version},     {"kind", true, read_kind},
        {"metadata", true, load_metadata},      {"profile", true, read_profile},
        {"defaults", false, read_defaults},     {"notice", false, load_notice},
        {"lists", false, load_lists},           {"rules", true, load_rules},
        {"exceptions", false, load_exceptions}, {"bases", false, read_bases},
        {"tests", false, load_tests},           {NULL, false, NULL}};

    return load_fields(loader, yaml_root(loader->doc), fields, loader->policy);
}

static struct policy *new_policy(void)
{
    struct policy *policy = calloc(1, sizeof(*policy));

    if (policy != NULL) {
        atomic_init(&policy->holders, 1);
        policy->zone_minutes = 420; /* WIB */
        policy->info.agreement_no = "";
        policy->info.cp_title = "";
        policy->info.statement_id = "";
        policy->info.statement_en = "";
        policy->info.verify_url = "";
    }
    return policy;
}

static enum sg_status fill(struct policy *policy, struct slice text, const char *name,
                           struct sg_error *why)
{
    TRY(yaml_read(text, name, &policy->doc, why));
    struct loader loader = {.policy = policy, .doc = policy->doc, .why = why};
    if (EVP_Digest(text.data, text.len, policy->info.sha256, NULL, EVP_sha256(), NULL) !=
        1) {
        return sg_fail(why, SG_INTERNAL, "%s: SHA-256 is not available", name);
    }
    TRY(load_all(&loader));
    policy_note_reads(policy);
    policy->text = pool_copy(&policy->pool, text);
    return policy->text.data == NULL ? SG_NO_MEMORY : policy_make_dump(policy);
}

enum sg_status policy_parse(struct slice text, const char *name, struct policy **out,
                            struct sg_error *why)
{
    struct policy *policy = new_policy();

    if (policy == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = fill(policy, text, name, why);
    if (status != SG_OK) {
        policy_free(policy);
        return status;
    }
    *out = policy;
    return SG_OK;
}

enum sg_status policy_load(const char *path, struct policy **out, struct sg_error *why)
{
    uint8_t *bytes = NULL;
    size_t len = 0;

    TRY(yaml_file_bytes(path, &bytes, &len, why));
    enum sg_status status = policy_parse(slice_of(bytes, len), path, out, why);
    free(bytes);
    return status;
}

struct policy *policy_take(struct policy *policy)
{
    (void)atomic_fetch_add_explicit(&policy->holders, 1, memory_order_relaxed);
    return policy;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL ||
        atomic_fetch_sub_explicit(&policy->holders, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (struct pattern *at = policy->patterns; at != NULL; at = at->next) {
        regfree(&at->regex);
    }
    pool_fini(&policy->pool);
    yaml_free(policy->doc);
    free(policy->conditions);
    free(policy->dump);
    free(policy);
}

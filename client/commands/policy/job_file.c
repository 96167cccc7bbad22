#include "client/commands/policy/job_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/yaml.h"
#include "gateway/policy/facts.h"
#include "proto/algorithm.h"
#include "proto/text.h"

enum { LABELS_MAX = 8 };

struct job_file {
    struct yaml *doc; /* owned; holds the texts */
    Segel__V1__ExplainRequest request;
    Segel__V1__SignTerms terms;
    Segel__V1__SignItem item;
    Segel__V1__SignTerms__LabelsEntry labels[LABELS_MAX];
    Segel__V1__SignTerms__LabelsEntry *label_pointers[LABELS_MAX];
    uint8_t digest[SG_HASH_MAX];
};

/* One value of the file, and where it goes. */
struct place {
    struct job_file *job;
    const struct yaml_node *node;
    struct sg_error *why;
    void *out;
};

/* --- Kinds of values --------------------------------------------------------------- */

static enum sg_status read_TEXT(const struct place *place)
{
    const char *text = NULL;

    TRY(yaml_str(place->job->doc, place->node, &text, place->why));
    *(char **)place->out = sg_unconst_text(text);
    return SG_OK;
}

static enum sg_status read_BOOL(const struct place *place)
{
    bool truth = false;

    TRY(yaml_bool(place->job->doc, place->node, &truth, place->why));
    *(protobuf_c_boolean *)place->out = truth ? 1 : 0;
    return SG_OK;
}

/* A name out of a closed list; parse: 0 when it is none of them. */
static enum sg_status read_name(const struct place *place, int (*parse)(const char *),
                                const char *wanted, int *out)
{
    const char *text = NULL;

    TRY(yaml_str(place->job->doc, place->node, &text, place->why));
    *out = parse(text);
    return *out != 0 ? SG_OK
                     : yaml_fail(place->job->doc, place->node, place->why,
                                 "'%s' is not known here: write %s", text, wanted);
}

static int parse_profile(const char *name)
{
    return (int)sg_profile_parse(name);
}

static int parse_hash(const char *name)
{
    return (int)sg_hash_parse(name);
}

static int parse_scheme(const char *name)
{
    return (int)sg_scheme_parse(name);
}

static enum sg_status read_PROFILE(const struct place *place)
{
    int value = 0;

    TRY(read_name(place, parse_profile,
                  "pades_b_b, pades_b_t, cades_b_b, cades_b_t or raw", &value));
    *(Segel__V1__SignatureProfile *)place->out = (Segel__V1__SignatureProfile)value;
    return SG_OK;
}

static enum sg_status read_HASH(const struct place *place)
{
    int value = 0;

    TRY(read_name(place, parse_hash, "sha256, sha384 or sha512", &value));
    *(Segel__V1__HashAlgorithm *)place->out = (Segel__V1__HashAlgorithm)value;
    return SG_OK;
}

static enum sg_status read_SCHEME(const struct place *place)
{
    int value = 0;

    TRY(read_name(place, parse_scheme, "rsa-pkcs1, rsa-pss or ecdsa", &value));
    *(Segel__V1__SignatureAlgorithm *)place->out = (Segel__V1__SignatureAlgorithm)value;
    return SG_OK;
}

static enum sg_status read_HEX(const struct place *place)
{
    struct job_file *job = place->job;
    const char *text = NULL;
    size_t len = 0;

    TRY(yaml_str(job->doc, place->node, &text, place->why));
    if (text_unhex(slice_str(text), job->digest, sizeof(job->digest), &len) != SG_OK) {
        return yaml_fail(job->doc, place->node, place->why,
                         "the digest is hexadecimal: 64 digits for sha256, at most 128");
    }
    *(ProtobufCBinaryData *)place->out =
        (ProtobufCBinaryData){.len = len, .data = job->digest};
    return SG_OK;
}

static enum sg_status read_label(const struct place *place, size_t at)
{
    Segel__V1__SignTerms__LabelsEntry *entry = &place->job->labels[at];
    const char *value = NULL;

    segel__v1__sign_terms__labels_entry__init(entry);
    TRY(yaml_str(place->job->doc, &place->node->items[at], &value, place->why));
    entry->key = sg_unconst_text(place->node->keys[at].text);
    entry->value = sg_unconst_text(value);
    place->job->label_pointers[at] = entry;
    return SG_OK;
}

static enum sg_status read_LABELS(const struct place *place)
{
    const struct yaml_node *node = place->node;
    struct job_file *job = place->job;

    if (node->kind != YAML_MAP || node->count > LABELS_MAX) {
        return yaml_fail(job->doc, node, place->why,
                         "labels are a map of at most %d names and values, like "
                         "{\"office\": \"kelurahan\"}",
                         LABELS_MAX);
    }
    for (size_t i = 0; i < node->count; i++) {
        TRY(read_label(place, i));
    }
    job->terms.n_labels = node->count;
    job->terms.labels = job->label_pointers;
    return SG_OK;
}

/* --- Fields ------------------------------------------------------------------------ */

enum field {
#define FIELD(name, kind, needed, help) FIELD_##name,
#include "client/commands/policy/job_file.def"
#undef FIELD
    FIELD_COUNT
};

static const struct {
    const char *name;
    enum sg_status (*read)(const struct place *place);
    bool needed;
    const char *help;
} fields[] = {
#define FIELD(name, kind, needed, help) {#name, read_##kind, needed, help},
#include "client/commands/policy/job_file.def"
#undef FIELD
};

/* By other names in the message than in the file. */
static void *place_of(struct job_file *job, enum field field)
{
    void *const places[] = {
        [FIELD_key] = &job->terms.key,
        [FIELD_profile] = &job->terms.profile,
        [FIELD_hash] = &job->terms.hash_algorithm,
        [FIELD_document_class] = &job->terms.document_class,
        [FIELD_scheme] = &job->terms.signature_algorithm,
        [FIELD_approval_ref] = &job->terms.approval_ref,
        [FIELD_mandate] = &job->terms.mandate,
        [FIELD_batch] = &job->terms.batch,
        [FIELD_content_type] = &job->terms.content_type,
        [FIELD_notice] = &job->terms.notice_shown,
        [FIELD_labels] = &job->terms.labels,
        [FIELD_request_id] = &job->item.request_id,
        [FIELD_digest] = &job->item.digest,
    };

    _Static_assert(SG_COUNT(places) == FIELD_COUNT, "a place for each field");
    return places[field];
}

static enum field find_field(const char *name)
{
    int field = 0;

    while (field < FIELD_COUNT && strcmp(fields[field].name, name) != 0) {
        field++;
    }
    return (enum field)field;
}

static enum sg_status fail_unknown(const struct job_file *job,
                                   const struct yaml_node *key, struct sg_error *why)
{
    static const char *const names[] = {
#define FIELD(name, kind, needed, help) #name,
#include "client/commands/policy/job_file.def"
#undef FIELD
        NULL};
    const char *near = yaml_nearest(key->text, names);

    if (fact_find(key->text) != FACT_COUNT) {
        return yaml_fail(job->doc, key, why,
                         "'%s' is a fact, and a gateway makes its own: give what the "
                         "caller sends, such as key, profile, hash and document_class; "
                         "or judge the facts of this file with --policy FILE",
                         key->text);
    }
    if (near != NULL) {
        return yaml_fail(job->doc, key, why,
                         "a job has no field '%.64s': did you mean '%s'?", key->text,
                         near);
    }
    return yaml_fail(job->doc, key, why,
                     "a job has no field '%.64s': 'segel policy explain --help' lists "
                     "them",
                     key->text);
}

static enum sg_status read_field(struct job_file *job, const struct yaml_node *key,
                                 const struct yaml_node *value, struct sg_error *why)
{
    enum field field = find_field(key->text);

    if (field == FIELD_COUNT) {
        return fail_unknown(job, key, why);
    }
    const struct place place = {job, value, why, place_of(job, field)};
    return fields[field].read(&place);
}

static enum sg_status need_fields(const struct job_file *job, const char *path,
                                  struct sg_error *why)
{
    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        if (fields[i].needed && yaml_get(yaml_root(job->doc), fields[i].name) == NULL) {
            return sg_fail(why, SG_INVALID, "%s: '%s' is missing: %s", path,
                           fields[i].name, fields[i].help);
        }
    }
    return SG_OK;
}

static enum sg_status read_job(struct job_file *job, const char *path,
                               struct sg_error *why)
{
    TRY(yaml_read_file(path, &job->doc, why));
    const struct yaml_node *root = yaml_root(job->doc);
    if (root->kind != YAML_MAP) {
        return yaml_fail(job->doc, root, why,
                         "a job is one object, like {\"key\": \"seal-demo\", …}; 'segel "
                         "policy explain --help' shows one");
    }
    for (size_t i = 0; i < root->count; i++) {
        TRY(read_field(job, &root->keys[i], &root->items[i], why));
    }
    return need_fields(job, path, why);
}

enum sg_status job_file_load(const char *path, const char *language,
                             struct job_file **out, struct sg_error *why)
{
    struct job_file *job = (struct job_file *)calloc(1, sizeof(*job));

    if (job == NULL) {
        return SG_NO_MEMORY;
    }
    segel__v1__explain_request__init(&job->request);
    segel__v1__sign_terms__init(&job->terms);
    segel__v1__sign_item__init(&job->item);
    job->request.terms = &job->terms;
    job->request.item = &job->item;
    job->terms.language = sg_unconst_text(language);
    enum sg_status status = read_job(job, path, why);
    if (status != SG_OK) {
        job_file_free(job);
        return status;
    }
    *out = job;
    return SG_OK;
}

void job_file_free(struct job_file *job)
{
    if (job != NULL) {
        yaml_free(job->doc);
        free(job);
    }
}

const Segel__V1__ExplainRequest *job_file_request(const struct job_file *job)
{
    return &job->request;
}

#include "proto/quorum/wanted.h"

#include <string.h>

#include "proto/preflight.h"
#include "proto/quorum/asking.h"
#include "segel/v1/approvals.pb-c.h"
#include "segel/v1/keys.pb-c.h"
#include "segel/v1/policy.pb-c.h"

static const struct preflight_limits limits = {
    .max_depth = 8, .max_elements = 65536, .max_unknown = 0};

enum sg_status wanted_read(const char *method, struct slice bytes, struct wanted *out)
{
    const ProtobufCMessageDescriptor *type = asking_type(method);

    *out = (struct wanted){.message = NULL};
    if (type == NULL) {
        return SG_UNSUPPORTED;
    }
    if (preflight(type, bytes, &limits, NULL) != SG_OK) {
        return SG_CORRUPT;
    }
    struct sg_error why = {0};
    struct asking asking;
    out->message = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);
    if (out->message == NULL ||
        asking_read(method, out->message, &asking, &why) != SG_OK) {
        wanted_fini(out);
        return SG_CORRUPT;
    }
    return SG_OK;
}

void wanted_fini(struct wanted *wanted)
{
    if (wanted->message != NULL) {
        protobuf_c_message_free_unpacked(wanted->message, NULL);
        wanted->message = NULL;
    }
}

struct slice wanted_policy(const struct wanted *wanted)
{
    const Segel__V1__LoadPolicyRequest *request =
        (const Segel__V1__LoadPolicyRequest *)(const void *)wanted->message;

    MUST(wanted->message->descriptor == &segel__v1__load_policy_request__descriptor);
    return slice_of(request->text.data, request->text.len);
}

void wanted_generate(const struct wanted *wanted, struct wanted_generate *out)
{
    const Segel__V1__GenerateKeyRequest *request =
        (const Segel__V1__GenerateKeyRequest *)(const void *)wanted->message;

    MUST(wanted->message->descriptor == &segel__v1__generate_key_request__descriptor);
    *out = (struct wanted_generate){
        .place = request->place,
        .participants = request->participants,
        .participant_count = request->n_participants,
        .witness = request->witness,
        .script = slice_of(request->script_sha256.data, request->script_sha256.len),
        .from_us = request->valid_from_us,
        .until_us = request->valid_until_us};
}

static enum person_role role_of(const char *name)
{
    int role = PERSON_OFFICER;

    while (role < PERSON_ROLE_COUNT &&
           strcmp(name, person_role_name((enum person_role)role)) != 0) {
        role++;
    }
    return (enum person_role)role;
}

static size_t copy_words(char **from, size_t count, struct slice *to, size_t max)
{
    MUST(count <= max);
    for (size_t i = 0; i < count; i++) {
        to[i] = slice_str(from[i]);
    }
    return count;
}

/* Its limits are those of asking_read. */
void wanted_officer(const struct wanted *wanted, struct roster_change *out)
{
    const Segel__V1__CreateRequestRequest *request =
        (const Segel__V1__CreateRequestRequest *)(const void *)wanted->message;

    MUST(wanted->message->descriptor == &segel__v1__create_request_request__descriptor &&
         request->task_case == SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OFFICER);
    const Segel__V1__OfficerTask *task = request->officer;
    *out =
        (struct roster_change){.remove = task->remove, .person = slice_str(task->person)};
    if (!out->remove) {
        out->role = role_of(task->role);
        MUST(out->role < PERSON_ROLE_COUNT);
    }
    out->key_count = copy_words(task->verifier_keys, task->n_verifier_keys, out->keys,
                                ROSTER_KEYS_MAX);
    out->group_count =
        copy_words(task->groups, task->n_groups, out->groups, ROSTER_JOIN_MAX);
}

void wanted_override(const struct wanted *wanted, struct wanted_override *out)
{
    const Segel__V1__CreateRequestRequest *request =
        (const Segel__V1__CreateRequestRequest *)(const void *)wanted->message;

    MUST(wanted->message->descriptor == &segel__v1__create_request_request__descriptor &&
         request->task_case == SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OVERRIDE_RULE);
    const Segel__V1__OverrideTask *task = request->override_rule;
    *out = (struct wanted_override){.rule = task->rule,
                                    .key = task->key,
                                    .caller = task->caller,
                                    .document_class = task->document_class,
                                    .until_us = task->until_us,
                                    .max = task->max_jobs};
}

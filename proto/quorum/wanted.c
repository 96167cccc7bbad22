#include "proto/quorum/wanted.h"

#include "proto/preflight.h"
#include "proto/quorum/asking.h"
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
    out->message = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);
    return out->message == NULL ? SG_CORRUPT : SG_OK;
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

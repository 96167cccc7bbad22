#include <openssl/sha.h>

#include "proto/quorum/asking_inside.h"
#include "proto/text.h"
#include "segel/v1/policy.pb-c.h"

/* Guarded methods of PolicyService. */
enum { POLICY_TEXT_MAX = 1 << 20 };

/* A policy is named by the SHA-256 of its text: whoever reads the grant alone can hold a
 * file against it, and what its metadata say needs no reading here. */
enum sg_status asking_load_policy(const ProtobufCMessage *from, struct asking *out,
                                  struct sg_error *why)
{
    const Segel__V1__LoadPolicyRequest *request =
        (const Segel__V1__LoadPolicyRequest *)(const void *)from;
    uint8_t sha256[32];
    char name[65];

    out->task = TASK_POLICY_LOAD;
    out->request_id = request->request_id;
    out->reason = request->reason;
    if (request->text.len == 0 || request->text.len > POLICY_TEXT_MAX) {
        return sg_fail(why, SG_INVALID,
                       "text must be the policy file: 1 byte to 1 MiB of YAML");
    }
    (void)SHA256(request->text.data, request->text.len, sha256);
    text_hex(slice_of(sha256, sizeof(sha256)), name);
    TRY(asking_object(name, "text", out, why));
    return asking_number(out, "bytes", request->text.len, why);
}

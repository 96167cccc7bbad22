/* What an officer asks for as a mandate: what is taken is one line that the approvers
 * sign, with each bound in it, and the bytes that are stored say the same as the message.
 */
#include "proto/quorum/mandate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/preflight.h"
#include "proto/quorum/asking.h"
#include "proto/text.h"
#include "segel/v1/mandates.pb-c.h"
#include "tests/fuzz/support/fuzz.h"

static void hold(const struct asking *asking, const struct mandate_terms *terms)
{
    struct slice param = slice_str(asking->param);
    char bound[96];

    MUST(asking->task == TASK_MANDATE_OPEN && strcmp(asking->object, terms->key) == 0);
    MUST(param.len <= GRANT_PARAM_MAX && text_plain(param));
    (void)snprintf(bound, sizeof(bound), "caller=%s max=%" PRIu64 " ", terms->caller,
                   terms->max);
    MUST(strncmp(asking->param, bound, strlen(bound)) == 0);
    MUST(strstr(asking->param, terms->classes) != NULL);
    MUST(terms->max >= 1 && terms->max <= MANDATE_SIGNATURES_MAX);
    MUST(terms->profiles != 0 && terms->until_us > terms->from_us);
    MUST(terms->digests == 0 || terms->digests == terms->max);
}

static void read_it(const ProtobufCMessage *message)
{
    struct mandate_asked asked = {.digests = NULL};
    struct sg_error why = {0};
    struct asking asking;

    bool good = asking_read("/segel.v1.MandateService/OpenMandate", message, &asking,
                            &why) == SG_OK;
    MUST(good || why.text[0] != '\0');
    uint8_t *stored = (uint8_t *)malloc(protobuf_c_message_get_packed_size(message) + 1);
    MUST(stored != NULL);
    size_t len = protobuf_c_message_pack(message, stored);
    enum sg_status status = mandate_asked_read(slice_of(stored, len), &asked, &why);
    free(stored);
    MUST(status == SG_OK || status == SG_INVALID);
    if (good && status == SG_OK) {
        hold(&asking, &asked.terms);
    }
    mandate_asked_fini(&asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const ProtobufCMessageDescriptor *type = &segel__v1__open_mandate_request__descriptor;
    const struct preflight_limits limits = {
        .max_depth = 8, .max_elements = MANDATE_DIGESTS_MAX + 64, .max_unknown = 0};
    struct sg_error why = {0};

    if (preflight(type, slice_of(data, len), &limits, &why) != SG_OK) {
        return 0;
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, len, data);
    MUST(message != NULL);
    read_it(message);
    protobuf_c_message_free_unpacked(message, NULL);
    return 0;
}

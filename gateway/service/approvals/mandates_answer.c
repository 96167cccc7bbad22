#include <stdio.h>
#include <string.h>

#include "gateway/service/approvals/mandates.h"
#include "segel/v1/mandates.pb-c.h"

/* Answers of MandateService, in the order's arena: NULL when it is full. */

/* --- Terms -------------------------------------------------------------------------- */

/* The list's names, each of its own. */
static bool add_classes(struct asked *asked, const char *classes,
                        Segel__V1__MandateTerms *out)
{
    size_t len = strlen(classes);
    char *names = (char *)approvals_room(asked, len + 1);
    char *name = NULL;

    out->document_classes =
        (char **)approvals_room(asked, sizeof(char *) * MANDATE_CLASSES_MAX);
    if (names == NULL || out->document_classes == NULL) {
        return false;
    }
    memcpy(names, classes, len + 1);
    while (out->n_document_classes < MANDATE_CLASSES_MAX &&
           (name = strsep(&names, ",")) != NULL) {
        out->document_classes[out->n_document_classes++] = name;
    }
    return true;
}

static bool add_profiles(struct asked *asked, unsigned profiles,
                         Segel__V1__MandateTerms *out)
{
    out->profiles = (Segel__V1__SignatureProfile *)approvals_room(
        asked, sizeof(*out->profiles) * SG_PROFILE_COUNT);
    if (out->profiles == NULL) {
        return false;
    }
    for (int i = SG_PROFILE_NONE + 1; i < SG_PROFILE_COUNT; i++) {
        if ((profiles >> i & 1) != 0) {
            out->profiles[out->n_profiles++] = (Segel__V1__SignatureProfile)i;
        }
    }
    return true;
}

static Segel__V1__MandateTerms *terms_of(struct asked *asked,
                                         const struct mandate_terms *from)
{
    Segel__V1__MandateTerms *out = (Segel__V1__MandateTerms *)approvals_make(
        asked, &segel__v1__mandate_terms__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->key = pb_text(from->key);
    out->caller = pb_text(from->caller);
    out->max_signatures = from->max;
    out->from_us = from->from_us;
    out->until_us = from->until_us;
    out->approval_ref = pb_text(from->approval_ref);
    out->hash_algorithm = (Segel__V1__HashAlgorithm)from->hash;
    return add_classes(asked, from->classes, out) &&
                   add_profiles(asked, from->profiles, out)
               ? out
               : NULL;
}

/* --- One mandate -------------------------------------------------------------------- */

static Segel__V1__Mandate *mandate(struct asked *asked, size_t index)
{
    const struct ledger_mandate *from = &asked->order.mandates.page.items[index];
    Segel__V1__Mandate *out =
        (Segel__V1__Mandate *)approvals_make(asked, &segel__v1__mandate__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->id = pb_text(from->id);
    out->state = (Segel__V1__MandateState)from->state;
    out->reserved = from->reserved;
    out->used = from->used;
    out->left = from->terms.max - from->used - from->reserved;
    out->requester = pb_text(from->requester);
    out->opened_us = from->opened_us;
    out->closed_us = from->closed_us;
    out->close_reason = pb_text(from->reason);
    if (from->terms.digests > 0) {
        out->digests_sha256 = pb_bytes(slice_of(from->terms.sha256, 32));
    }
    out->followed_by = pb_text(asked->order.mandates.heirs[index]);
    out->terms = terms_of(asked, &from->terms);
    out->log = approvals_position(asked, from->log_index, from->log_hash);
    return out->terms == NULL || out->log == NULL ? NULL : out;
}

/* The message that the officers have signed: its memory is the arena's. */
static Segel__V1__OpenMandateRequest *asked_for(struct asked *asked)
{
    struct slice bytes = asked->order.page.items->message;

    return segel__v1__open_mandate_request__unpack(&asked->order.arena.allocator,
                                                   bytes.len, bytes.data);
}

/* One that is not open, or was not when it was asked for: of its balance nothing is said.
 */
static Segel__V1__Mandate *of_request(struct asked *asked)
{
    const struct ledger_request *request = asked->order.page.items;
    Segel__V1__OpenMandateRequest *message = asked_for(asked);
    char *id = (char *)approvals_room(asked, LEDGER_ID_MAX + 1);
    Segel__V1__Mandate *out =
        (Segel__V1__Mandate *)approvals_make(asked, &segel__v1__mandate__descriptor);

    if (message == NULL || id == NULL || out == NULL) {
        return NULL;
    }
    (void)snprintf(id, LEDGER_ID_MAX + 1, "m-%.62s", request->id + 2);
    out->id = id;
    out->state = request->state == REQUEST_PENDING
                     ? SEGEL__V1__MANDATE_STATE__MANDATE_STATE_PENDING
                     : SEGEL__V1__MANDATE_STATE__MANDATE_STATE_UNSPECIFIED;
    out->requester = pb_text(request->person);
    out->terms = message->terms;
    if (!asked->order.mandates.with_request) {
        out->terms->n_digests = 0;
    }
    out->log = approvals_position(asked, request->log_index, request->log_hash);
    return out->log == NULL ? NULL : out;
}

/* The ledger's row has their number; of one without a row the message brought them. */
static bool add_digests(struct asked *asked, Segel__V1__Mandate *out)
{
    bool has_row = asked->order.mandates.page.count > 0;

    if (!asked->order.mandates.with_request || !has_row || asked->order.page.count == 0) {
        return true;
    }
    const Segel__V1__OpenMandateRequest *message = asked_for(asked);
    if (message == NULL) {
        return false;
    }
    out->terms->n_digests = message->terms->n_digests;
    out->terms->digests = message->terms->digests;
    return true;
}

/* --- Answers ------------------------------------------------------------------------ */

ProtobufCMessage *mandates_open_answer(struct asked *asked)
{
    Segel__V1__OpenMandateResponse *out =
        (Segel__V1__OpenMandateResponse *)approvals_make(
            asked, &segel__v1__open_mandate_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->approval = approvals_approval(asked);
    out->mandate = of_request(asked);
    return out->approval == NULL || out->mandate == NULL ? NULL : &out->base;
}

ProtobufCMessage *mandates_list_answer(struct asked *asked)
{
    const struct mandate_page *page = &asked->order.mandates.page;
    char *token = (char *)approvals_room(asked, 24);
    Segel__V1__ListMandatesResponse *out =
        (Segel__V1__ListMandatesResponse *)approvals_make(
            asked, &segel__v1__list_mandates_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->mandates =
        (Segel__V1__Mandate **)approvals_room(asked, sizeof(void *) * (page->count + 1));
    if (token == NULL || out->mandates == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < page->count; i++) {
        out->mandates[i] = mandate(asked, i);
        if (out->mandates[i] == NULL) {
            return NULL;
        }
        out->n_mandates++;
    }
    token[0] = '\0';
    if (page->next != 0) {
        (void)snprintf(token, 24, "%llu", (unsigned long long)page->next);
    }
    out->next_page_token = token;
    return &out->base;
}

ProtobufCMessage *mandates_get_answer(struct asked *asked)
{
    const struct mandate_page *page = &asked->order.mandates.page;
    Segel__V1__GetMandateResponse *out = (Segel__V1__GetMandateResponse *)approvals_make(
        asked, &segel__v1__get_mandate_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->mandate = page->count == 1 ? mandate(asked, 0) : of_request(asked);
    return out->mandate != NULL && add_digests(asked, out->mandate) ? &out->base : NULL;
}

ProtobufCMessage *mandates_revoke_answer(struct asked *asked)
{
    Segel__V1__RevokeMandateResponse *out =
        (Segel__V1__RevokeMandateResponse *)approvals_make(
            asked, &segel__v1__revoke_mandate_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->mandate = mandate(asked, 0);
    return out->mandate == NULL ? NULL : &out->base;
}

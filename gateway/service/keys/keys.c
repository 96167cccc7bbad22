#include "gateway/service/keys/keys.h"

#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

/* What officers, reviewers and operators see of keys. */
enum { PAGE_DEFAULT = 64, STATES_MAX = 16 };

static const char for_three[] =
    "keys are shown to the roles officer, reviewer and operator";

static struct arena *fresh(struct services *services, struct grpc_call *call)
{
    struct arena *arena = &loop_of(services, call)->scratch;

    arena_reset(arena);
    return arena;
}

static Segel__V1__LogPosition *
position(struct arena *arena, const struct services *services, const struct keyreg *life)
{
    Segel__V1__LogPosition *out =
        (Segel__V1__LogPosition *)arena_alloc(arena, sizeof(*out));

    if (out != NULL) {
        segel__v1__log_position__init(out);
        out->origin = pb_text(services->options.config->ledger_origin);
        out->index = life->log_index;
        out->leaf_hash = pb_bytes(slice_of(life->log_hash, sizeof(life->log_hash)));
    }
    return out;
}

static void send(struct grpc_call *call, const ProtobufCMessage *message)
{
    if (message == NULL) {
        finish_plain(call, SG_NO_MEMORY, NULL);
    } else if (grpc_send(call, message) == SG_OK) {
        finish_plain(call, SG_OK, NULL);
    }
}

/* --- Lists ------------------------------------------------------------------------- */

struct key_page {
    unsigned states; /* a bit each; 0 = all */
    size_t limit;
    const char *above; /* names above it; "" = from the first */
};

static bool read_page(const Segel__V1__ListKeysRequest *request, struct key_page *out)
{
    bool sound = request->n_states <= STATES_MAX && request->page_size <= REPORT_KEYS_MAX;

    *out = (struct key_page){.limit = request->page_size, .above = request->page_token};
    out->limit = out->limit == 0 ? PAGE_DEFAULT : out->limit;
    for (size_t i = 0; sound && i < request->n_states; i++) {
        int state = (int)request->states[i];
        sound = state >= KEY_NONE && state <= SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED;
        out->states |= sound ? 1U << state : 0;
    }
    return sound &&
           (request->page_token[0] == '\0' || text_name(slice_str(request->page_token)));
}

static int by_name(const void *one, const void *other)
{
    const struct key *const *a = (const struct key *const *)one;
    const struct key *const *b = (const struct key *const *)other;

    return strcmp((*a)->config->name, (*b)->config->name);
}

/* Pointers to all keys of the ring, in the order of their names. */
static const struct key **sorted(struct arena *arena, const struct keyring *ring)
{
    const struct key **out =
        (const struct key **)arena_alloc(arena, sizeof(void *) * (ring->count + 1));

    for (size_t i = 0; out != NULL && i < ring->count; i++) {
        out[i] = &ring->keys[i];
    }
    if (out != NULL) {
        qsort((void *)out, ring->count, sizeof(void *), by_name);
    }
    return out;
}

/* NULL in *out: the key is not of the page. false: there is no room. */
static bool describe(struct arena *arena, struct services *services,
                     const struct key *key, unsigned states, Segel__V1__Key **out)
{
    struct key_report *report = (struct key_report *)arena_alloc(arena, sizeof(*report));
    const struct keyring *ring = core_keys(services->options.core);

    *out = NULL;
    if (report == NULL ||
        !core_report_key(services->options.core, (size_t)(key - ring->keys), report)) {
        return false;
    }
    const struct key_view view = {key, report, NULL};
    *out = keys_message(arena, &view);
    if (*out == NULL) {
        return false;
    }
    if (states != 0 && (states >> (unsigned)(*out)->state & 1) == 0) {
        *out = NULL;
    }
    return true;
}

static bool fill(struct arena *arena, struct services *services,
                 const struct key_page *page, Segel__V1__ListKeysResponse *out)
{
    const struct keyring *ring = core_keys(services->options.core);
    const struct key **keys = sorted(arena, ring);
    Segel__V1__Key *one = NULL;

    out->keys = (Segel__V1__Key **)arena_alloc(arena, sizeof(void *) * ring->count);
    if (keys == NULL || out->keys == NULL) {
        return false;
    }
    for (size_t i = 0; i < ring->count; i++) {
        if (strcmp(keys[i]->config->name, page->above) <= 0) {
            continue;
        }
        if (out->n_keys == page->limit) {
            out->next_page_token = out->keys[out->n_keys - 1]->name;
            return true;
        }
        if (!describe(arena, services, keys[i], page->states, &one)) {
            return false;
        }
        if (one != NULL) {
            out->keys[out->n_keys++] = one;
        }
    }
    return true;
}

void keys_on_list(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    struct services *services = (struct services *)context;
    struct key_page page;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR, for_three)) {
        return;
    }
    if (!read_page((const Segel__V1__ListKeysRequest *)(const void *)message, &page)) {
        finish_plain(call, SG_INVALID,
                     "at most 16 states of a key, 1 to 256 for page_size, and the "
                     "page_token of the last answer");
        return;
    }
    struct arena *arena = fresh(services, call);
    Segel__V1__ListKeysResponse out;
    segel__v1__list_keys_response__init(&out);
    send(call, fill(arena, services, &page, &out) ? &out.base : NULL);
}

/* --- One key ----------------------------------------------------------------------- */

static bool get(struct arena *arena, struct services *services, const struct key *key,
                const struct core_report *report, Segel__V1__GetKeyResponse *out)
{
    const struct keyring *ring = core_keys(services->options.core);
    const struct key_report *one = &report->keys[key - ring->keys];
    const struct key_view view = {key, one, report};

    out->key = keys_message(arena, &view);
    out->log = one->life.state == KEY_NONE ? NULL : position(arena, services, &one->life);
    return out->key != NULL && (out->log != NULL || one->life.state == KEY_NONE);
}

void keys_on_get(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    const Segel__V1__GetKeyRequest *request =
        (const Segel__V1__GetKeyRequest *)(const void *)message;
    struct services *services = (struct services *)context;
    struct core_report *report = loop_of(services, call)->health.report;
    const struct key *key =
        keyring_find(core_keys(services->options.core), slice_str(request->key));
    Segel__V1__GetKeyResponse out;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR, for_three)) {
        return;
    }
    if (key == NULL) {
        finish_plain(call, SG_NOT_FOUND, "there is no key of that name on this gateway");
        return;
    }
    core_report(services->options.core, report);
    segel__v1__get_key_response__init(&out);
    send(call,
         get(fresh(services, call), services, key, report, &out) ? &out.base : NULL);
}

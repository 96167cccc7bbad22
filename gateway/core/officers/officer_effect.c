#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"
#include "proto/quorum/wanted.h"

/* The roster in force becomes another one: a person comes, gets other keys, or goes. */

static void free_text(char **text)
{
    free(*text);
}

static enum sg_status edit(struct core *core, const struct roster_change *change,
                           struct quorum **out, struct sg_error *why)
{
    AUTO(free_text) char *text = (char *)malloc(ROSTER_TEXT_MAX);
    struct sg_error inner = {0};
    size_t len = 0;

    if (text == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the quorum file");
    }
    TRY(roster_edit(core->grants.quorum->text, change, text, &len, why));
    enum sg_status status = quorum_make(core->newest, slice_of(text, len), out, &inner);
    return status == SG_OK ? SG_OK
                           : sg_fail(why, status == SG_INVALID ? SG_PRECONDITION : status,
                                     "the roster would not hold: %.300s", inner.text);
}

static enum sg_status make(struct core *core, const struct ledger_request *request,
                           struct quorum **out, struct sg_error *why)
{
    AUTO(wanted_fini) struct wanted wanted = {.message = NULL};
    struct roster_change change;

    if (wanted_read(request->method, request->message, &wanted) != SG_OK) {
        return sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
    }
    wanted_officer(&wanted, &change);
    return edit(core, &change, out, why);
}

static enum sg_status check_officer(struct core *core,
                                    const struct ledger_request *request,
                                    struct sg_error *why)
{
    struct quorum *quorum = NULL;

    TRY(make(core, request, &quorum, why));
    MUST(quorum != NULL);
    bool same = memcmp(quorum->sha256, core->grants.quorum->sha256, 32) == 0;
    quorum_free(quorum);
    return same ? sg_fail(why, SG_PRECONDITION, "the roster says so already") : SG_OK;
}

static enum sg_status change_roster(struct core *core,
                                    const struct ledger_request *request,
                                    struct members *members, struct log_place *place)
{
    struct quorum *quorum = NULL;
    struct sg_error why = {0};

    TRY(make(core, request, &quorum, &why));
    members_add(members, "action", request->task);
    members_add(members, "param", request->param);
    return grants_succeed(core, quorum, members, place);
}

static void after_change(struct core *core, const struct ledger_request *request)
{
    char name[DIGEST_SHA256_SIZE];

    digest_sha256_text(core->grants.quorum->sha256, name);
    log_event(LOG_INFO, "roster.loaded", "quorum", name, "action", request->task,
              "person", request->object, "requester", request->person, NULL);
}

const struct effect effect_officer = {check_officer, change_roster, after_change};

#include <inttypes.h>
#include <stdio.h>

#include "gateway/service/pb.h"
#include "gateway/service/policy/answer.h"

/* Which policies were in force, and when: rows of the ledger, with what their records
 * tell. No text is parsed for it. */

static void close_reader(struct ledger_reader **reader)
{
    ledger_reader_close(*reader);
}

static SG_MUST_USE enum sg_status add(struct policy_ask *ask,
                                      struct ledger_reader *reader,
                                      const struct ledger_policy_row *row,
                                      Segel__V1__ListPoliciesResponse *out)
{
    Segel__V1__PolicyInfo *info =
        (Segel__V1__PolicyInfo *)arena_alloc(&ask->arena, sizeof(*info));

    if (info == NULL) {
        return SG_NO_MEMORY;
    }
    segel__v1__policy_info__init(info);
    info->version = row->version;
    info->sha256 = pb_bytes(slice_of(row->sha256, sizeof(row->sha256)));
    out->policies[out->n_policies++] = info;
    return answer_way(ask, reader, &row->place, info);
}

static SG_MUST_USE enum sg_status add_token(struct policy_ask *ask,
                                            const struct ledger_policy_row *last,
                                            Segel__V1__ListPoliciesResponse *out)
{
    char token[24];

    (void)snprintf(token, sizeof(token), "%" PRIu64, last->n);
    out->next_page_token = answer_copy(&ask->arena, token);
    return out->next_page_token[0] != '\0' ? SG_OK : SG_NO_MEMORY;
}

/* One more than the page holds is looked for: whether there is another page. */
static SG_MUST_USE enum sg_status make_page(struct policy_ask *ask,
                                            struct ledger_reader *reader)
{
    size_t count = 0;
    struct arena *arena = &ask->arena;
    Segel__V1__ListPoliciesResponse *out =
        (Segel__V1__ListPoliciesResponse *)arena_alloc(arena, sizeof(*out));
    struct ledger_policy_row *rows =
        (struct ledger_policy_row *)arena_alloc(arena, (ask->limit + 1) * sizeof(*rows));
    Segel__V1__PolicyInfo **list =
        (Segel__V1__PolicyInfo **)arena_alloc(arena, ask->limit * sizeof(void *));

    if (out == NULL || rows == NULL || list == NULL) {
        return SG_NO_MEMORY;
    }
    segel__v1__list_policies_response__init(out);
    out->policies = list;
    TRY(ledger_list_policies(reader, ask->below, ask->limit + 1, rows, &count));
    for (size_t i = 0; i < count && i < ask->limit; i++) {
        TRY(add(ask, reader, &rows[i], out));
    }
    ask->response = &out->base;
    return count > ask->limit ? add_token(ask, &rows[ask->limit - 1], out) : SG_OK;
}

void answer_list(struct policy_ask *ask, const char *ledger)
{
    AUTO(close_reader) struct ledger_reader *reader = NULL;
    struct sg_error why = {0};
    enum sg_status status = ledger_reader_open(ledger, &reader, &why);

    if (status == SG_OK) {
        status = make_page(ask, reader);
    }
    if (status != SG_OK) {
        policy_ask_refuse(ask, status, why.text);
    }
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/call/gateway_call.h"
#include "client/call/log_head.h"
#include "client/channel/unpack.h"
#include "client/commands/ceremony/minutes_check.h"
#include "client/commands/ceremony/token_facts.h"
#include "proto/digest.h"
#include "proto/text.h"
#include "segel/v1/log.pb-c.h"

/* --- Records on the log ------------------------------------------------------------ */

static bool take_path(const Segel__V1__GetInclusionProofResponse *reply,
                      struct tlog_path *out)
{
    out->count = reply->n_path;
    if (out->count > TLOG_PATH_MAX) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        if (reply->path[i].len != TLOG_HASH_SIZE) {
            return false;
        }
        memcpy(out->hash[i].bytes, reply->path[i].data, TLOG_HASH_SIZE);
    }
    return true;
}

enum sg_status minutes_check_prove(const struct home *home, const struct log_head *head,
                                   uint64_t index, const struct tlog_hash *leaf,
                                   struct sg_error *why)
{
    Segel__V1__GetInclusionProofRequest request;
    ProtobufCMessage *reply = NULL;
    struct tlog_path path;
    struct tlog_place place = {index, head->size};

    if (index >= head->size) {
        return sg_fail(why, SG_NOT_FOUND,
                       "no checkpoint covers record %" PRIu64 " yet: try again in a "
                       "minute",
                       index);
    }
    segel__v1__get_inclusion_proof_request__init(&request);
    request.index = index;
    request.tree_size = head->size;
    const struct gateway_ask ask = {"/segel.v1.LogService/GetInclusionProof",
                                    &request.base,
                                    &segel__v1__get_inclusion_proof_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    bool there =
        take_path((const Segel__V1__GetInclusionProofResponse *)(const void *)reply,
                  &path) &&
        tlog_inclusion_check(place, leaf, &path, &head->root) == SG_OK;
    unpack_free(reply);
    return there ? SG_OK
                 : sg_fail(why, SG_CORRUPT,
                           "record %" PRIu64 " of the log is another one than in the "
                           "minutes",
                           index);
}

static enum sg_status get_head(const struct home *home, struct log_head *out,
                               struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    struct log_trust trust = {.known = false};
    char path[HOME_PATH_SIZE];

    TRY(home_need(home, HOME_VKEY, path, why));
    TRY(log_trust_load(path, &trust, why));
    TRY(home_connect(home, &channel, why));
    return log_head_fetch(channel, &trust, out, why);
}

static enum sg_status prove_all(const struct minutes_check *check, struct log_head *head,
                                size_t *count, struct sg_error *why)
{
    struct slice line;

    TRY(get_head(check->home, head, why));
    for (*count = 0;
         (line = minutes_get(&check->file->minutes, MINUTES_FIELD_LOG, *count)).len > 0;
         (*count)++) {
        struct tlog_hash leaf;
        uint64_t index = 0;
        MUST(text_uint(minutes_first(line), INT64_MAX, &index) == SG_OK);
        MUST(digest_parse_sha256(minutes_rest(line), leaf.bytes) == SG_OK);
        TRY(minutes_check_prove(check->home, head, index, &leaf, why));
    }
    return SG_OK;
}

/* --- The log ----------------------------------------------------------------------- */

/* What the gateway did for a script is on the log, so minutes of it name records. */
static void say_log(struct minutes_check *check, const struct log_head *head,
                    size_t count)
{
    size_t step = minutes_check_ran(check);

    if (count == 0 && step != 0) {
        minutes_check_say(
            check, false, "log",
            "step %zu was done by the gateway, and no record of it is named", step);
    } else if (count != 0) {
        minutes_check_say(
            check, true, "log",
            "%zu records stand where the minutes say, in a tree of %" PRIu64, count,
            head->size);
    }
    minutes_check_grants(check, head);
}

static void check_log(struct minutes_check *check)
{
    struct log_head *head = (struct log_head *)malloc(sizeof(*head));
    struct sg_error why = {0};
    size_t count = 0;

    if (minutes_get(&check->file->minutes, MINUTES_FIELD_LOG, 0).len == 0 &&
        minutes_get(&check->file->minutes, MINUTES_FIELD_GRANT, 0).len == 0 &&
        minutes_check_ran(check) == 0) {
        free(head);
        return;
    }
    enum sg_status status =
        head == NULL ? SG_NO_MEMORY : prove_all(check, head, &count, &why);
    if (status == SG_OK) {
        say_log(check, head, count);
    } else {
        minutes_check_say(check, false, "log", "%s%s",
                          why.text[0] != '\0' ? why.text : sg_status_text(status),
                          status == SG_DENIED ? " (the log is read by reviewers)" : "");
    }
    free(head);
}

/* --- Token and key as they are now ---------------------------------------------------
 */

/* The first line that is another one now; empty: what can be read is the same. *same: how
 * many lines. A key without certificate, and one that is gone, tell nothing. */
static struct slice other_than(const struct minutes_check *check,
                               enum minutes_field field, const struct facts *facts,
                               size_t *same)
{
    struct slice line;

    *same = 0;
    for (size_t n = 0; (line = minutes_get(&check->file->minutes, field, n)).len > 0;
         n++) {
        const struct fact *fact = facts_find(facts, minutes_first(line));
        if (fact != NULL && !slice_equal(minutes_rest(line), slice_str(fact->value))) {
            return minutes_first(line);
        }
        *same += fact != NULL ? 1 : 0;
    }
    return slice_of(NULL, 0);
}

/* Whose facts they are is the first of them. */
static bool name_of(const struct minutes_check *check, enum minutes_field field,
                    char out[65])
{
    struct slice name = minutes_rest(minutes_get(&check->file->minutes, field, 0));

    (void)snprintf(out, 65, "%.*s", (int)name.len, (const char *)name.data);
    return text_name(name);
}

static void check_facts(struct minutes_check *check, enum minutes_field field,
                        const char *what,
                        enum sg_status (*read)(const struct home *, const char *,
                                               struct facts *, struct sg_error *))
{
    char name[65];
    struct facts facts;
    struct sg_error why = {0};

    if (!name_of(check, field, name)) {
        return; /* the ceremony looked at none */
    }
    enum sg_status status = read(check->home, name, &facts, &why);
    if (status != SG_OK) {
        minutes_check_say(check, false, what, "'%s': %s", name, why.text);
        return;
    }
    size_t same = 0;
    struct slice other = other_than(check, field, &facts, &same);
    minutes_check_say(check, other.len == 0, what,
                      other.len == 0 ? "'%s' has the same %zu facts now%.*s"
                                     : "'%s' has %zu same facts now, and another %.*s",
                      name, same, (int)other.len, (const char *)other.data);
}

void minutes_check_gateway(struct minutes_check *check)
{
    check_log(check);
    check_facts(check, MINUTES_FIELD_TOKEN, "token", facts_of_token);
    check_facts(check, MINUTES_FIELD_ATTRIBUTE, "key", facts_of_key);
}

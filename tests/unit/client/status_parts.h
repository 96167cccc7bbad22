#ifndef SEGEL_TESTS_UNIT_CLIENT_STATUS_PARTS_H
#define SEGEL_TESTS_UNIT_CLIENT_STATUS_PARTS_H

#include "segel/v1/status.pb-c.h"

/* What a gateway says of itself, a part each, for suites that spoil one of them. */
static Segel__V1__GatewayStatus gateway;
static Segel__V1__LockDownState lock_down;
static Segel__V1__LogStatus log_status;
static Segel__V1__PolicyStatus policy;
static Segel__V1__DiskStatus disk;
static Segel__V1__ClockStatus clock_status;
static Segel__V1__KeyStatus key;
static Segel__V1__KeyStatus *keys[] = {&key};
static Segel__V1__TokenFacts token;
static Segel__V1__TokenFacts *tokens[] = {&token};
static Segel__V1__AnchorStatus anchor;
static Segel__V1__AnchorStatus *anchors[] = {&anchor};
static Segel__V1__Incident incident;
static Segel__V1__Incident *incidents[] = {&incident};

/* The parts as they are when nothing is said, and the answer of them: one key, one token,
 * one anchor, and an incident that is not counted yet. */
static void parts_join(Segel__V1__GetStatusResponse *status)
{
    segel__v1__get_status_response__init(status);
    segel__v1__gateway_status__init(&gateway);
    segel__v1__lock_down_state__init(&lock_down);
    segel__v1__log_status__init(&log_status);
    segel__v1__policy_status__init(&policy);
    segel__v1__disk_status__init(&disk);
    segel__v1__clock_status__init(&clock_status);
    segel__v1__key_status__init(&key);
    segel__v1__token_facts__init(&token);
    segel__v1__anchor_status__init(&anchor);
    segel__v1__incident__init(&incident);
    log_status.anchors = anchors;
    status->gateway = &gateway;
    status->lock_down = &lock_down;
    status->log = &log_status;
    status->policy = &policy;
    status->disk = &disk;
    status->clock = &clock_status;
    status->keys = keys;
    status->tokens = tokens;
    status->incidents = incidents;
    status->n_keys = status->n_tokens = log_status.n_anchors = 1;
}

#endif

#include "gateway/service/status/assessment.h"

#include <event2/event.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <zlib.h>

#include "gateway/config/yaml.h"
#include "gateway/http/library.h"
#include "gateway/ledger/library.h"
#include "gateway/notify.h"
#include "gateway/service/status/overview.h"
#include "gateway/service/status/process_facts.h"
#include "gateway/transport/library.h"
#include "segel/lane/v1/lane.pb-c.h"

/* StatusService/GetAssessment: the page of GetStatus, and beside it what segeld runs with
 * and has given up. */
enum { DUTIES_MAX = 16 };

static const struct library {
    const char *name;
    const char *package;
    const char *lowest;
} libraries[] = {
#define LIBRARY(name, package, lowest, version, built) {name, package, lowest},
#include "gateway/service/library.def"
#undef LIBRARY
};

static void say_versions(size_t row, Segel__V1__LibraryFacts *out)
{
    const char *const versions[][2] = {
#define LIBRARY(name, package, lowest, version, built) {version, built},
#include "gateway/service/library.def"
#undef LIBRARY
    };

    out->version = pb_text(versions[row][0]);
    out->built_with = pb_text(versions[row][1]);
}

_Static_assert(SG_COUNT(libraries) <= INSTALLED_MAX, "each library has its package");

void assessment_init(struct assessment *out)
{
    *out = (struct assessment){.managed = notify_managed(),
                               .watchdog_us = notify_patience_us()};
    for (size_t i = 0; i < SG_COUNT(libraries); i++) {
        out->packages[out->package_count++].package = libraries[i].package;
    }
    installed_look(INSTALLED_LIST, out->packages, out->package_count);
}

/* --- Parts ------------------------------------------------------------------------- */

struct answer {
    struct overview overview;
    Segel__V1__GetAssessmentResponse *out;
};

static void *make(struct answer *answer, const ProtobufCMessageDescriptor *kind)
{
    return approvals_make(answer->overview.asked, kind);
}

static bool add_libraries(struct answer *answer)
{
    const struct assessment *known = &answer->overview.services->assessment;
    Segel__V1__GetAssessmentResponse *out = answer->out;

    out->libraries = (Segel__V1__LibraryFacts **)approvals_room(
        answer->overview.asked, sizeof(void *) * SG_COUNT(libraries));
    for (size_t i = 0; out->libraries != NULL && i < SG_COUNT(libraries); i++) {
        Segel__V1__LibraryFacts *facts = (Segel__V1__LibraryFacts *)make(
            answer, &segel__v1__library_facts__descriptor);
        if (facts == NULL) {
            return false;
        }
        facts->name = pb_text(libraries[i].name);
        facts->package = pb_text(libraries[i].package);
        facts->package_version = pb_text(known->packages[i].version);
        facts->lowest = pb_text(libraries[i].lowest);
        say_versions(i, facts);
        out->libraries[out->n_libraries++] = facts;
    }
    return out->libraries != NULL;
}

static bool dumps_are_forbidden(void)
{
    struct rlimit core = {0};

    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0;
}

static bool machine_swaps(void)
{
    struct sysinfo machine = {0};

    return sysinfo(&machine) == 0 && machine.totalswap > 0;
}

static bool add_process(struct answer *answer)
{
    const struct assessment *known = &answer->overview.services->assessment;
    Segel__V1__ProcessFacts *out =
        (Segel__V1__ProcessFacts *)make(answer, &segel__v1__process_facts__descriptor);
    struct process_facts facts;

    if (out == NULL) {
        return false;
    }
    process_facts_look(&facts);
    out->known = facts.known;
    out->no_new_privileges = facts.no_new_privileges;
    out->system_call_filter = facts.system_call_filter;
    out->capabilities = facts.capabilities;
    out->locked_bytes = facts.locked_bytes;
    out->user = geteuid();
    out->dumps_forbidden = dumps_are_forbidden();
    out->swap = machine_swaps();
    out->managed = known->managed;
    out->watchdog_us = known->watchdog_us;
    answer->out->process = out;
    return true;
}

static Segel__V1__LaneFacts *lane_of(struct answer *answer,
                                     const struct lane_report *from)
{
    Segel__V1__LaneFacts *out =
        (Segel__V1__LaneFacts *)make(answer, &segel__v1__lane_facts__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->lane = pb_text(from->name);
    out->known = from->state == LANE_UP;
    out->system_calls =
        (from->confinement & SEGEL__LANE__V1__CONFINEMENT__CONFINEMENT_SYSTEM_CALLS) != 0;
    out->capabilities =
        (from->confinement & SEGEL__LANE__V1__CONFINEMENT__CONFINEMENT_CAPABILITIES) != 0;
    out->read_only =
        (from->confinement & SEGEL__LANE__V1__CONFINEMENT__CONFINEMENT_READ_ONLY) != 0;
    return out;
}

static bool add_lanes(struct answer *answer)
{
    const struct core_report *report = answer->overview.report;
    Segel__V1__GetAssessmentResponse *out = answer->out;

    out->lanes = (Segel__V1__LaneFacts **)approvals_room(
        answer->overview.asked, sizeof(void *) * (report->lane_count + 1));
    for (size_t i = 0; out->lanes != NULL && i < report->lane_count; i++) {
        out->lanes[i] = lane_of(answer, &report->lanes[i]);
        if (out->lanes[i] == NULL) {
            return false;
        }
        out->n_lanes++;
    }
    return out->lanes != NULL;
}

/* --- Doors and duties -------------------------------------------------------------- */

static int64_t certificate_end_us(const struct agenda *agenda)
{
    for (size_t i = 0; i < agenda->count; i++) {
        if (agenda->items[i].kind == EXPIRY_TLS) {
            return agenda->items[i].until_us;
        }
    }
    return 0;
}

/* TLS as it is spoken now: a reload may have changed it. */
static void say_tls(const struct server *server, Segel__V1__DoorFacts *out)
{
    struct validity validity;

    server_validity(server, &validity);
    out->tls_min_version = pb_text(validity.tls12 ? "1.2" : "1.3");
    out->client_crl = validity.lists;
}

/* The configuration of the newest roll may not go while its texts are copied: rolls stay
 * until the services end. */
static const struct config *newest(struct services *services)
{
    MUST(pthread_mutex_lock(&services->callers_lock) == 0);
    const struct config *config = services->roll->config;
    MUST(pthread_mutex_unlock(&services->callers_lock) == 0);
    return config;
}

/* The socket is that of the start; its callers change with a reload. */
static void say_local(const struct config *config, const struct config *now,
                      Segel__V1__DoorFacts *out)
{
    const char *path = config->listen_unix;

    out->local = path[0] != '\0';
    if (!out->local) {
        return;
    }
    out->local_socket = pb_text(path);
    out->local_mode = pb_text(path[0] == '/' ? config->listen_unix_mode : "");
    for (size_t i = 0; i < now->caller_count; i++) {
        out->local_callers += strncmp(now->callers[i].match, "uid:", 4) == 0 ? 1 : 0;
    }
}

static bool add_doors(struct answer *answer)
{
    struct services *services = answer->overview.services;
    const struct config *config = services->options.config;
    Segel__V1__DoorFacts *out =
        (Segel__V1__DoorFacts *)make(answer, &segel__v1__door_facts__descriptor);

    if (out == NULL) {
        return false;
    }
    out->tls = config->listen_address[0] != '\0';
    say_tls(services->server, out);
    out->certificate_until_us = certificate_end_us(answer->overview.agenda);
    say_local(config, newest(services), out);
    out->control_socket = pb_text(config->control_socket);
    out->control_group = pb_text(config->control_group);
    answer->out->doors = out;
    return true;
}

static void count_caller(const struct config_caller *caller, Segel__V1__DutyFacts *out)
{
    const unsigned judges = ROLE_OFFICER | ROLE_REVIEWER;

    out->officers += (caller->roles & ROLE_OFFICER) != 0 ? 1 : 0;
    out->reviewers += (caller->roles & ROLE_REVIEWER) != 0 ? 1 : 0;
    if (__builtin_popcount(caller->roles) > 1 && out->n_several_roles < DUTIES_MAX) {
        out->several_roles[out->n_several_roles++] = pb_text(caller->name);
    }
    if ((caller->roles & judges) != 0 && caller->keys.count > 0 &&
        out->n_officers_with_keys < DUTIES_MAX) {
        out->officers_with_keys[out->n_officers_with_keys++] = pb_text(caller->name);
    }
}

static bool add_duties(struct answer *answer)
{
    const struct config *config = newest(answer->overview.services);
    struct asked *asked = answer->overview.asked;
    Segel__V1__DutyFacts *out =
        (Segel__V1__DutyFacts *)make(answer, &segel__v1__duty_facts__descriptor);

    if (out == NULL) {
        return false;
    }
    out->several_roles = (char **)approvals_room(asked, sizeof(char *) * DUTIES_MAX);
    out->officers_with_keys = (char **)approvals_room(asked, sizeof(char *) * DUTIES_MAX);
    if (out->several_roles == NULL || out->officers_with_keys == NULL) {
        return false;
    }
    for (size_t i = 0; i < config->caller_count; i++) {
        count_caller(&config->callers[i], out);
    }
    answer->out->duties = out;
    return true;
}

/* --- The whole --------------------------------------------------------------------- */

static ProtobufCMessage *answer_of(struct asked *asked)
{
    static bool (*const parts[])(struct answer *) = {add_libraries, add_process,
                                                     add_lanes, add_doors, add_duties};
    struct answer answer = {.out = (Segel__V1__GetAssessmentResponse *)approvals_make(
                                asked, &segel__v1__get_assessment_response__descriptor)};

    if (answer.out == NULL || !overview_make(asked, &answer.overview)) {
        return NULL;
    }
    answer.out->status = answer.overview.out;
    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        if (!parts[i](&answer)) {
            return NULL;
        }
    }
    return &answer.out->base;
}

void assessment_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                       void *services)
{
    (void)message;
    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR,
                       "the assessment of the gateway is shown to the roles officer, "
                       "reviewer and operator")) {
        return;
    }
    struct asked *asked = approvals_open(call, (struct services *)services, ORDER_STATUS);
    if (asked != NULL) {
        asked->answer = answer_of;
        approvals_submit(call, asked);
    }
}

#include "gateway/core/log/notes.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/ledger/record.h"

void record_begin(const struct core *core, struct record_head *head)
{
    *head = (struct record_head){
        .seq = ledger_next_index(core->ledger),
        .ts_us = clock_wall_us(),
        .node = core->options.config->node,
    };
}

/* An outage must not become a flood of records: what does not fit is counted. */
void notes_add(struct core *core, const char *type, const char *subject, const char *why)
{
    if (core->note_count == NOTES_MAX) {
        core->notes_lost++;
        return;
    }
    struct gateway_note *note = &core->notes[core->note_count++];
    note->type = type;
    (void)snprintf(note->subject, sizeof(note->subject), "%s", subject);
    (void)snprintf(note->why, sizeof(note->why), "%s", why);
}

enum sg_status notes_write(struct core *core)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};

    for (size_t i = 0; i < core->note_count; i++) {
        const struct gateway_note *note = &core->notes[i];
        const char *pairs[] = {"subject", note->subject, "detail", note->why};
        record_begin(core, &head);
        TRY(record_event(buffer, &head, note->type, pairs, note->why[0] == '\0' ? 1 : 2,
                         &text));
        TRY(ledger_append(core->ledger, text, NULL));
    }
    core->note_count = 0;
    return SG_OK;
}

/* "good" is news after a hold only, "unknown" never: the facts say it to each job. */
static bool is_news(const char *told, const char *state, const struct status_view *view)
{
    if (view->revoked || view->suspended) {
        return told == NULL || strcmp(told, state) != 0;
    }
    return view->authentic && told != NULL && strcmp(told, state) != 0;
}

/* Once for each certificate, also over restarts. */
static void raise_revoked(struct core *core, const struct key *key,
                          const struct status_view *view)
{
    char subject[INCIDENT_SUBJECT_SIZE];

    if (view->revoked && key->cert != NULL) {
        (void)snprintf(subject, sizeof(subject), "%s/%s", key->config->name,
                       cert_serial(key->cert));
        incident_raise(core, INCIDENT_CERTIFICATE_REVOKED, subject,
                       "its CA says that the certificate of the key, or of an issuer, is "
                       "revoked");
    }
}

void notes_key_states(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        const char **told = &core->routes[i].status_told;
        struct status_view view;

        (void)status_look(&key->holder->status, &view);
        const char *state = status_state_name(&view);
        if (is_news(*told, state, &view)) {
            char text[sizeof(core->notes[0].why)];
            (void)snprintf(text, sizeof(text), "certificate %s (%s)", state,
                           status_source_name(view.source));
            *told = state;
            notes_add(core, "key.state", key->config->name, text);
            raise_revoked(core, key, &view);
        }
    }
}

void notes_count(struct core *core, enum unrecorded kind, size_t jobs)
{
    atomic_fetch_add_explicit(&core->unrecorded[kind], jobs, memory_order_relaxed);
}

/* "queue full 3, caller limit 0, " since the last time; returns how many in all. */
static uint64_t sum_up_refused(struct core *core, char *text, size_t cap)
{
    uint64_t total = 0;
    size_t len = 0;

    for (int why = 0; why < REFUSALS && len < cap; why++) {
        uint64_t now = admission_refused(&core->admission, (enum refusal)why);
        len += (size_t)snprintf(text + len, cap - len, "%s %llu, ",
                                refusal_summary((enum refusal)why),
                                (unsigned long long)(now - core->refused[why]));
        total += now - core->refused[why];
        core->refused[why] = now;
    }
    return total;
}

void notes_sum_up(struct core *core)
{
    unsigned long long sums[UNRECORDED_KINDS];
    unsigned long long lost = core->notes_lost;
    unsigned long long total = lost;
    char refused[192] = "";
    char text[sizeof(core->notes[0].why)];

    total += sum_up_refused(core, refused, sizeof(refused));
    for (size_t i = 0; i < UNRECORDED_KINDS; i++) {
        sums[i] = atomic_exchange_explicit(&core->unrecorded[i], 0, memory_order_relaxed);
        total += sums[i];
    }
    if (total > 0) {
        (void)snprintf(text, sizeof(text),
                       "%sno lane %llu, expired %llu, given up %llu, events not told "
                       "%llu",
                       refused, sums[UNRECORDED_NO_LANE], sums[UNRECORDED_EXPIRED],
                       sums[UNRECORDED_GIVEN_UP], lost);
        core->notes_lost = 0; /* counted anew should this one find no place either */
        notes_add(core, "overload", core->options.config->node, text);
    }
}

static uint8_t random_byte(struct core *core)
{
    if (core->randomness_left == 0) {
        MUST(RAND_bytes(core->randomness, sizeof(core->randomness)) == 1);
        core->randomness_left = sizeof(core->randomness);
    }
    return core->randomness[--core->randomness_left];
}

void decision_id(struct core *core, char out[LEDGER_DECISION_SIZE])
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford */
    uint64_t ms = (uint64_t)clock_wall_us() / 1000;

    for (size_t i = 10; i-- > 0; ms /= 32) {
        out[i] = alphabet[ms % 32];
    }
    for (size_t i = 10; i < LEDGER_DECISION_SIZE - 1; i++) {
        out[i] = alphabet[random_byte(core) % 32];
    }
    out[LEDGER_DECISION_SIZE - 1] = '\0';
}

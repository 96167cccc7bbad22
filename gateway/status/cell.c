#include "gateway/status/cell.h"

enum { AUTHENTIC = 8, REVOKED = 16, SUSPENDED = 32, FETCH_FAILED = 64, SOURCE_MASK = 7 };
/* What of the first word may change a verdict. */
enum { VERDICT_MASK = SOURCE_MASK | AUTHENTIC | REVOKED | SUSPENDED };
enum { US_PER_S = 1000000, NUMBER_WORD = STATUS_WORDS - STATUS_NUMBER_WORDS };
_Static_assert(STATUS_NUMBER_MAX <= STATUS_NUMBER_WORDS * sizeof(int64_t), "it fits");

static int64_t flags_of(const struct status_view *view)
{
    return (int64_t)view->source | (view->authentic ? AUTHENTIC : 0) |
           (view->revoked ? REVOKED : 0) | (view->suspended ? SUSPENDED : 0) |
           (view->fetch_failed ? FETCH_FAILED : 0);
}

void status_publish(struct status_cell *cell, const struct status_view *view)
{
    int64_t words[STATUS_WORDS] = {flags_of(view), view->this_update_us,
                                   view->next_update_us, view->fetched_us, view->told_us};

    memcpy(&words[NUMBER_WORD], view->number, sizeof(view->number));
    int64_t before = atomic_load_explicit(&cell->words[0], memory_order_relaxed);

    uint64_t sequence = atomic_load_explicit(&cell->sequence, memory_order_relaxed);
    atomic_store_explicit(&cell->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (size_t i = 0; i < SG_COUNT(words); i++) {
        atomic_store_explicit(&cell->words[i], words[i], memory_order_relaxed);
    }
    if (((before ^ words[0]) & VERDICT_MASK) != 0) {
        (void)atomic_fetch_add_explicit(&cell->generation, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&cell->sequence, sequence + 2, memory_order_release);
}

uint64_t status_generation(const struct status_cell *cell)
{
    return atomic_load_explicit(&cell->generation, memory_order_acquire);
}

uint64_t status_look(const struct status_cell *cell, struct status_view *out)
{
    int64_t words[STATUS_WORDS];
    uint64_t generation;
    uint64_t before;
    uint64_t after;

    do {
        before = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        for (size_t i = 0; i < SG_COUNT(words); i++) {
            words[i] = atomic_load_explicit(&cell->words[i], memory_order_relaxed);
        }
        generation = atomic_load_explicit(&cell->generation, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&cell->sequence, memory_order_relaxed);
    } while (before != after || (before & 1) != 0);
    *out = (struct status_view){
        .source = (enum status_source)(words[0] & SOURCE_MASK),
        .authentic = (words[0] & AUTHENTIC) != 0,
        .revoked = (words[0] & REVOKED) != 0,
        .suspended = (words[0] & SUSPENDED) != 0,
        .fetch_failed = (words[0] & FETCH_FAILED) != 0,
        .this_update_us = words[1],
        .next_update_us = words[2],
        .fetched_us = words[3],
        .told_us = words[4],
    };
    memcpy(out->number, &words[NUMBER_WORD], sizeof(out->number));
    return generation;
}

const char *status_source_name(enum status_source source)
{
    static const char *const names[] = {"off", "none", "crl", "ocsp"};

    return names[source];
}

const char *status_state_name(const struct status_view *view)
{
    if (view->revoked) {
        return "revoked";
    }
    if (view->suspended) {
        return "suspended";
    }
    if (view->source == STATUS_OFF) {
        return "off";
    }
    return view->authentic ? "good" : "unknown";
}

/* A revocation that is proved holds even while another certificate of the chain has no
 * statement; that nothing is revoked can only be said of a whole chain. */
void status_facts(const struct status_view *view, int64_t now_us, struct facts *facts)
{
    if (view->source == STATUS_OFF) {
        return;
    }
    facts_text(facts, FACT_ID_status_source, slice_str(status_source_name(view->source)));
    facts_bool(facts, FACT_ID_status_authentic, view->authentic);
    if (view->authentic || view->revoked) {
        facts_bool(facts, FACT_ID_status_revoked, view->revoked);
    }
    if (view->authentic || view->suspended) {
        facts_bool(facts, FACT_ID_status_suspended, view->suspended);
    }
    if (view->authentic) {
        facts_number(facts, FACT_ID_status_age_s,
                     (now_us - view->this_update_us) / US_PER_S);
        facts_number(facts, FACT_ID_status_next_update_s,
                     (view->next_update_us - now_us) / US_PER_S);
    }
}

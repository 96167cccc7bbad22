#include "gateway/status/status.h"

#include <stdlib.h>

#include "gateway/log.h"
#include "gateway/status/inside.h"
#include "gateway/status/keep.h"
#include "gateway/thread.h"

/* --- What the statements of a chain say together --------------------------------- */

/* The newer of the two kinds; NULL when there is none. */
static const struct source *newest(const struct watched *link)
{
    if (!link->crl.known || !link->ocsp.known) {
        return link->crl.known ? &link->crl : link->ocsp.known ? &link->ocsp : NULL;
    }
    return link->crl.finding.this_update_us > link->ocsp.finding.this_update_us
               ? &link->crl
               : &link->ocsp;
}

/* When the last of the two kinds runs out: an answer of an hour that is over takes
 * nothing from a list of a day. */
static int64_t last_end_us(const struct watched *link)
{
    int64_t crl_us = link->crl.known ? link->crl.finding.next_update_us : INT64_MIN;
    int64_t ocsp_us = link->ocsp.known ? link->ocsp.finding.next_update_us : INT64_MIN;

    return crl_us > ocsp_us ? crl_us : ocsp_us;
}

static void add_fetches(const struct source *source, struct status_view *view)
{
    if (source->fetched_us > view->fetched_us) {
        view->fetched_us = source->fetched_us;
    }
    view->fetch_failed = view->fetch_failed || source->failures > 0;
}

/* A revocation is for ever, whoever of the two told it; a hold ends with the newer word.
 */
static void add_link(const struct watched *link, struct status_view *view)
{
    const struct source *told = newest(link);
    int64_t end_us = last_end_us(link);

    add_fetches(&link->crl, view);
    add_fetches(&link->ocsp, view);
    if (told == NULL) {
        view->authentic = false;
        return;
    }
    view->revoked = view->revoked || (link->crl.known && link->crl.finding.revoked) ||
                    (link->ocsp.known && link->ocsp.finding.revoked);
    view->suspended = view->suspended || told->finding.suspended;
    if (told->finding.this_update_us < view->this_update_us) {
        view->this_update_us = told->finding.this_update_us;
    }
    if (end_us < view->next_update_us) {
        view->next_update_us = end_us;
    }
}

static void publish_key(const struct status *status, const struct status_entry *entry)
{
    struct status_view view = {.source = STATUS_NONE,
                               .authentic = entry->whole && entry->link_count > 0,
                               .this_update_us = INT64_MAX,
                               .next_update_us = INT64_MAX};

    for (size_t i = 0; i < entry->link_count; i++) {
        add_link(&status->links[entry->links[i]], &view);
    }
    const struct source *told =
        entry->link_count == 0 ? NULL : newest(&status->links[entry->links[0]]);
    if (told != NULL) {
        view.source = told->kind;
        view.told_us = told->finding.this_update_us;
        memcpy(view.number, told->finding.number, sizeof(view.number));
    }
    status_publish(entry->key.cell, &view);
}

void status_publish_all(struct status *status)
{
    for (size_t i = 0; i < status->entry_count; i++) {
        publish_key(status, &status->entries[i]);
    }
}

/* --- One more key ----------------------------------------------------------------- */

enum sg_status status_add(struct status *status, const struct status_key *key)
{
    enum sg_status result = SG_BUSY;

    MUST(pthread_mutex_lock(&status->lock) == 0);
    if (!status->has_added) {
        status->added = *key;
        status->has_added = true;
        result = SG_OK;
    }
    MUST(pthread_mutex_unlock(&status->lock) == 0);
    http_wake(status->http);
    return result;
}

static void show(struct status *status)
{
    MUST(pthread_mutex_lock(&status->lock) == 0);
    status->known_count = status->entry_count;
    MUST(pthread_mutex_unlock(&status->lock) == 0);
}

static void unwatched(const struct status_key *key, const char *why)
{
    log_event(LOG_ERROR, "status.unwatched", "key", key->name, "why", why, NULL);
}

/* Nobody would be told of it by 'status.failed': nobody is asked. */
static void tell_silent(const struct status *status, const struct status_entry *entry)
{
    char name[CERT_NAME_SIZE];
    X509 *which = NULL;
    const char *why = links_silent(status, entry, &which);

    if (why != NULL) {
        cert_name_of(which, name);
        log_event(LOG_WARN, "status.unwatched", "key", entry->key.name, "subject", name,
                  "why", why, NULL);
    }
}

static void take(struct status *status, const struct status_key *key)
{
    size_t first = status->link_count;

    if (status->entry_count == STATUS_KEYS_MAX) {
        unwatched(key, "so many are watched since the start; a restart begins anew");
        return;
    }
    struct status_entry *entry = &status->entries[status->entry_count++];
    *entry = (struct status_entry){.key = *key};
    if (links_add(status, entry) != SG_OK) {
        entry->whole = false; /* what is not known of all of them is no proof */
        unwatched(key, "its chain has more certificates than there is room for");
    }
    tell_silent(status, entry);
    for (size_t i = first; i < status->link_count; i++) {
        source_read_kept(status, &status->links[i].crl);
        source_read_kept(status, &status->links[i].ocsp);
    }
    status_publish_all(status);
    show(status);
}

void status_take_added(struct status *status)
{
    MUST(pthread_mutex_lock(&status->lock) == 0);
    bool has = status->has_added;
    const struct status_key key = status->added;
    status->has_added = false;
    MUST(pthread_mutex_unlock(&status->lock) == 0);
    if (has) {
        take(status, &key);
    }
}

/* --- Making ---------------------------------------------------------------------- */

static enum sg_status set_up(struct status *status, struct sg_error *why)
{
    TRY(http_new(status->config->status_proxy, &status->http));
    TRY(keep_open(status->config->status_dir, why));
    TRY(links_make(status, why));
    for (size_t i = 0; i < status->entry_count; i++) {
        tell_silent(status, &status->entries[i]);
    }
    for (size_t i = 0; i < status->link_count; i++) {
        source_read_kept(status, &status->links[i].crl);
        source_read_kept(status, &status->links[i].ocsp);
    }
    status_publish_all(status);
    show(status);
    return SG_OK;
}

enum sg_status status_new(const struct config *config, const struct status_key *keys,
                          size_t count, struct status **out, struct sg_error *why)
{
    struct status *status = (struct status *)calloc(1, sizeof(*status));

    if (status == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the status of certificates");
    }
    status->config = config;
    MUST(pthread_mutex_init(&status->lock, NULL) == 0);
    status->entries =
        (struct status_entry *)calloc(STATUS_KEYS_MAX, sizeof(*status->entries));
    enum sg_status result = status->entries == NULL   ? SG_NO_MEMORY
                            : count > STATUS_KEYS_MAX ? SG_TOO_LARGE
                                                      : SG_OK;
    for (size_t i = 0; result == SG_OK && i < count; i++) {
        status->entries[i].key = keys[i];
        status->entry_count++;
    }
    result = result == SG_OK ? set_up(status, why) : result;
    if (result != SG_OK) {
        status_free(status);
        return result;
    }
    *out = status;
    return SG_OK;
}

enum sg_status status_start(struct status *status, struct sg_error *why)
{
    if (thread_start(&status->thread, "segeld-status", watch_run, status) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "cannot start the thread that fetches status");
    }
    status->running = true;
    return SG_OK;
}

void status_free(struct status *status)
{
    if (status == NULL) {
        return;
    }
    atomic_store(&status->stop, true);
    if (status->running) {
        http_wake(status->http);
        (void)pthread_join(status->thread, NULL);
    }
    http_free(status->http);
    links_fini(status);
    free(status->entries);
    (void)pthread_mutex_destroy(&status->lock);
    free(status);
}

#include "client/segel/offers.h"

#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/segel/gateway.h"
#include "client/segel/signer.h"

/* --- Rows -------------------------------------------------------------------------- */

void offers_init(struct offers *offers)
{
    (void)pthread_mutex_init(&offers->lock, NULL);
}

static void clear(struct offers_row *row)
{
    for (size_t i = 0; i < OFFERS_KEPT; i++) {
        offered_stamp_free(row->stamps[i]);
    }
    segel_signer_free(row->signer);
    free(row->key);
    *row = (struct offers_row){.signer = NULL};
}

void offers_fini(struct offers *offers)
{
    for (size_t i = 0; i < OFFERS_KEPT; i++) {
        clear(&offers->rows[i]);
    }
    (void)pthread_mutex_destroy(&offers->lock);
}

void offers_forget(struct offers *offers)
{
    (void)atomic_fetch_add(&offers->connection, 1);
}

static bool is_fresh(const struct offers *offers, const struct offers_row *row)
{
    return row->signer != NULL && row->connection == atomic_load(&offers->connection) &&
           moment_mono_us() < row->until_us;
}

/* --- Signers ----------------------------------------------------------------------- */

static const struct segel_signer *find_signer(struct offers *offers, const char *key)
{
    for (size_t i = 0; i < OFFERS_KEPT; i++) {
        const struct offers_row *row = &offers->rows[i];
        if (is_fresh(offers, row) && strcmp(row->key, key) == 0) {
            return signer_share(row->signer);
        }
    }
    return NULL;
}

/* Without memory for its name it is asked for again. */
static void keep_signer(struct offers *offers, const char *key,
                        const struct segel_signer *signer, unsigned connection)
{
    struct offers_row *row = &offers->rows[offers->next];
    char *name = strdup(key);

    if (name == NULL) {
        return;
    }
    offers->next = (offers->next + 1) % OFFERS_KEPT;
    clear(row);
    row->key = name;
    row->signer = signer_share(signer);
    row->connection = connection;
    row->until_us = moment_mono_us() + OFFERS_FRESH_US;
}

int offers_signer(struct segel *segel, const char *key, const struct segel_signer **out,
                  struct segel_error *error)
{
    struct offers *offers = &segel->offers;
    unsigned connection = atomic_load(&offers->connection);

    (void)pthread_mutex_lock(&offers->lock);
    *out = find_signer(offers, key);
    (void)pthread_mutex_unlock(&offers->lock);
    if (*out != NULL) {
        return SEGEL_OK;
    }
    int code = segel_signer_get(segel, key, "id", out, error);
    if (code != SEGEL_OK) {
        return code;
    }
    (void)pthread_mutex_lock(&offers->lock);
    keep_signer(offers, key, *out, connection);
    (void)pthread_mutex_unlock(&offers->lock);
    return SEGEL_OK;
}

/* --- Stamps ------------------------------------------------------------------------ */

void offered_stamp_free(struct offered_stamp *stamp)
{
    if (stamp != NULL && atomic_fetch_sub(&stamp->users, 1) == 1) {
        stamp_fini(&stamp->stamp);
        segel_signer_free(stamp->signer);
        free(stamp->name);
        free(stamp);
    }
}

static bool is_named(const struct offered_stamp *stamp, const char *name)
{
    return name == NULL || stamp->name == NULL ? name == stamp->name
                                               : strcmp(name, stamp->name) == 0;
}

static struct offers_row *row_of(struct offers *offers, const struct segel_signer *signer)
{
    for (size_t i = 0; i < OFFERS_KEPT; i++) {
        if (offers->rows[i].signer == signer) {
            return &offers->rows[i];
        }
    }
    return NULL;
}

static struct offered_stamp *
find_stamp(struct offers *offers, const struct segel_signer *signer, const char *name)
{
    const struct offers_row *row = row_of(offers, signer);

    for (size_t i = 0; row != NULL && i < OFFERS_KEPT; i++) {
        struct offered_stamp *stamp = row->stamps[i];
        if (stamp != NULL && is_named(stamp, name)) {
            (void)atomic_fetch_add(&stamp->users, 1);
            return stamp;
        }
    }
    return NULL;
}

static void keep_stamp(struct offers *offers, struct offered_stamp *stamp)
{
    struct offers_row *row = row_of(offers, stamp->signer);

    if (row != NULL) {
        offered_stamp_free(row->stamps[row->next]);
        (void)atomic_fetch_add(&stamp->users, 1);
        row->stamps[row->next] = stamp;
        row->next = (row->next + 1) % OFFERS_KEPT;
    }
}

static struct offered_stamp *make(const struct segel_signer *signer, const char *name)
{
    struct offered_stamp *stamp = (struct offered_stamp *)calloc(1, sizeof(*stamp));

    if (stamp == NULL) {
        return NULL;
    }
    atomic_init(&stamp->users, 1);
    stamp->signer = signer_share(signer);
    stamp->name = name == NULL ? NULL : strdup(name);
    if (name != NULL && stamp->name == NULL) {
        offered_stamp_free(stamp);
        return NULL;
    }
    return stamp;
}

/* Letters without an own look may be invisible, and others not: what the policy asks of
 * stamps is held against the template in any case. */
static int fill(struct offered_stamp *stamp, struct segel_error *error)
{
    struct sg_error why = {0};
    enum sg_status status = stamp_read(stamp->name, &stamp->stamp, &why);

    if (status == SG_OK) {
        status = stamp_fit(&stamp->stamp, signer_response(stamp->signer), &why);
    }
    if (status == SG_NO_MEMORY) {
        return error_memory(error);
    }
    return status == SG_OK ? SEGEL_OK
                           : error_set(error, SEGEL_USAGE, "stamp", "%s", why.text);
}

int offers_stamp(struct segel *segel, const struct segel_signer *signer, const char *name,
                 struct offered_stamp **out, struct segel_error *error)
{
    struct offers *offers = &segel->offers;

    (void)pthread_mutex_lock(&offers->lock);
    *out = find_stamp(offers, signer, name);
    (void)pthread_mutex_unlock(&offers->lock);
    if (*out != NULL) {
        return SEGEL_OK;
    }
    struct offered_stamp *made = make(signer, name);
    int code = made == NULL ? error_memory(error) : fill(made, error);
    if (code != SEGEL_OK) {
        offered_stamp_free(made);
        return code;
    }
    (void)pthread_mutex_lock(&offers->lock);
    keep_stamp(offers, made);
    (void)pthread_mutex_unlock(&offers->lock);
    *out = made;
    return SEGEL_OK;
}

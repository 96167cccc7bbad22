#include "client/segel/gateway.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "client/pdf/guard/guard.h"
#include "client/segel/pages.h"
#include "client/segel/texts.h"

enum { CALL_MS = 30000 };

/* --- The way ----------------------------------------------------------------------- */

int gateway_way_copy(struct gateway_way *way, const struct segel_options *options,
                     struct segel_error *error)
{
    struct texts texts = {.count = 0};
    struct segel_options *own = &way->options;

    *way = (struct gateway_way){.block = NULL};
    if (!error_take_struct(own, sizeof(*own), options)) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "the options have no size: start from SEGEL_INIT");
    }
    if (own->address == NULL || own->ca == NULL || own->certificate == NULL ||
        own->private_key == NULL) {
        return error_set(error, SEGEL_USAGE, NULL,
                         "address, ca, certificate and private_key are needed");
    }
    own->call_ms = own->call_ms == 0 ? CALL_MS : own->call_ms;
    texts_add(&texts, &own->address);
    texts_add(&texts, &own->ca);
    texts_add(&texts, &own->certificate);
    texts_add(&texts, &own->private_key);
    return texts_keep(&texts, &way->block) == SG_OK ? SEGEL_OK : error_memory(error);
}

void gateway_way_fini(struct gateway_way *way)
{
    free(way->block);
    *way = (struct gateway_way){.block = NULL};
}

int gateway_connect(const struct gateway_way *way, struct channel **out,
                    struct segel_error *error)
{
    const struct channel_options options = {.address = way->options.address,
                                            .ca = way->options.ca,
                                            .certificate = way->options.certificate,
                                            .private_key = way->options.private_key,
                                            .connect_ms = way->options.connect_ms};
    struct sg_error why = {0};
    enum sg_status status = channel_open(&options, out, &why);

    return status == SG_OK ? SEGEL_OK : error_status(error, status, &why);
}

/* --- The handle -------------------------------------------------------------------- */

/* With the last of them go the processes that read letters. */
static atomic_uint handles;

void segel_set_letters_a_process(unsigned letters)
{
    pdf_guard_set_letters(letters);
}

int segel_open(const struct segel_options *options, struct segel **out,
               struct segel_error *error)
{
    struct segel *segel = (struct segel *)calloc(1, sizeof(*segel));

    *out = NULL;
    if (segel == NULL) {
        return error_memory(error);
    }
    (void)pthread_mutex_init(&segel->lock, NULL);
    offers_init(&segel->offers);
    (void)atomic_fetch_add(&handles, 1);
    int code = gateway_way_copy(&segel->way, options, error);
    if (code == SEGEL_OK) {
        code = gateway_connect(&segel->way, &segel->channel, error);
    }
    if (code != SEGEL_OK) {
        segel_close(segel);
        return code;
    }
    *out = segel;
    return SEGEL_OK;
}

void segel_close(struct segel *segel)
{
    if (segel == NULL) {
        return;
    }
    channel_close(segel->channel);
    offers_fini(&segel->offers);
    gateway_way_fini(&segel->way);
    (void)pthread_mutex_destroy(&segel->lock);
    free(segel);
    if (atomic_fetch_sub(&handles, 1) == 1) {
        pdf_guard_rest();
        pages_rest();
    }
}

/* --- Asking ------------------------------------------------------------------------ */

static int ask(struct segel *segel, const struct unary *unary, ProtobufCMessage **reply,
               bool *lost, struct segel_error *error)
{
    struct sg_error why = {0};

    *lost = false;
    if (segel->channel == NULL) {
        offers_forget(&segel->offers);
        int code = gateway_connect(&segel->way, &segel->channel, error);
        if (code != SEGEL_OK) {
            segel->channel = NULL;
            *lost = code == SEGEL_UNREACHABLE;
            return code;
        }
    }
    enum sg_status status = channel_unary(segel->channel, unary, reply, NULL, &why);
    if (status == SG_OK) {
        return SEGEL_OK;
    }
    *lost = status == SG_IO;
    if (status == SG_IO || status == SG_TIMEOUT) { /* it may be dead, too */
        channel_close(segel->channel);
        segel->channel = NULL;
    }
    return error_status(error, status, &why);
}

int gateway_ask_once(struct segel *segel, const struct unary *unary,
                     ProtobufCMessage **reply, bool *lost, struct segel_error *error)
{
    (void)pthread_mutex_lock(&segel->lock);
    int code = ask(segel, unary, reply, lost, error);
    (void)pthread_mutex_unlock(&segel->lock);
    return code;
}

int gateway_ask(struct segel *segel, const struct unary *unary, ProtobufCMessage **reply,
                struct segel_error *error)
{
    bool lost = false;
    int code = gateway_ask_once(segel, unary, reply, &lost, error);

    return lost ? gateway_ask_once(segel, unary, reply, &lost, error) : code;
}

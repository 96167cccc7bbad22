#include "client/segel/signer.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "client/segel/gateway.h"
#include "proto/algorithm.h"
#include "segel/v1/signing.pb-c.h"

enum { WORD_SIZE = 16, WORDS_MAX = 16 };

/* A list of words that a message has as numbers. */
struct words {
    char text[WORDS_MAX][WORD_SIZE];
    const char *at[WORDS_MAX];
    size_t count;
};

struct signer {
    struct segel_signer view; /* first: a view is its signer */
    atomic_uint users;
    Segel__V1__GetSignerResponse *response; /* owned */
    int64_t told_us;                        /* monotonic */
    struct words profiles;
    struct words hashes;
    struct words schemes;
};

/* Names with '-', as people write them. Numbers that this version does not know, and
 * more than WORDS_MAX, are passed over: they cannot be asked for. */
static void add_word(struct words *words, const char *name)
{
    if (words->count == WORDS_MAX) {
        return;
    }
    char *word = words->text[words->count];
    for (size_t i = 0; i + 1 < WORD_SIZE && name[i] != '\0'; i++) {
        word[i] = (char)(name[i] == '_' ? '-' : name[i]);
    }
    words->at[words->count++] = word;
}

static void fill_words(struct signer *signer)
{
    const Segel__V1__GetSignerResponse *response = signer->response;

    for (size_t i = 0; i < response->n_profiles; i++) {
        if (sg_profile_valid((int)response->profiles[i])) {
            add_word(&signer->profiles,
                     sg_profile_name((enum sg_profile)response->profiles[i]));
        }
    }
    for (size_t i = 0; i < response->n_hash_algorithms; i++) {
        if (sg_hash_valid((int)response->hash_algorithms[i])) {
            add_word(&signer->hashes,
                     sg_hash_name((enum sg_hash)response->hash_algorithms[i]));
        }
    }
    for (size_t i = 0; i < response->n_signature_algorithms; i++) {
        if (sg_scheme_valid((int)response->signature_algorithms[i])) {
            add_word(&signer->schemes,
                     sg_scheme_name((enum sg_scheme)response->signature_algorithms[i]));
        }
    }
}

static void fill_view(struct signer *signer)
{
    const Segel__V1__GetSignerResponse *response = signer->response;

    fill_words(signer);
    signer->view = (struct segel_signer){
        .size = sizeof(signer->view),
        .key = response->key,
        .profiles = signer->profiles.at,
        .profile_count = signer->profiles.count,
        .hashes = signer->hashes.at,
        .hash_count = signer->hashes.count,
        .schemes = signer->schemes.at,
        .scheme_count = signer->schemes.count,
        .document_classes = (const char *const *)response->document_classes,
        .document_class_count = response->n_document_classes,
        .statement = response->statement,
        .verify_url = response->verify_url,
        .certificate_not_after_us = response->certificate_not_after_us,
        .signature_max_len = response->signature_max_len,
        .assurance = response->assurance,
        .plain_max_len = response->plain_max_len > 0 ? response->plain_max_len
                                                     : response->signature_max_len,
    };
    if (response->n_certificates > 0) {
        signer->view.certificate = response->certificates[0].data;
        signer->view.certificate_len = response->certificates[0].len;
    }
}

int segel_signer_get(struct segel *segel, const char *key, const char *language,
                     const struct segel_signer **out, struct segel_error *error)
{
    Segel__V1__GetSignerRequest request;
    ProtobufCMessage *reply = NULL;

    if (out == NULL) {
        return error_null(error, "out");
    }
    *out = NULL;
    if (segel == NULL) {
        return error_null(error, "segel");
    }
    int code = gateway_way_check(&segel->way, error);
    if (code != SEGEL_OK) {
        return code;
    }
    if (key == NULL || key[0] == '\0') {
        return error_set(error, SEGEL_USAGE, NULL, "the name of a key is needed");
    }
    segel__v1__get_signer_request__init(&request);
    request.key = (char *)sg_unconst(key);
    request.logos = 1;
    request.language = (char *)sg_unconst(language == NULL ? "id" : language);
    struct gateway_question question = {
        .path = "/segel.v1.SigningService/GetSigner",
        .request = &request.base,
        .reply_type = &segel__v1__get_signer_response__descriptor,
        .until_us = moment_mono_us() + (int64_t)segel->way.options.call_ms * 1000};
    code = gateway_ask(segel, &question, &reply, error);
    if (code != SEGEL_OK) {
        return code;
    }
    struct signer *signer = (struct signer *)calloc(1, sizeof(*signer));
    if (signer == NULL) {
        unpack_free(reply);
        return error_memory(error);
    }
    atomic_init(&signer->users, 1);
    signer->response = (Segel__V1__GetSignerResponse *)(void *)reply;
    signer->told_us = moment_mono_us();
    fill_view(signer);
    *out = &signer->view;
    return SEGEL_OK;
}

void segel_signer_free(const struct segel_signer *view)
{
    struct signer *signer = (struct signer *)sg_unconst(view);

    if (signer != NULL && atomic_fetch_sub(&signer->users, 1) == 1) {
        unpack_free(&signer->response->base);
        free(signer);
    }
}

const struct segel_signer *signer_share(const struct segel_signer *view)
{
    struct signer *signer = (struct signer *)sg_unconst(view);

    (void)atomic_fetch_add(&signer->users, 1);
    return view;
}

bool signer_offers(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

const Segel__V1__GetSignerResponse *signer_response(const struct segel_signer *signer)
{
    return ((const struct signer *)(const void *)signer)->response;
}

int64_t signer_told_us(const struct segel_signer *signer)
{
    return ((const struct signer *)(const void *)signer)->told_us;
}

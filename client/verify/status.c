/* Whether a certificate was revoked, by all that others signed about it. */
#include "client/verify/case.h"

DEFINE_STACK_OF(OCSP_BASICRESP)

enum { US_PER_S = 1000000, SKEW_S = 300 };

static const struct verify_word silence = {.state = VERIFY_STATE_OPEN};

/* --- All words about one certificate, and about a chain ----------------------------- */

/* The newest word that counts, and the newest of those that revoke only later. */
struct hearing {
    struct verify_times times;
    struct verify_word best;
    struct verify_word late;    /* as a good one */
    bool disowned;              /* one that was given */
    STACK_OF(X509_CRL) * lists; /* of the issuer; owned, the lists borrowed */
};

static bool is_newer(const struct verify_word *word, const struct verify_word *than)
{
    return than->state == VERIFY_STATE_OPEN || word->this_us > than->this_us ||
           (word->this_us == than->this_us && word->state == VERIFY_STATE_REVOKED);
}

static void hear(struct hearing *hearing, bool given, struct verify_word word)
{
    int64_t time_us = hearing->times.time_us;
    bool stays = word.in_order && hearing->times.made_us != 0;
    bool late = word.state == VERIFY_STATE_REVOKED &&
                word.revoked_us > (stays ? hearing->times.made_us : time_us);
    struct verify_word *place = late ? &hearing->late : &hearing->best;

    hearing->disowned = hearing->disowned || (given && word.disowned);
    /* Revoked once the time in question was over: it was good then. */
    if (late) {
        word.state = word.weak ? VERIFY_STATE_OPEN : VERIFY_STATE_GOOD;
    }
    bool counts = word.state != VERIFY_STATE_OPEN && word.this_us != 0 &&
                  word.this_us <= hearing->times.now_us + (int64_t)SKEW_S * US_PER_S &&
                  (word.this_us >= time_us || word.next_us >= time_us);
    /* A revocation is told by old statements too: nobody takes it back but by a newer,
     * and of two that are as new it counts, in whatever order they are given. */
    counts = counts || (word.state == VERIFY_STATE_REVOKED && word.this_us != 0);
    if (counts && is_newer(&word, place)) {
        *place = word;
    }
}

/* One that revokes, too, takes no revocation back: an answer tells the date alone, where
 * the list says since when the key was unsafe; and a hold that became a revocation was
 * one before. */
static const struct verify_word *heard(const struct hearing *hearing)
{
    return hearing->best.state != VERIFY_STATE_REVOKED &&
                   hearing->late.state != VERIFY_STATE_OPEN &&
                   is_newer(&hearing->late, &hearing->best)
               ? &hearing->late
               : &hearing->best;
}

static void hear_lists(struct hearing *hearing, const struct verify_material *source,
                       X509 *certificate, X509 *issuer)
{
    for (int i = 0; source != NULL && i < sk_X509_CRL_num(source->crls); i++) {
        X509_CRL *crl = sk_X509_CRL_value(source->crls, i);
        const struct verify_word word = verify_crl_word(crl, certificate, issuer);
        hear(hearing, source->given, word);
        if (word.state != VERIFY_STATE_OPEN) {
            (void)sk_X509_CRL_push(hearing->lists, crl);
        }
    }
}

/* By a responder whom the issuer has revoked since: it calls nobody good. */
static struct verify_word questioned(const struct hearing *hearing,
                                     struct verify_word word)
{
    int64_t made_us = word.made_us > word.this_us ? word.made_us : word.this_us;

    for (int i = 0; word.responder != NULL && i < sk_X509_CRL_num(hearing->lists); i++) {
        X509_CRL *crl = sk_X509_CRL_value(hearing->lists, i);
        if (verify_crl_lists(crl, word.responder, made_us)) {
            word.weak = true;
        }
    }
    return word.weak && word.state == VERIFY_STATE_GOOD ? silence : word;
}

static void hear_answers(struct hearing *hearing, const struct verify_material *source,
                         X509 *certificate, X509 *issuer)
{
    for (int i = 0; source != NULL && i < sk_OCSP_BASICRESP_num(source->answers); i++) {
        OCSP_BASICRESP *answer = sk_OCSP_BASICRESP_value(source->answers, i);
        hear(hearing, source->given,
             questioned(hearing, verify_ocsp_word(answer, certificate, issuer)));
    }
}

/* About the certificate at this place of the chain. */
static struct hearing hear_all(STACK_OF(X509) * chain, int at,
                               const struct verify_material *const *sources, size_t count,
                               const struct verify_times *times)
{
    X509 *certificate = sk_X509_value(chain, at);
    X509 *issuer = sk_X509_value(chain, at + 1);
    struct hearing hearing = {*times, silence, silence, false, sk_X509_CRL_new_null()};

    hearing.times.made_us = at == 0 ? times->made_us : 0;
    for (size_t i = 0; i < count; i++) {
        hear_lists(&hearing, sources[i], certificate, issuer);
    }
    for (size_t i = 0; i < count; i++) {
        hear_answers(&hearing, sources[i], certificate, issuer);
    }
    sk_X509_CRL_free(hearing.lists);
    hearing.lists = NULL;
    return hearing;
}

void verify_status_of(STACK_OF(X509) * chain,
                      const struct verify_material *const *sources, size_t count,
                      const struct verify_times *times, struct verify_status *out)
{
    *out = (struct verify_status){.state = VERIFY_STATE_GOOD};
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        const struct hearing hearing = hear_all(chain, i, sources, count, times);
        const struct verify_word *word = heard(&hearing);
        if (word->state == VERIFY_STATE_REVOKED) {
            *out = (struct verify_status){
                .state = VERIFY_STATE_REVOKED, .at = i, .revoked_us = word->revoked_us};
            return;
        }
        out->disowned_at = hearing.disowned && !out->disowned ? i : out->disowned_at;
        out->disowned = out->disowned || hearing.disowned;
        if (word->state == VERIFY_STATE_OPEN && out->state == VERIFY_STATE_GOOD) {
            out->state = VERIFY_STATE_OPEN;
            out->at = i;
            out->said_us = 0;
        } else if (out->said_us == 0 || word->this_us < out->said_us) {
            out->said_us = word->this_us;
        }
    }
}

#include "client/card/card.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "client/card/inside.h"

bool card_is_uri(const char *text)
{
    return strncmp(text, "pkcs11:", strlen("pkcs11:")) == 0;
}

/* --- Life --------------------------------------------------------------------------- */

static enum sg_status read_uri(struct card *card, const char *text, struct sg_error *why)
{
    card->uri = p11_kit_uri_new();
    if (card->uri == NULL) {
        return SG_NO_MEMORY;
    }
    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, card->uri) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(card->uri)) {
        return sg_fail(why, SG_INVALID,
                       "this PKCS#11 URI (RFC 7512) cannot be read; write it like "
                       "'pkcs11:token=NAME;object=KEY?module-path=/usr/lib/….so'");
    }
    if (p11_kit_uri_get_pin_value(card->uri) != NULL ||
        p11_kit_uri_get_pin_source(card->uri) != NULL) {
        return sg_fail(
            why, SG_INVALID,
            "the URI says what the PIN is, or where it stands: take that away, "
            "it is asked for");
    }
    return SG_OK;
}

static enum sg_status open_all(struct card *card, const char *uri, struct sg_error *why)
{
    TRY(read_uri(card, uri, why));
    TRY(card_find_token(card, why));
    return card_find_key(card, why);
}

enum sg_status card_open(const char *uri, struct card **out, struct sg_error *why)
{
    struct card *card = (struct card *)calloc(1, sizeof(*card));

    if (card == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = open_all(card, uri, why);
    if (status != SG_OK) {
        card_close(&card);
        return status;
    }
    *out = card;
    return SG_OK;
}

void card_close(struct card **at)
{
    struct card *card = *at;

    *at = NULL;
    if (card == NULL) {
        return;
    }
    if (card->open) {
        (void)card->fn->C_CloseSession(card->session);
    }
    if (card->initialized) { /* ends the login, too; the library stays loaded */
        (void)card->fn->C_Finalize(NULL);
    }
    if (card->uri != NULL) {
        p11_kit_uri_free(card->uri);
    }
    free(card);
}

void card_facts(const struct card *card, struct card_facts *out)
{
    *out = (struct card_facts){.token = card->token,
                               .serial = card->serial,
                               .label = card->label,
                               .public_key = card->public_key,
                               .own_keypad =
                                   (card->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0,
                               .count_low = (card->flags & CKF_USER_PIN_COUNT_LOW) != 0};
}

/* --- The PIN ------------------------------------------------------------------------ */

enum sg_status card_check(struct card *card, struct sg_error *why)
{
    static const struct {
        CK_FLAGS flag;
        const char *text;
    } forbidden[] = {{CKF_USER_PIN_LOCKED, "its PIN is locked"},
                     {CKF_USER_PIN_FINAL_TRY, "one more wrong PIN locks it"},
                     {CKF_USER_PIN_TO_BE_CHANGED, "its PIN must be changed first"}};

    TRY(card_read_flags(card, why));
    for (size_t i = 0; i < SG_COUNT(forbidden); i++) {
        if ((card->flags & forbidden[i].flag) != 0) {
            return sg_fail(
                why, SG_PRECONDITION,
                "token '%s' says that %s; no PIN was tried: use the card's own "
                "tool",
                card->token, forbidden[i].text);
        }
    }
    return SG_OK;
}

static enum sg_status refused(const struct card *card, CK_RV rv, struct sg_error *why)
{
    switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return sg_fail(why, SG_DENIED,
                       "token '%s' refuses the PIN; it was tried once, and nothing was "
                       "signed",
                       card->token);
    case CKR_PIN_LOCKED:
        return sg_fail(why, SG_DENIED, "the PIN of token '%s' is locked", card->token);
    default:
        return card_failed("refuses the login", rv, why);
    }
}

static enum sg_status log_in(struct card *card, CK_USER_TYPE user, struct slice pin,
                             struct sg_error *why)
{
    bool keypad = (card->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    CK_RV rv = card->fn->C_Login(card->session, user,
                                 keypad ? NULL : (CK_BYTE *)sg_unconst(pin.data),
                                 keypad ? 0 : pin.len);

    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? SG_OK
                                                            : refused(card, rv, why);
}

/* --- Signing ------------------------------------------------------------------------ */

static bool verifies(const struct card *card, struct slice text,
                     const uint8_t signature[NOTE_ED25519_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, card->public_key,
                                                NOTE_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        key != NULL && context != NULL &&
        EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, NOTE_ED25519_SIZE, text.data, text.len) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* each_time: the key wants the PIN for this very signature (CKA_ALWAYS_AUTHENTICATE). It
 * has just been found right, so no try is lost by it. */
static enum sg_status make_signature(struct card *card, struct slice pin,
                                     struct slice text,
                                     uint8_t signature[NOTE_ED25519_SIZE],
                                     struct sg_error *why)
{
    CK_MECHANISM mechanism = {CKM_EDDSA, NULL, 0};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG len = NOTE_ED25519_SIZE;
    bool each_time = false;

    TRY(card_find_private(card, &key, &each_time, why));
    CK_RV rv = card->fn->C_SignInit(card->session, &mechanism, key);
    if (rv != CKR_OK) {
        return card_failed("does not begin the signature", rv, why);
    }
    if (each_time) {
        TRY(log_in(card, CKU_CONTEXT_SPECIFIC, pin, why));
    }
    rv = card->fn->C_Sign(card->session, (CK_BYTE *)sg_unconst(text.data), text.len,
                          signature, &len);
    if (rv != CKR_OK || len != NOTE_ED25519_SIZE) {
        return card_failed("does not sign", rv, why);
    }
    return SG_OK;
}

enum sg_status card_sign(struct card *card, struct slice pin, struct slice text,
                         uint8_t signature[NOTE_ED25519_SIZE], struct sg_error *why)
{
    uint8_t made[NOTE_ED25519_SIZE] = {0};

    MUST(!card->used);
    TRY(card_check(card, why));
    card->used = true;
    TRY(log_in(card, CKU_USER, pin, why));
    TRY(make_signature(card, pin, text, made, why));
    if (!verifies(card, text, made)) {
        return sg_fail(why, SG_HSM,
                       "what token '%s' signed does not verify with its own public key",
                       card->token);
    }
    memcpy(signature, made, sizeof(made));
    return SG_OK;
}

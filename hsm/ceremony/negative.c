#include "hsm/ceremony/negative.h"

#include "hsm/token/sign.h"

struct trial {
    struct token *token;
    struct reach reach;
    const struct key *key;
    CK_MECHANISM_TYPE allowed;
};

static CK_RV set(const struct trial *trial, CK_ATTRIBUTE_TYPE type, CK_BBOOL value)
{
    CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};
    return trial->reach.fn->C_SetAttributeValue(trial->reach.session, trial->key->handle,
                                                &attribute, 1);
}

static CK_RV try_decrypt(const struct trial *trial)
{
    CK_RV rv = set(trial, CKA_DECRYPT, CK_TRUE);
    if (rv == CKR_OK) {
        (void)set(trial, CKA_DECRYPT, CK_FALSE);
    }
    return rv;
}

static CK_RV try_extractable(const struct trial *trial)
{
    CK_RV rv = set(trial, CKA_EXTRACTABLE, CK_TRUE);
    if (rv == CKR_OK) {
        (void)set(trial, CKA_EXTRACTABLE, CK_FALSE);
    }
    return rv;
}

/* A copy for this session only: a module that makes one leaves nothing on the token. */
static CK_RV try_copy(const struct trial *trial)
{
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE session_only = {CKA_TOKEN, &no, sizeof(no)};
    CK_OBJECT_HANDLE copy = 0;
    CK_RV rv = trial->reach.fn->C_CopyObject(trial->reach.session, trial->key->handle,
                                             &session_only, 1, &copy);
    if (rv == CKR_OK) {
        (void)trial->reach.fn->C_DestroyObject(trial->reach.session, copy);
    }
    return rv;
}

/* Another mechanism for the same type of key; with curves, the one that hashes itself,
 * or one of another curve. */
static enum mechanism other_mechanism(CK_MECHANISM_TYPE allowed)
{
    switch (allowed) {
    case CKM_RSA_PKCS:
        return MECHANISM_RSA_PSS;
    case CKM_RSA_PKCS_PSS:
        return MECHANISM_RSA_PKCS1;
    default:
        return MECHANISM_NONE;
    }
}

static CK_RV sign_otherwise(struct reach reach, const struct trial *trial)
{
    static const uint8_t digest[32] = {0};
    struct signature raw;
    struct wanted wanted = {other_mechanism(trial->allowed), SG_HASH_SHA256,
                            slice_of(digest, sizeof(digest))};
    CK_MECHANISM mechanism = {trial->allowed == CKM_EDDSA ? CKM_ECDSA : CKM_ECDSA_SHA256,
                              NULL, 0};
    if (wanted.mechanism != MECHANISM_NONE) {
        return sign_raw(reach, trial->key->handle, &wanted, &raw);
    }
    return reach.fn->C_SignInit(reach.session, &mechanism, trial->key->handle);
}

/* On a session of its own, which ends with whatever it has begun. */
static CK_RV try_mechanism(const struct trial *trial)
{
    struct reach reach = {trial->reach.fn, 0};
    CK_RV rv = token_session(trial->token, &reach.session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = sign_otherwise(reach, trial);
    (void)reach.fn->C_CloseSession(reach.session);
    return rv;
}

/* A token that has gone away refuses nothing. */
static bool is_refusal(CK_RV rv)
{
    static const CK_RV away[] = {
        CKR_DEVICE_ERROR,           CKR_DEVICE_REMOVED,           CKR_TOKEN_NOT_PRESENT,
        CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,           CKR_USER_NOT_LOGGED_IN,
        CKR_OBJECT_HANDLE_INVALID,  CKR_KEY_HANDLE_INVALID,       CKR_HOST_MEMORY,
        CKR_DEVICE_MEMORY,          CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_COUNT};
    for (size_t i = 0; i < SG_COUNT(away); i++) {
        if (away[i] == rv) {
            return false;
        }
    }
    return rv != CKR_OK;
}

static const struct {
    const char *name;
    CK_RV (*try)(const struct trial *trial);
} CHECKS[NEGATIVE_COUNT] = {
#define NEGATIVE(name, function, text) [NEGATIVE_##name] = {text, function},
#include "hsm/ceremony/negative.def"
#undef NEGATIVE
};

void negative_try(struct token *token, const struct key *key, CK_MECHANISM_TYPE allowed,
                  struct negative_check out[NEGATIVE_COUNT])
{
    const struct trial trial = {token, {token->fn, token->anchor}, key, allowed};
    for (size_t i = 0; i < NEGATIVE_COUNT; i++) {
        CK_RV rv = CHECKS[i].try(&trial);
        out[i] = (struct negative_check){CHECKS[i].name, rv, is_refusal(rv)};
    }
}

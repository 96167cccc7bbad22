#include "hsm/token/mechanism.h"

static const struct {
    enum key_type type;
    CK_MECHANISM_TYPE code;
} ROWS[MECHANISM_COUNT] = {
#define MECHANISM(name, type, code) [MECHANISM_##name] = {type, code},
#include "hsm/token/mechanism.def"
#undef MECHANISM
};

static bool known(enum mechanism mechanism)
{
    return mechanism > MECHANISM_NONE && mechanism < MECHANISM_COUNT;
}

enum key_type mechanism_key_type(enum mechanism mechanism)
{
    return known(mechanism) ? ROWS[mechanism].type : KEY_NONE;
}

CK_MECHANISM_TYPE mechanism_code(enum mechanism mechanism)
{
    return known(mechanism) ? ROWS[mechanism].code : CK_UNAVAILABLE_INFORMATION;
}

static CK_ULONG known_size(CK_ULONG size)
{
    return size == CK_UNAVAILABLE_INFORMATION ? 0 : size;
}

void mechanism_probe(const struct token *token, struct mechanism_offers *offers)
{
    bool answered = false;
    for (enum mechanism m = MECHANISM_NONE + 1; m < MECHANISM_COUNT; m++) {
        CK_MECHANISM_INFO info = {0, 0, 0};
        CK_RV rv = token->fn->C_GetMechanismInfo(token->slot, ROWS[m].code, &info);
        answered = answered || rv == CKR_OK || rv == CKR_MECHANISM_INVALID;
        offers->of[m] = (struct mechanism_offer){
            .offered = rv == CKR_OK && (info.flags & CKF_SIGN) != 0,
            .smallest = known_size(info.ulMinKeySize),
            .largest = known_size(info.ulMaxKeySize)};
    }
    for (enum mechanism m = MECHANISM_NONE + 1; !answered && m < MECHANISM_COUNT; m++) {
        offers->of[m] = (struct mechanism_offer){.offered = true};
    }
}

static bool within(const struct mechanism_offer *offer, CK_ULONG size)
{
    return size >= offer->smallest && (offer->largest == 0 || size <= offer->largest);
}

/* The standard counts bits of RSA and EC keys; some modules count bytes. Of Ed25519,
 * which has one size, they tell 255, 256 or 32. */
static bool has_room(const struct mechanism_offer *offer, const struct key *key)
{
    return key->type == KEY_ED25519 || within(offer, key->bits) ||
           within(offer, (key->bits + 7) / 8);
}

static bool allowed(const struct key *key, CK_MECHANISM_TYPE code)
{
    bool listed = key->allowed_count == 0;
    for (size_t i = 0; i < key->allowed_count; i++) {
        listed = listed || key->allowed[i] == code;
    }
    return listed;
}

uint32_t mechanism_fit(const struct mechanism_offers *offers, const struct key *key)
{
    uint32_t bits = 0;
    for (enum mechanism m = MECHANISM_NONE + 1; m < MECHANISM_COUNT; m++) {
        const struct mechanism_offer *offer = &offers->of[m];
        bool fits = ROWS[m].type == key->type && offer->offered && has_room(offer, key) &&
                    allowed(key, ROWS[m].code);
        bits |= fits ? 1U << m : 0;
    }
    return bits;
}

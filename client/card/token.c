#include <dlfcn.h>
#include <stdio.h>

#include "client/card/inside.h"

enum { SLOTS_MAX = 64 };

enum sg_status card_failed(const char *what, CK_RV rv, struct sg_error *why)
{
    return sg_fail(why, SG_HSM, "the card's PKCS#11 module %s (PKCS#11 0x%lX)", what, rv);
}

/* --- The module --------------------------------------------------------------------- */

static enum sg_status load(struct card *card, struct sg_error *why)
{
    const char *path = p11_kit_uri_get_module_path(card->uri);
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;

    if (path == NULL || path[0] != '/') {
        return sg_fail(why, SG_INVALID,
                       "the URI must say by which library the card is reached: add "
                       "?module-path=/usr/lib/….so");
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) {
        *(void **)&get = dlsym(library, "C_GetFunctionList");
    }
    if (get == NULL || get(&card->fn) != CKR_OK || card->fn == NULL) {
        return sg_fail(why, SG_NOT_FOUND, "%s is no PKCS#11 module that can be loaded",
                       path);
    }
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    CK_RV rv = card->fn->C_Initialize(&arguments);
    card->initialized = rv == CKR_OK;
    return rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED
               ? SG_OK
               : card_failed("cannot be initialised", rv, why);
}

/* --- The token ---------------------------------------------------------------------- */

/* PKCS#11 pads its texts with blanks and ends none. */
static void copy_padded(char *out, const unsigned char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0')) {
        len--;
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

static bool fits(const struct card *card, CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    memset(info, 0, sizeof(*info));
    return card->fn->C_GetTokenInfo(slot, info) == CKR_OK &&
           (info->flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_token_info(card->uri, info) == 1;
}

static void take(struct card *card, CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
    card->slot = slot;
    card->flags = info->flags;
    copy_padded(card->token, info->label, sizeof(info->label));
    copy_padded(card->serial, info->serialNumber, sizeof(info->serialNumber));
}

static enum sg_status choose(struct card *card, struct sg_error *why)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    size_t found = 0;
    CK_TOKEN_INFO info;

    CK_RV rv = card->fn->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK) {
        return card_failed("does not list its slots", rv, why);
    }
    for (CK_ULONG i = 0; i < count && i < SLOTS_MAX; i++) {
        if (fits(card, slots[i], &info)) {
            take(card, slots[i], &info);
            found++;
        }
    }
    if (found == 1) {
        return SG_OK;
    }
    return found == 0
               ? sg_fail(why, SG_NOT_FOUND,
                         "no card that the URI names is there; put it in, or see what "
                         "'p11tool --list-tokens' shows")
               : sg_fail(why, SG_CONFLICT,
                         "%zu cards are what the URI names: add serial=… to it", found);
}

enum sg_status card_find_token(struct card *card, struct sg_error *why)
{
    TRY(load(card, why));
    TRY(choose(card, why));
    CK_RV rv = card->fn->C_OpenSession(card->slot, CKF_SERIAL_SESSION, NULL, NULL,
                                       &card->session);
    card->open = rv == CKR_OK;
    return card->open ? SG_OK : card_failed("opens no session", rv, why);
}

enum sg_status card_read_flags(struct card *card, struct sg_error *why)
{
    CK_TOKEN_INFO info;

    memset(&info, 0, sizeof(info));
    CK_RV rv = card->fn->C_GetTokenInfo(card->slot, &info);
    if (rv != CKR_OK) {
        return card_failed("does not tell of the card", rv, why);
    }
    card->flags = info.flags;
    return SG_OK;
}

#ifndef SEGEL_HSM_TOKEN_TOKEN_H
#define SEGEL_HSM_TOKEN_TOKEN_H

struct pin;

#include <stdatomic.h>

#include "hsm/token/rv.h"

/* A loaded module and the slots that it shows. Once loaded it stays: a module is never
 * released or unloaded, because many crash when that is done; the process ends by
 * _exit(). */
struct module {
    CK_FUNCTION_LIST *fn; /* borrowed from the module */
    CK_SLOT_ID slots[64];
    size_t slot_count;
    char library[64]; /* description and version */
};

/* One token of a module. Login belongs to the process: whoever holds the anchor session
 * stays logged in. */
struct token {
    CK_FUNCTION_LIST *fn;
    CK_SLOT_ID slot;
    CK_FLAGS flags;
    CK_ULONG max_sessions; /* 0: no limit known */
    CK_SESSION_HANDLE anchor;
    bool hardware; /* the slot claims to be a device (CKF_HW_SLOT), no software */
    char label[33];
    char manufacturer[33];
    char model[17];
    char serial[17];
    char firmware[24];
    char library[64];
};

/* libp11 loads, initialises and lists; it opens no session. May block as long as the
 * module does. init_args is the text that C_Initialize gets as pReserved, for modules
 * that want one (NSS); NULL or empty: none. Borrowed for ever: a module may keep it. */
SG_MUST_USE enum sg_status module_load(const char *path, const char *init_args,
                                       struct module *module, struct trouble *trouble);

/* False when the slot holds no token, or none that answers. */
bool token_read(const struct module *module, size_t index, struct token *token);
bool token_initialized(const struct token *token);

/* Which token is wanted, as C_GetTokenInfo shows it. All borrowed; only the label must be
 * given, "" in the others is not compared. */
struct token_ref {
    const char *label;
    const char *serial;
    const char *manufacturer;
    const char *model;
};

/* The one token that is meant. When it is missing the sentence lists the tokens that are
 * there. */
SG_MUST_USE enum sg_status token_search(const struct module *module,
                                        const struct token_ref *ref, struct token *token,
                                        struct trouble *trouble);
/* The same by label and serial number alone. */
SG_MUST_USE enum sg_status token_find(const struct module *module, const char *label,
                                      const char *serial, struct token *token,
                                      struct trouble *trouble);

/* Opens the anchor session. */
SG_MUST_USE enum sg_status token_open(struct token *token, bool writable,
                                      struct trouble *trouble);

/* One attempt to log the user in with the PIN of this file, ever: a wrong PIN must not be
 * repeated. No attempt at all when the token says that the next failure locks it. */
SG_MUST_USE enum sg_status token_login(struct token *token, const char *pin_path,
                                       struct trouble *trouble);
/* The same, as officers let it: with the PIN from a pipe (pin_take), or although one more
 * failure locks the token. After a refusal trouble->token_flags is what the token says
 * then. */
struct token_entry {
    const char *pin_path;
    int pipe; /* given away; -1 = the file */
    bool last_try;
    const struct pin *pin; /* this one, and neither file nor pipe; NULL = none */
    _Atomic uint64_t
        *mark; /* told how far it comes (enum mark_login); NULL = nobody is */
};
SG_MUST_USE enum sg_status token_enter(struct token *token,
                                       const struct token_entry *entry,
                                       struct trouble *trouble);

/* Before the login: is the anchor session still one, and does the token say the same of
 * its PIN as when it was read? */
SG_MUST_USE enum sg_status token_stands(const struct token *token,
                                        struct trouble *trouble);

/* One more session; read only. */
CK_RV token_session(const struct token *token, CK_SESSION_HANDLE *session);

#endif

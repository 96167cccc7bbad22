#ifndef SEGEL_CLIENT_VERIFY_MATERIAL_H
#define SEGEL_CLIENT_VERIFY_MATERIAL_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "proto/base.h"
#include "proto/slice.h"

/* Certificates and statements about them, from a file (DSS) or from the command line.
 * Nothing in it is believed because it is there: each statement has to be signed by the
 * issuer of the certificate it speaks of, or by one whom the issuer named. */
struct verify_material {
    STACK_OF(X509) * certificates; /* owned, as all here; NULL = none */
    STACK_OF(X509_CRL) * crls;
    STACK_OF(OCSP_BASICRESP) * answers;
    bool given; /* by whoever asks: he is told of a statement that is nobody's */
};
enum { VERIFY_MATERIAL_MAX = 512 };

/* DER. What cannot be read, or is one too many, is left out. */
void verify_material_certificate(struct verify_material *material, struct slice der);
void verify_material_crl(struct verify_material *material, struct slice der);
void verify_material_ocsp(struct verify_material *material, struct slice der);
/* CRLs (PEM, or one in DER) or an OCSP answer (DER) from a file, of which nothing is left
 * out, and which count as given. SG_INVALID: it holds neither, or something beside or
 * behind that cannot be read. SG_TOO_LARGE: one too many. After a failure the material is
 * good for fini alone. */
SG_MUST_USE enum sg_status verify_material_file(struct verify_material *material,
                                                struct slice bytes, bool ocsp);
void verify_material_fini(struct verify_material *material);

/* What is known of the certificates of a chain at a time. */
enum verify_state { VERIFY_STATE_GOOD, VERIFY_STATE_REVOKED, VERIFY_STATE_OPEN };
struct verify_status {
    enum verify_state state; /* OPEN: nothing is known of certificate `at` */
    int at;                  /* which one decided, counted from the signer */
    int64_t revoked_us;      /* REVOKED: since when */
    int64_t said_us;         /* GOOD: the oldest statement was made then */
    bool disowned; /* a given statement bears the name of an issuer of the chain, who did
                    * not sign it; not looked for when REVOKED */
    int disowned_at; /* about which certificate, counted likewise */
};

/* made_us: of a time-stamp, the time that it names; 0 = it is none. What its certificate
 * was revoked for in order, and later than that, takes nothing from it (RFC 3161 section
 * 4). */
struct verify_times {
    int64_t time_us; /* in question */
    int64_t made_us;
    int64_t now_us;
};
/* chain: signer to anchor (of which nothing is asked). A statement counts when it was
 * made at the time in question or later, or was still valid then, and not after now. */
void verify_status_of(STACK_OF(X509) * chain,
                      const struct verify_material *const *sources, size_t count,
                      const struct verify_times *times, struct verify_status *out);

/* One statement about one certificate; OPEN when it is none, or not to be believed. */
struct verify_word {
    enum verify_state state;
    int64_t revoked_us;
    int64_t this_us;
    int64_t next_us; /* 0 = not stated */
    bool disowned;   /* OPEN: it bears the issuer's name and not his signature */
    bool weak;       /* REVOKED: by a signature that calls nobody good */
    bool in_order;   /* REVOKED: for a reason that is none to doubt the key */
    X509 *responder; /* who answered, borrowed; NULL = the issuer, by a list or himself,
                      * or one of whom he says that nobody has to ask */
    int64_t made_us; /* when he did */
};
/* Whether a list that is believed says that it was revoked then. */
bool verify_crl_lists(X509_CRL *crl, X509 *certificate, int64_t time_us);
struct verify_word verify_crl_word(X509_CRL *crl, X509 *certificate, X509 *issuer);
struct verify_word verify_ocsp_word(OCSP_BASICRESP *answer, X509 *certificate,
                                    X509 *issuer);

#endif

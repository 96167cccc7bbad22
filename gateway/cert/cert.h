#ifndef SEGEL_GATEWAY_CERT_CERT_H
#define SEGEL_GATEWAY_CERT_CERT_H

#include <openssl/x509.h>

#include "gateway/policy/facts.h"
#include "proto/base.h"

/* A signer's certificate with its chain, read once and judged against anchors. Immutable
 * after loading: any thread. */
struct cert;

enum { CERT_CHAIN_MAX = 8 };

/* Trust anchors as a PEM file held them when it was read: whatever is judged by one of
 * these is judged by the same ones. Immutable: any thread. SG_NOT_FOUND, SG_INVALID: why
 * names the file and what to do. The caller owns *out. */
struct cert_anchors;
SG_MUST_USE enum sg_status cert_anchors_load(const char *path, struct cert_anchors **out,
                                             struct sg_error *why);
void cert_anchors_free(struct cert_anchors *anchors);

/* certificate: PEM file whose first certificate is the signer's; chain: PEM file with its
 * issuers in order, or NULL; the anchors need not outlive the call. A chain that
 * does not verify is not an error here: it is a fact (cert.chain_ok) that a rule judges.
 * The time at which the chain is judged is now_us (validity of the CAs too); see
 * cert_judge_path for later.
 * SG_NOT_FOUND, SG_INVALID: why names the file and what to do. The caller owns *out. */
struct cert_files {
    const char *certificate;
    const char *chain;
    const struct cert_anchors *anchors; /* borrowed */
};
SG_MUST_USE enum sg_status cert_load(const struct cert_files *files, int64_t now_us,
                                     struct cert **out, struct sg_error *why);
/* The same from DER: the signer's certificate and its issuers, one behind the other. */
SG_MUST_USE enum sg_status cert_load_der(struct slice chain,
                                         const struct cert_anchors *anchors,
                                         int64_t now_us, struct cert **out,
                                         struct sg_error *why);
void cert_free(struct cert *cert);

/* The signer's certificate first, then its issuers without the anchor; borrowed. */
X509 *const *cert_chain(const struct cert *cert, size_t *count);
/* Public key of the signer's certificate: DER SubjectPublicKeyInfo, borrowed. */
struct slice cert_spki(const struct cert *cert);
const char *cert_serial(const struct cert *cert); /* upper-case hexadecimal */
int64_t cert_not_after_us(const struct cert *cert);
int64_t cert_not_before_us(const struct cert *cert);

/* RFC 2253 texts of its names; "" where they do not fit, or cannot be shown. */
enum { CERT_NAME_SIZE = 1024 + 1 };
void cert_subject(const struct cert *cert, char out[CERT_NAME_SIZE]);
void cert_issuer(const struct cert *cert, char out[CERT_NAME_SIZE]);
void cert_name_of(const X509 *certificate, char out[CERT_NAME_SIZE]); /* its subject */

/* Sets every cert.* fact of phase KEY; the values stay owned by cert. */
void cert_facts(const struct cert *cert, struct facts *facts);
/* Sets key.type, key.rsa_bits, key.rsa_e and key.curve from the certificate's key. */
void cert_key_facts(const struct cert *cert, struct facts *facts);

/* The chain judged at a moment, and how long that holds: until the validity of the
 * signer's certificate, of an issuer or of an anchor begins or ends. */
enum { CERT_ANCHOR_SIZE = 1024 + 1 };
struct cert_path {
    bool good;
    int64_t from_us;               /* inclusive; INT64_MIN: since ever */
    int64_t until_us;              /* exclusive; INT64_MAX: for ever */
    int64_t first_end_us;          /* of the certificates that it is made of, or would be
                                    * if none had ended; INT64_MAX: it cannot be read */
    char anchor[CERT_ANCHOR_SIZE]; /* RFC 2253; "" when not good, or not to be shown */
    const char *why;               /* static; OpenSSL's words when not good */
};
/* By the files as they were loaded; cert_chain stays as it was. Verifies signatures: not
 * for the path of a job. Any thread. */
SG_MUST_USE enum sg_status cert_judge_path(const struct cert *cert, int64_t now_us,
                                           struct cert_path *out);
bool cert_path_holds(const struct cert_path *path, int64_t now_us);
/* Sets cert.chain_ok and cert.anchor, instead of what cert_facts said of them; the text
 * stays the path's. */
void cert_path_facts(const struct cert_path *path, struct facts *facts);

/* Identity of a client certificate: fills names with its URI and DNS subject alternative
 * names ("URI:…", "DNS:…"), at most cap; returns how many there are. Texts live in
 * buffer. */
struct cert_names {
    char buffer[1024];
    const char *names[16];
    size_t count;
};
void cert_alt_names(X509 *certificate, struct cert_names *out);

/* What two certificates of one person have in common: SHA-256 of the public key and of
 * the subject's name; all zero where there is none. */
struct cert_marks {
    uint8_t key[32];
    uint8_t subject[32];
};
void cert_marks(const X509 *certificate, struct cert_marks *out);

/* notAfter of any certificate; 0 when it cannot be read. */
int64_t cert_end_us(const X509 *certificate);

#endif

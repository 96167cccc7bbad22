#ifndef SEGEL_GATEWAY_CMS_CMS_H
#define SEGEL_GATEWAY_CMS_CMS_H

#include <openssl/x509.h>

#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Detached CMS signatures (RFC 5652) in the shapes of PAdES and CAdES baseline B-B, with
 * a time stamp B-T, from a DER template that is made once per key, scheme, hash and
 * profile with OpenSSL's CMS structures. Signing a document then only fills in digest,
 * time, signature and lengths: no OpenSSL call but the hash, no allocation of ours.
 * Templates are immutable: any thread.
 *
 * PAdES: no signing-time; exactly one signing-certificate-v2 (EN 319 142-1 section 6.3).
 * CAdES: exactly one signing-time (EN 319 122-1 section 6.3). No clock is read here. */
struct cms_template;

enum { CMS_PACKED_MAX = 16384 }; /* bytes: no template packs into more */

struct cms_shape {
    enum sg_profile profile; /* PADES_B_B, CADES_B_B, or RAW (bare signature) */
    enum sg_scheme scheme;
    enum sg_hash hash; /* of document and attributes alike */
};

/* certificates[0] is the signer's, the rest its issuers; all are embedded (in the order
 * of their bytes: they are a SET), each once. SG_INVALID: scheme does not fit the key.
 * SG_UNSUPPORTED: profile. SG_TOO_LARGE: the certificates do not fit CMS_PACKED_MAX. The
 * caller owns *out. */
SG_MUST_USE enum sg_status cms_template_new(X509 *const *certificates, size_t count,
                                            struct cms_shape shape,
                                            struct cms_template **out,
                                            struct sg_error *why);
void cms_template_free(struct cms_template *template);

/* Upper bound of what cms_assemble writes without a token, and of what a token adds. */
size_t cms_max_len(const struct cms_template *template);
size_t cms_token_room(size_t token_len);
/* SHA-256 over the template's constant bytes: names it in the ledger. */
const uint8_t *cms_template_id(const struct cms_template *template);

/* What the key has to sign: the hash of the DER of the signed attributes (of RAW: the
 * digest itself). digest must have the length of the shape's hash (SG_INVALID).
 * signing_time_us: wall clock, used by CAdES only, cut to seconds; 1970 to 2049
 * (SG_INVALID: UTCTime ends there). out holds SG_HASH_MAX. */
SG_MUST_USE enum sg_status cms_to_be_signed(const struct cms_template *template,
                                            struct slice digest, int64_t signing_time_us,
                                            uint8_t *out, size_t *out_len);

/* Whether a signature has a length that the key of the template makes. */
bool cms_signature_fits(const struct cms_template *template, struct slice signature);

/* ContentInfo in DER. Same digest and time as above; signature as the scheme gives it
 * (RSA: modulus length; ECDSA: DER). SG_INVALID: a length does not fit the shape.
 * A bare signature takes no token (SG_INVALID). SG_TOO_LARGE: cap is below what is
 * needed.
 */
struct cms_parts {
    struct slice digest;
    struct slice signature;
    int64_t signing_time_us;
    struct slice token; /* TimeStampToken over the signature, DER, which becomes the
                         * unsigned attribute of EN 319 122-1 section 5.3; empty: none */
};
SG_MUST_USE enum sg_status cms_assemble(const struct cms_template *template,
                                        const struct cms_parts *parts, uint8_t *out,
                                        size_t cap, size_t *len);

/* The template as bytes and back, so that the ledger can keep it and a stored answer can
 * be given again, byte for byte, after the key's certificate has changed. pack:
 * SG_TOO_LARGE when cap is too small (out may be NULL with cap 0); *len says what is
 * needed. unpack trusts nothing: SG_INVALID or SG_CORRUPT unless the bytes are a whole
 * template with its id. */
SG_MUST_USE enum sg_status cms_template_pack(const struct cms_template *template,
                                             uint8_t *out, size_t cap, size_t *len);
SG_MUST_USE enum sg_status cms_template_unpack(struct slice packed,
                                               struct cms_template **out);

#endif

#ifndef SEGEL_GATEWAY_CMS_TEMPLATE_H
#define SEGEL_GATEWAY_CMS_TEMPLATE_H

#include <openssl/evp.h>

#include "gateway/cms/cms.h"

/* The inside of a template; for the files of this folder.
 *
 * A CMS is six elements in each other: ContentInfo, [0], SignedData, signerInfos,
 * SignerInfo, signature. Each is the last member of the one around it. So a CMS is, six
 * times over, a header whose length depends on the signature and then a run of bytes that
 * does not. The runs stand in body, one after the other. Two places inside the signed
 * attributes, which lie in one run, are filled for each document: the holes. */
enum {
    CMS_LEVELS = 6,
    CMS_HOLES = 2,
    CMS_BODY_MAX = CMS_PACKED_MAX - 128, /* mostly certificates; a chain has 3 to 10 kB */
    CMS_UTC_TIME_LEN = 13                /* YYMMDDHHMMSSZ */
};

enum cms_hole_kind { CMS_HOLE_DIGEST, CMS_HOLE_TIME };

struct cms_hole {
    enum cms_hole_kind kind;
    size_t offset; /* in body */
    size_t len;
};

struct cms_level {
    uint8_t tag;
    size_t run; /* bytes of body that follow the header */
};

struct cms_template {
    struct cms_shape shape;
    size_t signature_max; /* RSA: exact; ECDSA: longest DER */
    struct cms_level levels[CMS_LEVELS];
    size_t level_count; /* 0 = RAW: nothing around the signature */
    size_t attributes;  /* offset in body of the signed attributes' header, tag [0] */
    size_t attributes_len;
    struct cms_hole holes[CMS_HOLES]; /* in the order of offsets */
    size_t hole_count;
    uint8_t *body; /* owned */
    size_t body_len;
    EVP_MD *md; /* owned */
    uint8_t id[32];
};

/* Sets md and id once all else stands. */
SG_MUST_USE enum sg_status cms_template_seal(struct cms_template *template);

/* A whole CMS of this shape with a digest, a time and a signature that mean nothing.
 * The caller frees *der with OPENSSL_free. */
SG_MUST_USE enum sg_status cms_sample(X509 *const *certificates, size_t count,
                                      struct cms_shape shape, uint8_t **der, size_t *len);
/* Finds levels, holes and body in it. */
SG_MUST_USE enum sg_status cms_derive(struct slice sample, struct cms_template *out);

/* Hashes parts, in order. No allocation of ours: each thread keeps one digest context. */
SG_MUST_USE enum sg_status cms_hash(const EVP_MD *md, const struct slice *parts,
                                    size_t count, uint8_t *out);

const char *cms_hash_openssl_name(enum sg_hash hash);

#endif

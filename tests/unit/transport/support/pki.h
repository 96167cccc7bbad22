#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PKI_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PKI_H

#include <stdbool.h>
#include <stddef.h>

/* Certificates of one test, made when it starts and removed when it ends. */
struct pki {
    char dir[32];
    char ca[64];
    char server[64];
    char server_key[64];
    char client[64]; /* CN=friend */
    char client_key[64];
    char stranger[64]; /* CN=stranger, of the same issuer */
    char stranger_key[64];
    char other[64]; /* of an issuer that the server does not know */
    char other_key[64];
    char made[64]; /* by pki_issue */
    char made_key[64];
    char crl[64]; /* by pki_revoke */
    char ca_key[64];
};

void pki_make(struct pki *pki);
/* What is wrong with a client's certificate. */
enum pki_flaw {
    PKI_SOUND,
    PKI_EXPIRED,
    PKI_NOT_YET,
    PKI_SERVER_ONLY, /* by its extended key usage */
    PKI_WEAK,        /* RSA of 1024 bits */
    PKI_OLD_DIGEST   /* signed with SHA-1 */
};
/* Writes made and made_key: CN=friend of the issuer that the server knows, with so many
 * further issuers between the two. */
void pki_issue(const struct pki *pki, enum pki_flaw flaw, size_t between);
/* Writes crl: a list of that issuer, current or out of date, on which made stands or not.
 */
void pki_revoke(const struct pki *pki, bool current, bool made);
/* Writes crl: a list that protects nobody from the clients of that issuer. */
enum pki_list {
    PKI_LIST_OF_ANOTHER_NAME,
    PKI_LIST_OF_ANOTHER_KEY, /* under the issuer's name */
    PKI_LIST_DELTA
};
void pki_write_list(const struct pki *pki, enum pki_list kind);
/* Adds to ca: that issuer's certificate once more, by the same key. */
void pki_renew(const struct pki *pki);
/* Writes ca: that issuer's certificate by the same key and another end, or adds it there.
 */
void pki_end(const struct pki *pki, long in_seconds, bool alone);
/* Adds to ca one of another name; one that it issued, "issuer N" by how often it was
 * asked. */
void pki_add_other(const struct pki *pki);
void pki_add_between(const struct pki *pki, long in_seconds);
/* Writes ca: one that it issued, without it. */
void pki_leave_between(const struct pki *pki);
/* Adds to ca one of the same name with a key of its own, or puts it there alone, and adds
 * to crl its current list. */
void pki_rekey(const struct pki *pki, bool alone);
void pki_remove(struct pki *pki);

#endif

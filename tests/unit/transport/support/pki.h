#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PKI_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PKI_H

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
};

void pki_make(struct pki *pki);
void pki_remove(struct pki *pki);

#endif

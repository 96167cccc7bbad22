#include "client/verify/cms.h"

#include <stddef.h>

void cms_free(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

CMS_SignerInfo *cms_only_signer(CMS_ContentInfo *cms, STACK_OF(X509) * certificates)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);

    if (sk_CMS_SignerInfo_num(signers) != 1 ||
        CMS_set1_signers_certs(cms, certificates, 0) != 1) {
        return NULL;
    }
    return sk_CMS_SignerInfo_value(signers, 0);
}

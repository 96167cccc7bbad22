#include <stdlib.h>

#include "gateway/cert/inside.h"

enum sg_status cert_anchors_load(const char *path, struct cert_anchors **out,
                                 struct sg_error *why)
{
    struct cert_anchors *anchors = (struct cert_anchors *)calloc(1, sizeof(*anchors));

    if (anchors == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = pem_read(path, "list of trust anchors", &anchors->list, why);
    if (status != SG_OK) {
        cert_anchors_free(anchors);
        return status;
    }
    *out = anchors;
    return SG_OK;
}

void cert_anchors_free(struct cert_anchors *anchors)
{
    if (anchors != NULL) {
        pem_free(&anchors->list);
        free(anchors);
    }
}

#include "client/pdf/job.h"
#include "client/pdf/pdf.h"

enum sg_status pdf_embed(struct pdf_job *job, struct slice cms, struct slice *appendix)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *hex = job->appendix.data + job->holes.contents + 1;

    if (cms.len > job->reserve) {
        return SG_TOO_LARGE;
    }
    if (job->reserve == 0) { /* PDF_ADDS_STORE */
        *appendix = pdf_buffer_slice(&job->appendix);
        return SG_OK;
    }
    for (size_t i = 0; i < cms.len; i++) {
        hex[2 * i] = (uint8_t)digits[cms.data[i] >> 4];
        hex[2 * i + 1] = (uint8_t)digits[cms.data[i] & 15];
    }
    memset(hex + 2 * cms.len, '0', 2 * (job->reserve - cms.len));
    *appendix = pdf_buffer_slice(&job->appendix);
    return SG_OK;
}

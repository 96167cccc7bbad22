#include "gateway/transport/library.h"

#include <nghttp2/nghttp2.h>

const char *transport_library(void)
{
    return nghttp2_version(0)->version_str;
}

const char *transport_library_built(void)
{
    return NGHTTP2_VERSION;
}

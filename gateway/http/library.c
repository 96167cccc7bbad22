#include "gateway/http/library.h"

#include <curl/curl.h>

const char *http_library(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *http_library_built(void)
{
    return LIBCURL_VERSION;
}

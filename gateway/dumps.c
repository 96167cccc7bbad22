#include "gateway/dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

bool dumps_forbid(void)
{
    const struct rlimit none = {0, 0};

    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

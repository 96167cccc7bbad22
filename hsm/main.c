#include <unistd.h>

#include "hsm/tool/tool.h"
#include "proto/standard.h"

int main(int argc, char **argv)
{
    int code = standard_keep() ? tool_main(argc, argv) : TOOL_FAILED;
    _exit(code); /* modules are known to crash in what runs at exit */
}

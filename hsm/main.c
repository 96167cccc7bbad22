#include <unistd.h>

#include "hsm/tool.h"

int main(int argc, char **argv)
{
    int code = tool_main(argc, argv);
    _exit(code); /* modules are known to crash in what runs at exit */
}

#include "client/segel/bulk_share.h"

static unsigned between(uint64_t count, unsigned most)
{
    return count < 1 ? 1 : count > most ? most : (unsigned)count;
}

struct bulk_share bulk_share_of(uint64_t files_max)
{
    uint64_t files = files_max / BULK_FILES_PART;

    return (struct bulk_share){.finishers =
                                   between(files / BULK_FINISH_MAX, BULK_FINISHERS),
                               .letters = between(files, BULK_FINISH_MAX)};
}

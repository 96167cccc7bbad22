#include "proto/remarks.h"

#include "proto/base.h"

static const struct {
    const char *list;
    const char *more;
} names[] = {
#define REMARK(name, list, more, word) [REMARK_##name] = {list, more},
#include "proto/remarks.def"
#undef REMARK
};

const char *remark_list(enum remark remark)
{
    MUST(remark < REMARKS);
    return names[remark].list;
}

const char *remark_more(enum remark remark)
{
    MUST(remark < REMARKS);
    return names[remark].more;
}

#include "gateway/service/health/beats.h"

bool beats_fresh(const struct beats *beats, int64_t now_us, int64_t patience_us,
                 FILE *out)
{
    const struct {
        int64_t us;
        const char *what;
    } rows[] = {{beats->core_us, "the core stands still\n"},
                {beats->lanes_us, "nobody looks after the lanes\n"},
                {beats->loops_us, "an I/O loop stands still\n"}};
    bool fresh = true;

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        bool late = now_us - rows[i].us >= patience_us;
        fresh = fresh && !late;
        if (late && out != NULL) {
            (void)fputs(rows[i].what, out);
        }
    }
    return fresh;
}

#include "gateway/service/oneline.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/inside.h"
#include "gateway/service/serving.h"

enum { AGAIN_US = 1000000, LINE_SIZE = 320 };

static void first_fault(const struct vitals *vitals, char line[LINE_SIZE])
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL) {
        return;
    }
    bool amiss = serving_amiss(vitals, out);
    (void)fclose(out);
    if (amiss && text != NULL) {
        (void)snprintf(line, LINE_SIZE, "not all is served: %.*s",
                       (int)strcspn(text, "\n"), text);
    }
    free(text);
}

const char *services_oneline(struct services *services)
{
    static char line[LINE_SIZE];
    static int64_t due_us;
    int64_t now_us = clock_mono_us();

    if (services_resting(services)) {
        return "out of rotation; who comes is served";
    }
    if (now_us < due_us) {
        return line;
    }
    due_us = now_us + AGAIN_US;
    core_report(services->options.core, services->line_report);
    const struct vitals vitals = {.report = services->line_report, .log_readable = true};
    (void)snprintf(line, sizeof(line), "serving");
    if (serving_of(&vitals, "") != SERVING_YES) {
        first_fault(&vitals, line);
    }
    return line;
}

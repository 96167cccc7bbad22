#include "tests/unit/base/support/config_file.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct config_file tried;

void config_file_make(void)
{
    (void)snprintf(tried.folder, sizeof(tried.folder), "/tmp/segel-config-XXXXXX");
    cr_assert_not_null(mkdtemp(tried.folder));
    (void)snprintf(tried.path, sizeof(tried.path), "%s/segeld.yaml", tried.folder);
}

void config_file_remove(void)
{
    config_free(tried.config);
    (void)unlink(tried.path);
    (void)rmdir(tried.folder);
}

enum sg_status config_file_load(const char *format, ...)
{
    FILE *file = fopen(tried.path, "w");
    va_list values;

    cr_assert_not_null(file);
    va_start(values, format);
    (void)vfprintf(file, format, values);
    va_end(values);
    cr_assert_eq(fclose(file), 0);
    config_free(tried.config);
    tried.config = NULL;
    return config_load(tried.path, &tried.config, &tried.why);
}

void config_file_refused(enum sg_status status, const char *place, const char *word)
{
    cr_expect_eq(status, SG_INVALID, "%s", word);
    cr_expect_not_null(strstr(tried.why.text, place), "%s", tried.why.text);
    cr_expect_not_null(strstr(tried.why.text, word), "'%s' is not in: %s", word,
                       tried.why.text);
}

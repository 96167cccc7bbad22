#include "client/commands/ceremony/script_file.h"

#include "client/console/nearest.h"

enum { NAMES_MAX = 32 };

static bool is_path(const char *name)
{
    static const char end[] = ".ceremony";
    size_t len = strlen(name);

    return strchr(name, '/') != NULL ||
           (len > strlen(end) && strcmp(name + len - strlen(end), end) == 0);
}

static enum sg_status no_such(const char *name, struct sg_error *why)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    while (count < NAMES_MAX && shipped_script(count, &names[count]).len > 0) {
        count++;
    }
    const char *best = nearest(name, names, count);
    return sg_fail(why, SG_NOT_FOUND, "there is no ceremony '%.64s': %s%s%s", name,
                   best == NULL ? "'segel ceremony list' shows them" : "did you mean '",
                   best == NULL ? "" : best, best == NULL ? "" : "'?");
}

static enum sg_status get_bytes(const char *name, struct ceremony_script *out,
                                struct sg_error *why)
{
    if (is_path(name)) {
        TRY(file_read(name, SCRIPT_MAX, &out->file, why));
        out->bytes = slice_of(out->file.data, out->file.len);
        return SG_OK;
    }
    out->bytes = shipped_find(name);
    return out->bytes.len > 0 ? SG_OK : no_such(name, why);
}

enum sg_status ceremony_script_find(const char *name, struct ceremony_script *out,
                                    struct sg_error *why)
{
    struct sg_error plain = {0};

    TRY(get_bytes(name, out, why));
    enum sg_status status = script_parse(out->bytes, &out->script, &plain);
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%.100s: %s", name, plain.text);
}

void ceremony_script_free(struct ceremony_script *script)
{
    file_free(&script->file);
}

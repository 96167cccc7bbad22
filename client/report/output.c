#include "client/report/output.h"

#include <stdlib.h>

#include "client/report/output_inside.h"
#include "proto/text.h"

void made_fini(struct made *made)
{
    figures_fini(&made->figures);
    free(made->json);
}

static struct content content_of(const struct output *output, const struct made *made)
{
    return (struct content){.report = &output->account->report,
                            .evidence = &output->account->evidence,
                            .figures = &made->figures,
                            .hands = output->hands,
                            .origin = output->account->origin,
                            .for_ca = output->for_ca};
}

enum sg_status made_write(const struct output *output, const struct made *made,
                          struct paper *paper)
{
    struct content content = content_of(output, made);

    if (paper == NULL) {
        return SG_NO_MEMORY;
    }
    paper->indonesian = output->indonesian;
    paper->zone = &output->account->report.period.zone;
    paper->sha256 = made->sha256;
    sections_write(&content, paper);
    return paper_free(paper);
}

static enum sg_status make_json(const struct output *output, struct made *made)
{
    FILE *memory = open_memstream(&made->json, &made->json_len);

    if (memory == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = made_write(output, made, paper_json(memory));
    if (fclose(memory) != 0 || status != SG_OK) {
        return SG_NO_MEMORY;
    }
    struct tlog_hash hash = tlog_sha256(slice_of(made->json, made->json_len));
    text_hex(slice_of(hash.bytes, sizeof(hash.bytes)), made->sha256);
    return SG_OK;
}

enum sg_status made_make(const struct output *output, struct made *made,
                         struct sg_error *why)
{
    enum sg_status status =
        figures_make(&output->account->report, output->for_ca, &made->figures);

    if (status == SG_OK) {
        status = make_json(output, made);
    }
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%s", sg_status_text(status));
}

enum sg_status made_tell(const struct output *output, const struct made *made,
                         struct sg_error *why)
{
    return output->tell == NULL ? SG_OK
                                : output->tell(output->context, made->sha256, why);
}

/* The hash is of all bytes before its own line. */
static enum sg_status put_json(const struct made *made, FILE *stream)
{
    bool written =
        fwrite(made->json, 1, made->json_len, stream) == made->json_len &&
        fprintf(stream, "\"%s\": \"%s\"\n}\n", phrase_key(PHRASE_HASH), made->sha256) > 0;

    return written ? SG_OK : SG_IO;
}

enum sg_status made_put(const struct output *output, const struct made *made,
                        enum output_format format, FILE *stream)
{
    static struct paper *(*const papers[OUTPUT_FORMATS])(FILE * out) = {
        [OUTPUT_TEXT] = paper_text, [OUTPUT_HTML] = paper_html, [OUTPUT_CSV] = paper_csv};

    return format == OUTPUT_JSON ? put_json(made, stream)
                                 : made_write(output, made, papers[format](stream));
}

enum sg_status output_stream(const struct output *output, enum output_format format,
                             FILE *stream, struct sg_error *why)
{
    AUTO(made_fini) struct made made = {.json = NULL};

    TRY(made_make(output, &made, why));
    TRY(made_tell(output, &made, why));
    return made_put(output, &made, format, stream) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_IO, "the report could not be written whole");
}

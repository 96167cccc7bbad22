/* What a letter costs before and after its signature: read, stamped, hashed, and the CMS
 * put in. Processor time of this process and of the ones it starts, by size of the
 * letter; the signing itself is another figure. Figures to read, nothing is asserted.
 *
 *   letters [SECONDS [NAME]]    a measurement, 1 unless said otherwise; one letter alone.
 * The last line is JSON */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "client/pdf/build.h"
#include "client/pdf/pdf.h"
#include "proto/json.h"
#include "proto/text.h"

enum { OBJECTS_MAX = 4096, CMS_LEN = 3400, RESERVE = 4096, TENTHS_MAX = 600 };

/* A letter as an office program writes it: pages with text, and streams that are fonts or
 * pictures and that nobody looks into. */
struct shape {
    const char *name;
    int pages;
    int streams;
    size_t stream_len;
    int small; /* further objects without a stream */
};

static const struct shape shapes[] = {
    {"65kB", 2, 4, 15000, 20},        {"65kB-invisible", 2, 4, 15000, 20},
    {"1MB", 4, 4, 248000, 40},        {"10MB", 30, 30, 331000, 120},
    {"manual", 150, 10, 15000, 2400},
};

struct maker {
    FILE *out;
    long offsets[OBJECTS_MAX];
    int count;
};

static int begin_object(struct maker *maker)
{
    MUST(maker->count < OBJECTS_MAX);
    maker->offsets[maker->count++] = ftell(maker->out);
    (void)fprintf(maker->out, "%d 0 obj\n", maker->count);
    return maker->count;
}

static void put_stream(struct maker *maker, size_t len)
{
    uint32_t state = 20260502;

    (void)begin_object(maker);
    (void)fprintf(maker->out, "<< /Length %zu >>\nstream\n", len);
    for (size_t i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        (void)fputc((int)(state >> 24), maker->out);
    }
    (void)fputs("\nendstream\nendobj\n", maker->out);
}

/* A page full of lines. */
static void put_content(struct maker *maker)
{
    static const char line[] = "72 720 m 523 720 l S\n";
    enum { LINES = 60, LEN = sizeof(line) - 1 };

    (void)begin_object(maker);
    (void)fprintf(maker->out, "<< /Length %d >>\nstream\n", LINES * LEN);
    for (int i = 0; i < LINES; i++) {
        (void)fputs(line, maker->out);
    }
    (void)fputs("\nendstream\nendobj\n", maker->out);
}

/* Objects 3 to pages + 2; each with a content of its own behind them. */
static void put_pages(struct maker *maker, int pages)
{
    (void)begin_object(maker);
    (void)fputs("<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", maker->out);
    (void)begin_object(maker);
    (void)fprintf(maker->out, "<< /Type /Pages /Count %d /Kids [", pages);
    for (int i = 0; i < pages; i++) {
        (void)fprintf(maker->out, " %d 0 R", 3 + i);
    }
    (void)fputs(" ] >>\nendobj\n", maker->out);
    for (int i = 0; i < pages; i++) {
        (void)begin_object(maker);
        (void)fprintf(maker->out,
                      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                      "/Resources << /Font << >> >> /Contents %d 0 R >>\nendobj\n",
                      3 + pages + i);
    }
    for (int i = 0; i < pages; i++) {
        put_content(maker);
    }
}

static void put_end(struct maker *maker)
{
    long xref = ftell(maker->out);

    (void)fprintf(maker->out, "xref\n0 %d\n0000000000 65535 f \n", maker->count + 1);
    for (int i = 0; i < maker->count; i++) {
        (void)fprintf(maker->out, "%010ld 00000 n \n", maker->offsets[i]);
    }
    (void)fprintf(maker->out,
                  "trailer\n<< /Size %d /Root 1 0 R "
                  "/ID [<00112233445566778899aabbccddeeff> <00>] >>\n"
                  "startxref\n%ld\n%%%%EOF\n",
                  maker->count + 1, xref);
}

static struct slice make(const struct shape *shape)
{
    static struct maker maker;
    char *text = NULL;
    size_t len = 0;

    maker = (struct maker){.out = open_memstream(&text, &len)};
    MUST(maker.out != NULL);
    (void)fputs("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", maker.out);
    put_pages(&maker, shape->pages);
    for (int i = 0; i < shape->streams; i++) {
        put_stream(&maker, shape->stream_len);
    }
    for (int i = 0; i < shape->small; i++) {
        (void)begin_object(&maker);
        (void)fprintf(maker.out,
                      "<< /Type /StructElem /K [%d] /S /P /Pg 3 0 R >>\nendobj\n", i);
    }
    put_end(&maker);
    MUST(fclose(maker.out) == 0);
    return slice_of(text, len);
}

static struct pdf_wish wish_of(const struct shape *shape)
{
    struct pdf_wish wish = {
        .hash = SG_HASH_SHA256,
        .reserve = RESERVE,
        .signing_time_us = INT64_C(1777683723000000),
        .name = "Kepala Dinas",
        .reason = "Persetujuan",
    };

    if (strstr(shape->name, "invisible") == NULL) {
        wish.page = 1;
        wish.rect = (struct pdf_rect){.x = 60, .y = 30, .width = 400, .height = 70};
        wish.statement =
            "Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat "
            "elektronik yang diterbitkan oleh Balai Sertifikasi Elektronik (BSrE), BSSN.";
        wish.qr_text = "https://segel.example.go.id/v/01M8B4VNJ98ZRCR0870Y51ZDV1";
    }
    return wish;
}

/* --- What is measured -------------------------------------------------------------- */

struct run {
    struct slice pdf;
    struct pdf_wish wish;
    struct pdf_job *job; /* of the last prepare */
};

/* Without the stamp, and without the process that reads for us. */
static void read_only(struct run *run)
{
    struct pdf_wish invisible = run->wish;
    struct pdf_order order = {.pdf = run->pdf, .wish = &invisible};
    struct pdf_buffer answer = {.data = NULL};
    struct pdf_built built;

    invisible.page = 0;
    pdf_build(&order, &answer);
    MUST(answer.len > sizeof(built));
    memcpy(&built, answer.data, sizeof(built));
    MUST(built.status == SG_OK);
    pdf_buffer_fini(&answer);
}

static void prepare(struct run *run)
{
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {.text = ""};

    pdf_job_free(run->job);
    run->job = NULL;
    MUST(pdf_prepare(run->pdf, &run->wish, &run->job, &refusal, &why) == SG_OK);
}

static void embed(struct run *run)
{
    static const uint8_t cms[CMS_LEN] = {0x30};
    struct slice appendix;

    MUST(pdf_embed(run->job, slice_of(cms, sizeof(cms)), &appendix) == SG_OK);
}

static double us_of(struct timeval time)
{
    return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static double cpu_us(void)
{
    struct rusage own;
    struct rusage children;

    MUST(getrusage(RUSAGE_SELF, &own) == 0);
    MUST(getrusage(RUSAGE_CHILDREN, &children) == 0);
    return us_of(own.ru_utime) + us_of(own.ru_stime) + us_of(children.ru_utime) +
           us_of(children.ru_stime);
}

/* Microseconds of processor time a turn. */
static double measure(void (*step)(struct run *run), struct run *run, double seconds)
{
    double start = 0;
    double spent = 0;
    int turns = 0;

    step(run); /* fills caches */
    start = cpu_us();
    while (spent < seconds * 1e6) {
        for (int i = 0; i < 8; i++) {
            step(run);
        }
        turns += 8;
        spent = cpu_us() - start;
    }
    return spent / turns;
}

static void drop(struct slice pdf)
{
    union {
        const uint8_t *from;
        void *to;
    } text = {.from = pdf.data};

    free(text.to);
}

static void report(const struct shape *shape, double seconds, struct json_out *json)
{
    struct run run = {.pdf = make(shape), .wish = wish_of(shape)};
    double reading = measure(read_only, &run, seconds);
    double preparing = measure(prepare, &run, seconds);
    double embedding = measure(embed, &run, seconds / 4);

    (void)printf("%-16s %9zu %12.0f %12.0f %9.1f %11.0f\n", shape->name, run.pdf.len,
                 reading, preparing, embedding, 1e6 / (preparing + embedding));
    json_open_object(json, NULL);
    json_str(json, "letter", shape->name);
    json_uint(json, "bytes", run.pdf.len);
    json_double(json, "read_us", reading);
    json_double(json, "prepare_us", preparing);
    json_double(json, "embed_us", embedding);
    json_end(json);
    pdf_job_free(run.job);
    drop(run.pdf);
}

static int write_letter(const char *name, const char *path)
{
    for (size_t i = 0; i < SG_COUNT(shapes); i++) {
        if (strcmp(name, shapes[i].name) == 0) {
            struct slice pdf = make(&shapes[i]);
            FILE *out = fopen(path, "wb");
            MUST(out != NULL && fwrite(pdf.data, 1, pdf.len, out) == pdf.len);
            MUST(fclose(out) == 0);
            drop(pdf);
            return 0;
        }
    }
    (void)fprintf(stderr, "letters: there is no letter '%s'\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    char buffer[4096];
    struct json_out json;
    struct slice text;
    uint64_t tenths = 10;

    if (argc == 4 && strcmp(argv[1], "write") == 0) {
        return write_letter(argv[2], argv[3]);
    }
    if (argc > 1 && text_uint(slice_str(argv[1]), TENTHS_MAX, &tenths) == SG_OK) {
        tenths *= 10;
    }
    json_start(&json, buffer, sizeof(buffer));
    json_open_object(&json, NULL);
    json_open_array(&json, "letters");
    (void)printf("%-16s %9s %12s %12s %9s %11s\n", "letter", "bytes", "read µs",
                 "prepare µs", "embed µs", "a core/s");
    for (size_t i = 0; i < SG_COUNT(shapes); i++) {
        if (argc < 3 || strcmp(argv[2], shapes[i].name) == 0) {
            report(&shapes[i], (double)tenths / 10, &json);
        }
    }
    json_end(&json);
    json_end(&json);
    MUST(json_finish(&json, &text) == SG_OK);
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    return 0;
}

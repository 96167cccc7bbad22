/* A letter, with a byte before it that says what is wished: it is refused with a
 * sentence, or what is appended makes one signature more than the letter had, over the
 * whole file, and leaves those that it had as they were. Reading takes place in this
 * process, not in the one that the product starts for it: so the guard is our own here.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/guard/guard.h"
#include "client/pdf/pdf.h"
#include "tests/fuzz/support/fuzz.h"

enum { VISIBLE = 1, LAST_PAGE = 2, EXISTING = 4, WHOLE_MAX = 1 << 18 };

/* The smallest value that counts as a CMS. */
static const uint8_t cms[] = {0x30, 3, 2, 1, 5};

enum sg_status pdf_guard_run(pdf_guard_fn work, const void *context,
                             struct pdf_buffer *answer, struct pdf_verdict *verdict)
{
    (void)verdict;
    work(context, answer);
    return pdf_buffer_check(answer);
}

/* There is no process that lives on either. */
enum sg_status pdf_guard_ask(const struct pdf_guard_parcel *parcel,
                             struct pdf_buffer *answer)
{
    (void)parcel;
    (void)answer;
    return SG_UNSUPPORTED;
}

uint64_t pdf_guard_serial(void)
{
    return 1;
}

static void close_document(struct pdf_document **document)
{
    pdf_close(*document);
}

static void free_job(struct pdf_job **job)
{
    pdf_job_free(*job);
}

static struct pdf_wish wish_of(uint8_t choice)
{
    struct pdf_wish wish = {
        .hash = SG_HASH_SHA256,
        .reserve = 256,
        .signing_time_us = INT64_C(1777683723000000),
    };

    if ((choice & VISIBLE) != 0) {
        wish.page = (choice & LAST_PAGE) != 0 ? -1 : 1;
        wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 100, .height = 20};
    }
    if ((choice & EXISTING) != 0) {
        wish.field = "letter.head";
    }
    return wish;
}

/* The letter and what is appended; its length. */
static size_t sign(struct slice pdf, struct pdf_job *job, uint8_t whole[WHOLE_MAX])
{
    struct slice appendix;

    MUST(pdf_embed(job, slice_of(cms, sizeof(cms)), &appendix) == SG_OK);
    MUST(pdf.len + appendix.len <= WHOLE_MAX);
    memcpy(whole, pdf.data, pdf.len);
    memcpy(whole + pdf.len, appendix.data, appendix.len);
    return pdf.len + appendix.len;
}

static bool same(const struct pdf_signature *a, const struct pdf_signature *b)
{
    return strcmp(a->field, b->field) == 0 && slice_equal(a->cms, b->cms) &&
           a->ranges_sound == b->ranges_sound &&
           memcmp(a->range, b->range, sizeof(a->range)) == 0;
}

/* Is there a signature among those of the document like this one? */
static bool has(const struct pdf_document *document, const struct pdf_signature *wanted)
{
    for (size_t i = 0; i < pdf_signature_count(document); i++) {
        if (same(pdf_signature(document, i), wanted)) {
            return true;
        }
    }
    return false;
}

static void check_added(struct slice whole, const struct pdf_document *before,
                        const char *field)
{
    AUTO(close_document) struct pdf_document *after = NULL;
    struct sg_error why = {.text = ""};
    size_t count = pdf_signature_count(before);
    size_t ours = 0;

    MUST(pdf_open(whole, &after, &why) == SG_OK);
    MUST(pdf_signature_count(after) == count + 1);
    for (size_t i = 0; i < count; i++) {
        MUST(has(after, pdf_signature(before, i)));
    }
    for (size_t i = 0; i <= count; i++) {
        const struct pdf_signature *one = pdf_signature(after, i);
        if (!one->covers_file) {
            continue;
        }
        ours++;
        MUST(one->ranges_sound && slice_equal(one->cms, slice_of(cms, sizeof(cms))));
        MUST(field != NULL ? strcmp(one->field, field) == 0
                           : strncmp(one->field, "Signature", 9) == 0);
    }
    MUST(ours == 1);
}

/* One that could be signed in a new field can be signed in another. */
static void check_again(struct slice whole)
{
    AUTO(free_job) struct pdf_job *job = NULL;
    struct pdf_wish wish = wish_of(0);
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {.text = ""};

    MUST(pdf_prepare(whole, &wish, &job, &refusal, &why) == SG_OK ||
         refusal == PDF_OBJECT_NUMBERS);
}

/* --- Mutations that leave the tables of objects true ---------------------------------
 */

/* Tables of the seeds: for each object "NUMBER 1", and a line of these. */
enum { DIGITS = 10, ENTRY = 20 };
static const char entry_end[] = " 00000 n \n";

static void put_offset(uint8_t *at, size_t offset)
{
    char digits[DIGITS + 1];

    (void)snprintf(digits, sizeof(digits), "%010zu", offset % 1000000000);
    memcpy(at, digits, DIGITS);
}

/* Where the last occurrence begins; len = there is none. */
static size_t last_of(struct slice text, const char *word)
{
    size_t size = strlen(word);

    for (size_t at = text.len; at >= size; at--) {
        if (memcmp(text.data + at - size, word, size) == 0) {
            return at - size;
        }
    }
    return text.len;
}

/* The number in front of " 1\n" at the end of this text. false: something else. */
static bool number_before(struct slice text, long *number)
{
    size_t at = text.len < 3 ? 0 : text.len - 3;
    size_t first = at;

    if (at == 0 || memcmp(text.data + at, " 1\n", 3) != 0) {
        return false;
    }
    while (first > 0 && at - first < 8 && isdigit(text.data[first - 1])) {
        first--;
    }
    *number = strtol((const char *)text.data + first, NULL, 10);
    return first < at;
}

static void mend_entry(uint8_t *data, size_t len, size_t entry)
{
    char head[32];
    long number = 0;

    if (!number_before(slice_of(data, entry), &number)) {
        return;
    }
    (void)snprintf(head, sizeof(head), "\n%ld 0 obj", number);
    size_t at = last_of(slice_of(data, len), head);
    if (at < len) {
        put_offset(data + entry, at); /* counts the byte in front, which goes off */
    }
}

static void mend(uint8_t *data, size_t len)
{
    static const char end[] = "startxref\n";
    const size_t end_len = sizeof(end) - 1;
    size_t end_at = last_of(slice_of(data, len), end);
    size_t table = last_of(slice_of(data, end_at), "\nxref\n");

    for (size_t at = 0; at + ENTRY <= len; at++) {
        if (memcmp(data + at + DIGITS, entry_end, ENTRY - DIGITS) == 0) {
            mend_entry(data, len, at);
        }
    }
    if (table < end_at && end_at + end_len + DIGITS <= len) {
        put_offset(data + end_at + end_len, table);
    }
}

/* What is damaged is seldom the table: everything else would hide behind it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    size_t mutated = LLVMFuzzerMutate(data, len, cap);

    if (seed % 8 != 0 && mutated > 0) {
        mend(data, mutated);
    }
    return mutated;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t whole[WHOLE_MAX];
    struct slice pdf = slice_of(data, len);
    struct pdf_wish wish = wish_of(fuzz_choice(&pdf));
    AUTO(free_job) struct pdf_job *job = NULL;
    AUTO(close_document) struct pdf_document *before = NULL;
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {.text = ""};
    bool listed = pdf_open(pdf, &before, &why) == SG_OK;

    MUST(listed || why.text[0] != '\0');
    why.text[0] = '\0';
    if (pdf_prepare(pdf, &wish, &job, &refusal, &why) != SG_OK) {
        MUST(refusal != PDF_ACCEPTED && why.text[0] != '\0');
        return 0;
    }
    MUST(listed && pdf_job_digest(job).len == 32);
    struct slice signed_letter = slice_of(whole, sign(pdf, job, whole));
    check_added(signed_letter, before, wish.field);
    if (wish.field == NULL) {
        check_again(signed_letter);
    }
    return 0;
}

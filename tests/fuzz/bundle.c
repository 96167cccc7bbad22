/* The readers of a bundle's own forms: manifest, tar header, and a record. What is
 * accepted is written again as the very same bytes, and a record is read by others. */
#include <jansson.h>
#include <stdlib.h>

#include "client/audit/audit.h"
#include "client/bundle/manifest.h"
#include "client/bundle/tar.h"
#include "proto/tlog/lines.h"
#include "tests/fuzz/support/fuzz.h"

static void try_manifest(struct slice text)
{
    struct manifest_head head;
    struct manifest_file file;
    struct slice line = {0};
    struct slice rest = text;
    char again[MANIFEST_HEAD_MAX];
    size_t len = 0;

    for (unsigned i = 0; i < MANIFEST_HEAD_LINES; i++) {
        if (!lines_next(&rest, &line) || manifest_head_line(i, line, &head) != SG_OK) {
            return;
        }
    }
    if (!manifest_head_sound(&head)) {
        return;
    }
    MUST(manifest_write_head(&head, again, &len) == SG_OK);
    MUST(slice_equal(slice_of(again, len), slice_of(text.data, text.len - rest.len)));
    while (lines_next(&rest, &line) && manifest_file_line(line, &file) == SG_OK) {
        MUST(bundle_path_valid(slice_str(file.path)));
        MUST(strstr(file.path, "..") == NULL || strstr(file.path, "/../") == NULL);
        len = manifest_write_file(&file, again);
        MUST(slice_equal(slice_of(again, len), slice_of(line.data, line.len + 1)));
    }
}

static void try_header(struct slice bytes)
{
    uint8_t block[TAR_BLOCK] = {0};
    uint8_t again[TAR_BLOCK];
    char path[BUNDLE_PATH_MAX + 1];
    uint64_t size = 0;

    memcpy(block, bytes.data, bytes.len < TAR_BLOCK ? bytes.len : TAR_BLOCK);
    if (tar_header_read(block, path, &size) == SG_OK) {
        tar_header_write(path, size, again);
        MUST(memcmp(block, again, TAR_BLOCK) == 0);
    }
}

static void try_record(struct slice json)
{
    static uint8_t text[65536];
    struct audit audit;
    struct scan scan;

    if (scan_record(json, &scan) == SG_OK) {
        for (int i = 0; i < MEMBER_COUNT; i++) {
            size_t len = scan_text(&scan, (enum member)i, text, sizeof(text));
            MUST(len <= scan_raw(&scan, (enum member)i).len || len == sizeof(text));
        }
        json_t *tree =
            json_loadb((const char *)json.data, json.len, JSON_ALLOW_NUL, NULL);
        MUST(tree != NULL); /* reports and tables show what is nested in it */
        json_decref(tree);
    }
    audit_start(&audit);
    for (uint64_t i = 0; i < 3; i++) {
        MUST(audit_record(&audit, i, json) == SG_OK);
    }
    (void)audit_end(&audit);
    MUST(audit.fault_count > 0); /* one record cannot stand at three places */
    audit_fini(&audit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static void (*const tries[])(struct slice) = {try_manifest, try_header, try_record};
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    uint8_t *copy = fuzz_copy(input);

    tries[choice % SG_COUNT(tries)](slice_of(copy, input.len));
    free(copy);
    return 0;
}

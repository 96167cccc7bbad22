#ifndef SEGEL_CLIENT_BUNDLE_VERDICT_H
#define SEGEL_CLIENT_BUNDLE_VERDICT_H

#include "client/bundle/manifest.h"
#include "proto/base.h"

/* What the checks of a bundle came to, and how that is told. */
enum bundle_check {
#define CHECK(name, word, title, english, indonesian) CHECK_##name,
#include "client/bundle/checks.def"
#undef CHECK
    CHECK_COUNT
};
enum bundle_finding {
#define FINDING(name, check, weight, english, indonesian) FINDING_##name,
#include "client/bundle/findings.def"
#undef FINDING
    FINDING_COUNT
};
enum check_state {
    STATE_OPEN, /* not come to */
    STATE_OK,
    STATE_WARNING,
    STATE_FAILED
};

/* How segel-verify ends. */
enum verdict_code {
    VERDICT_SOUND = 0,
    VERDICT_TAMPERED = 1,
    VERDICT_UNANCHORED = 2,
    VERDICT_UNREADABLE = 3
};

enum verdict_language { VERDICT_ENGLISH, VERDICT_INDONESIAN };

/* Findings that are kept of each check: none crowds out another's. */
enum { VERDICT_SHOWN = 16, VERDICT_ABOUT = 200 };
struct verdict {
    enum verdict_language language; /* set it before the checks */
    struct manifest_head head;
    enum check_state states[CHECK_COUNT];
    uint64_t counts[CHECK_COUNT]; /* findings */
    size_t shown_count;
    struct {
        enum bundle_finding finding;
        char about[VERDICT_ABOUT];
    } shown[CHECK_COUNT * VERDICT_SHOWN]; /* the first ones of each check */
    /* of the records */
    uint64_t records;
    uint64_t signed_count;
    uint64_t failed;
    uint64_t indeterminate;
    uint64_t denials;
    uint64_t under_way;
    uint64_t checkpoints; /* that were held against the records */
    int64_t first_us;
    int64_t last_us;
    /* of the witnesses */
    unsigned quorum;        /* 0: not asked for */
    uint64_t anchored_size; /* the largest tree with a quorum */
    uint64_t anchored_s;    /* by then: unix seconds, the quorum's last cosignature */
};

void verdict_find(struct verdict *verdict, enum bundle_finding finding,
                  const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The check was made to its end: well, unless something was found. */
void verdict_done(struct verdict *verdict, enum bundle_check check);
/* A check that was not made to its end is no good one. */
enum verdict_code verdict_code(const struct verdict *verdict);

/* One line a check. */
void verdict_print(const struct verdict *verdict);
/* One object; the names and words of its members are the same in all languages. */
void verdict_print_json(const struct verdict *verdict);

#endif

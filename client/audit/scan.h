#ifndef SEGEL_CLIENT_AUDIT_SCAN_H
#define SEGEL_CLIENT_AUDIT_SCAN_H

#include "proto/base.h"
#include "proto/slice.h"

/* One record taken apart without a copy: a strict reading of RFC 8259 in one pass, which
 * keeps where the members of members.def and inner.def stand. Millions of records a
 * minute go through here, so there is no tree of values and no memory to be had. */
enum member {
#define MEMBER(name, spelling) MEMBER_##name,
#include "client/audit/members.def"
#undef MEMBER
    MEMBER_COUNT
};
enum inner {
#define INNER(name, parent, member) INNER_##name,
#include "client/audit/inner.def"
#undef INNER
    INNER_COUNT
};
enum member_kind { MEMBER_ABSENT, MEMBER_TEXT, MEMBER_NUMBER, MEMBER_OTHER };

struct scan_member {
    enum member_kind kind;
    struct slice raw; /* borrowed; of a text what stands between the quotes, of a number,
                         true, false and null all of it, of a list in inner that of
                         its first value; else empty */
};
struct scan {
    struct scan_member members[MEMBER_COUNT];
    struct scan_member inner[INNER_COUNT];
};

/* SG_INVALID: not one JSON object, text that is not UTF-8, what not all programs read
 * (alike.h), a member of the record twice, more than 64 members, more than 16 levels.
 * SG_CORRUPT: the name of one of its members,
 * or a WORD of members.def, is spelt with escapes: no gateway writes that, and it would
 * not be to all readers what it is here. */
SG_MUST_USE enum sg_status scan_record(struct slice json, struct scan *out);

/* false: absent, not a plain number from 0 to 2^63 - 1. */
bool scan_uint(const struct scan *scan, enum member member, uint64_t *out);
/* The text as it is written, escapes and all; empty when it is absent or no text. */
struct slice scan_raw(const struct scan *scan, enum member member);
/* Whether a WORD of members.def is this text. */
bool scan_is(const struct scan *scan, enum member member, const char *text);
/* Whether it is true, and no text that says so. */
bool scan_true(const struct scan *scan, enum inner inner);
/* The text without its escapes, which never makes it longer; cut at cap. Its length. */
size_t scan_text(const struct scan *scan, enum member member, uint8_t *out, size_t cap);
/* The same of any text or name that scan_record has accepted. */
size_t scan_unescape(struct slice raw, uint8_t *out, size_t cap);

#endif

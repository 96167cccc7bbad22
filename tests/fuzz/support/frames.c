/* Mutations that keep HTTP/2 frames whole, for the session: libFuzzer's own would spend
 * most of their time on lengths that do not fit. Linked where a target's input is one
 * byte and then frames. */
#include "tests/fuzz/support/frames.h"

#include "tests/fuzz/support/fuzz.h"

enum { HEAD = 9, FRAMES_MAX = 256, INPUT_MAX = 1 << 17, PAYLOAD_MAX = 0xFFFFFF };

struct edit {
    uint64_t random;
    size_t cap;
    size_t len;
    size_t starts[FRAMES_MAX + 1]; /* of each frame; then the end */
    size_t count;
    uint8_t *data;
};

static size_t pick(struct edit *edit, size_t below)
{
    return (size_t)(fuzz_random(&edit->random) >> 16) % below;
}

static void find_frames(struct edit *edit)
{
    size_t at = 1;

    edit->count = 0;
    while (edit->count < FRAMES_MAX && at + HEAD <= edit->len) {
        const uint8_t *head = edit->data + at;
        size_t len = HEAD + ((size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2]);
        edit->starts[edit->count++] = at;
        at = len > edit->len - at ? edit->len : at + len;
    }
    edit->starts[edit->count] = at;
}

/* Puts bytes in the place of those from at to end. */
static void replace(struct edit *edit, size_t at, size_t end, struct slice bytes)
{
    static uint8_t kept[INPUT_MAX];

    if (edit->len - (end - at) + bytes.len > edit->cap || bytes.len > sizeof(kept)) {
        return;
    }
    if (bytes.len > 0) {
        memcpy(kept, bytes.data, bytes.len);
    }
    memmove(edit->data + at + bytes.len, edit->data + end, edit->len - end);
    if (bytes.len > 0) {
        memcpy(edit->data + at, kept, bytes.len);
    }
    edit->len = edit->len - (end - at) + bytes.len;
}

static struct slice frame_at(const struct edit *edit, size_t frame)
{
    return slice_of(edit->data + edit->starts[frame],
                    edit->starts[frame + 1] - edit->starts[frame]);
}

static void set_length(uint8_t *head, size_t len)
{
    head[0] = (uint8_t)(len >> 16);
    head[1] = (uint8_t)(len >> 8);
    head[2] = (uint8_t)len;
}

static void change_payload(struct edit *edit, size_t frame)
{
    static uint8_t changed[INPUT_MAX];
    struct slice whole = frame_at(edit, frame);

    if (whole.len > sizeof(changed) / 2) {
        return;
    }
    memcpy(changed, whole.data, whole.len);
    size_t room = edit->cap - edit->len < 4096 ? edit->cap - edit->len : 4096;
    size_t len =
        LLVMFuzzerMutate(changed + HEAD, whole.len - HEAD, whole.len - HEAD + room);
    set_length(changed, len);
    replace(edit, edit->starts[frame], edit->starts[frame + 1],
            slice_of(changed, HEAD + len));
}

static void change_head(struct edit *edit, size_t frame)
{
    uint8_t *head = edit->data + edit->starts[frame];

    switch (pick(edit, 4)) {
    case 0:
        head[3] = (uint8_t)pick(edit, 11);
        break;
    case 1:
        head[4] ^= (uint8_t)(1U << pick(edit, 8));
        break;
    case 2:
        head[8] = (uint8_t)pick(edit, 16);
        break;
    default:
        head[8] = (uint8_t)(head[8] + 2);
        break;
    }
}

static void copy_frame(struct edit *edit, size_t frame)
{
    size_t to = edit->starts[pick(edit, edit->count + 1)];

    replace(edit, to, to, frame_at(edit, frame));
}

static void drop_frame(struct edit *edit, size_t frame)
{
    replace(edit, edit->starts[frame], edit->starts[frame + 1], slice_of(NULL, 0));
}

/* Small frames that a mutation would not find by itself. */
#define FRAME(bytes)                                                                     \
    {                                                                                    \
        (const uint8_t *)(bytes), sizeof(bytes) - 1                                      \
    }
static const struct slice small[] = {
    FRAME("\0\0\0\0\1\0\0\0\1"),                      /* DATA, empty, the end */
    FRAME("\0\0\5\0\0\0\0\0\1\0\0\0\0\0"),            /* an empty message */
    FRAME("\0\0\5\0\1\0\0\0\1\0\0\0\0\0"),            /* and the end */
    FRAME("\0\0\5\0\0\0\0\0\1\1\0\0\0\24"),           /* half of a compressed one */
    FRAME("\0\0\14\0\0\0\0\0\1\0\0\0\0\7\22\5phzeq"), /* a word for Chat */
    FRAME("\0\0\10\0\10\0\0\0\1\7\0\0\0\0\0\0\0"),    /* padding only */
    FRAME("\0\0\4\3\0\0\0\0\1\0\0\0\10"),             /* RST_STREAM */
    FRAME("\0\0\4\10\0\0\0\0\1\0\1\0\0"),             /* WINDOW_UPDATE */
    FRAME("\0\0\4\10\0\0\0\0\0\0\20\0\0"),            /* of the connection */
    FRAME("\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"),          /* SETTINGS: window 0 */
    FRAME("\0\0\6\4\0\0\0\0\0\0\4\0\1\0\0"),          /* window 65536 */
    FRAME("\0\0\6\4\0\0\0\0\0\0\1\0\0\0\0"),          /* header table 0 */
    FRAME("\0\0\0\4\1\0\0\0\0"),                      /* its ACK */
    FRAME("\0\0\10\6\0\0\0\0\0segelsgl"),             /* PING */
    FRAME("\0\0\5\2\0\0\0\0\1\0\0\0\0\20"),           /* PRIORITY */
    FRAME("\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0"),     /* GOAWAY */
    FRAME("\0\0\0\11\4\0\0\0\1"),                     /* CONTINUATION, empty */
};

static void insert_small(struct edit *edit, size_t frame)
{
    size_t to = edit->starts[frame];
    bool stream = edit->data[to + 8] != 0;
    uint8_t number = edit->data[to + 8];
    struct slice chosen = small[pick(edit, SG_COUNT(small))];

    to = pick(edit, 2) == 0 ? to : edit->starts[frame + 1];
    size_t before = edit->len;
    replace(edit, to, to, chosen);
    if (edit->len > before && stream && chosen.data[8] != 0) {
        edit->data[to + 8] = number;
    }
}

static void change_choice(struct edit *edit, size_t frame)
{
    (void)frame;
    edit->data[0] ^= (uint8_t)(1U << pick(edit, 8));
}

static void (*const edits[])(struct edit *edit, size_t frame) = {
    change_payload, change_payload, change_payload, change_head,
    change_head,    copy_frame,     copy_frame,     drop_frame,
    insert_small,   insert_small,   change_choice};

size_t frames_mutate(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    struct edit edit = {
        .random = (uint64_t)seed * 2 + 1, .cap = cap, .len = len, .data = data};

    (void)fuzz_random(&edit.random);
    size_t times = 1 + pick(&edit, 4);
    while (times-- > 0) {
        find_frames(&edit);
        if (edit.count == 0 || pick(&edit, 12) == 0) {
            edit.len = LLVMFuzzerMutate(data, edit.len, cap);
        } else {
            edits[pick(&edit, SG_COUNT(edits))](&edit, pick(&edit, edit.count));
        }
    }
    return edit.len;
}

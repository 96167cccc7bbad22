#ifndef SEGEL_CLIENT_CALL_WORDS_H
#define SEGEL_CLIENT_CALL_WORDS_H

/* protobuf-c's messages hold pointers that are not const, also for messages that are only
 * packed. The text is not written to. */
static inline char *words_mutable(const char *text)
{
    union {
        const char *constant;
        char *mutable_text;
    } both = {.constant = text};

    return both.mutable_text;
}

#endif

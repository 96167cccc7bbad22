#include "client/witness/judge.h"

static const struct {
    const char *name;
    int code;
    const char *text;
} answers[WITNESS_ANSWER_COUNT] = {
#define WITNESS_ANSWER(name, code, text) [WITNESS_##name] = {#name, code, text},
#include "client/witness/answers.def"
#undef WITNESS_ANSWER
};

/* A clock before this program was written is one that nobody has set. */
static const uint64_t clock_floor_s = 1767225600; /* 2026-01-01 */

int witness_answer_code(enum witness_answer answer)
{
    return answers[answer].code;
}

const char *witness_answer_name(enum witness_answer answer)
{
    return answers[answer].name;
}

const char *witness_answer_text(enum witness_answer answer)
{
    return answers[answer].text;
}

enum witness_answer judge_signatures(const struct submission *submission,
                                     const struct witness_keys *keys)
{
    enum witness_answer answer = WITNESS_UNKNOWN_ORIGIN;
    struct note_verdict verdict;

    for (size_t i = 0; i < keys->count; i++) {
        const struct note_key *key = &keys->key[i];
        if (!slice_equal(slice_str(key->name), submission->checkpoint.origin)) {
            continue;
        }
        enum sg_status status = note_verify(&submission->note, key, &verdict);
        if (status == SG_CORRUPT) {
            return WITNESS_FALSE_SIGNATURE;
        }
        if (answer == WITNESS_UNKNOWN_ORIGIN) {
            answer = WITNESS_NOT_SIGNED;
        }
        if (status == SG_OK) {
            answer = WITNESS_COSIGNED;
        }
    }
    return answer;
}

/* The tree before the first checkpoint. */
static struct tlog_head head_of(const struct witness_entry *last)
{
    struct tlog_head head = {.root = tlog_sha256(slice_of("", 0))};

    return last == NULL ? head : last->head;
}

bool judge_split(const struct submission *submission, const struct witness_entry *last)
{
    const struct tlog_head *head = &submission->checkpoint.head;

    return last != NULL && last->head.size == head->size &&
           !tlog_hash_equal(&last->head.root, &head->root);
}

enum witness_answer judge_growth(const struct submission *submission,
                                 const struct witness_entry *last)
{
    const struct tlog_head *head = &submission->checkpoint.head;
    struct tlog_head before = head_of(last);

    if (submission->old_size > head->size) {
        return WITNESS_OLD_ABOVE;
    }
    if (submission->old_size != before.size) {
        return WITNESS_OTHER_SIZE;
    }
    if (submission->false_empty) {
        return WITNESS_FALSE_EMPTY;
    }
    if (judge_split(submission, last)) {
        return WITNESS_SPLIT;
    }
    return tlog_consistency_check(&before, head, &submission->path) == SG_OK
               ? WITNESS_COSIGNED
               : WITNESS_NOT_PROVED;
}

bool judge_clock(uint64_t now_s, const struct witness_entry *last)
{
    return now_s >= clock_floor_s && now_s <= INT64_MAX &&
           (last == NULL || now_s >= last->time_s);
}

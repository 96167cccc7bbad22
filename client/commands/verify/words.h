#ifndef SEGEL_CLIENT_COMMANDS_VERIFY_WORDS_H
#define SEGEL_CLIENT_COMMANDS_VERIFY_WORDS_H

#include "client/commands/verify/print.h"

/* The words of `segel verify` by language. */
enum verify_phrase {
#define WORD(name, en, id) WORD_##name,
#include "client/commands/verify/words.def"
#undef WORD
    VERIFY_WORDS
};
const char *verify_phrase(enum verify_phrase word, enum verify_lang lang);

/* Of a check: its title and sentence. English: the check's own. */
const char *verify_title(const struct verify_check *check, enum verify_lang lang);
const char *verify_sentence(const struct verify_check *check, enum verify_lang lang);

/* Fills in the finding's reason, once its problem, and what is unseen, are known. */
void verify_put_reason(struct verify_finding *finding, enum verify_lang lang);

/* The first sentence that says why a file is not simply valid; "" = it is. */
const char *verify_why(const struct verify_finding *finding, enum verify_lang lang);

/* Why it is not enough though its signatures are valid; "" = it is, or they are not. */
const char *verify_lacks(const struct verify_finding *finding, enum verify_lang lang);

#endif

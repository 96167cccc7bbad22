#ifndef SEGEL_CLIENT_SEGEL_SEGEL_H
#define SEGEL_CLIENT_SEGEL_SEGEL_H

/* libsegel: letters (PDF) and digests signed through a Segel gateway. The letter never
 * leaves this process: only its digest goes up, and a CMS comes back.
 *
 *   three steps   segel_prepare → segel_sign → segel_embed
 *   one letter    segel_sign with the PDF does the three
 *   many          segel_bulk_open, _submit, _next: prepared on all processors, sent as
 * one stream, in bounded memory
 *
 * Structs that the caller fills begin with their size, so that later versions may add
 * fields: start from SEGEL_INIT, `struct segel_letter letter = SEGEL_INIT(letter);`.
 * A field that is left 0 or NULL means what its comment says.
 * Texts are UTF-8 and end with NUL. Times are microseconds since 1970 UTC.
 *
 * Every function that returns int returns an enum segel_code; `error` may be NULL. On
 * failure an out-parameter is NULL unless it says otherwise. What an out-parameter gives
 * is the caller's and goes to the _free or _close of its kind; NULL is fine there. Any
 * other handle or out-parameter that is NULL is SEGEL_USAGE, or nothing is done. That one
 * was closed or freed before, nobody can see.
 *
 * Threads: a struct segel may be used by any threads, which wait for each other's calls.
 * Plans and signers never change and serve any threads. A prepared letter serves one
 * thread at a time. A struct segel_bulk may be used by any threads until _close.
 *
 * Processes: a struct segel, or segel_bulk, is of the process that opened it. In a child
 * that this forks, calls with them are SEGEL_USAGE, "other-process", or do nothing: open
 * one there. segel_close there leaves the connection to the parent.
 *
 * A PDF may be made to do harm. It is read in a child process with no file, no network,
 * 30 s of processor time and 1 GiB. The library sets no signal handler and needs no
 * SIGCHLD; a program that reaps every child (waitpid(-1)) does no harm either. A child is
 * forked, so it costs less the less memory the program has at that time. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
#define SEGEL_INIT(name)                                                                 \
    {                                                                                    \
        sizeof(name)                                                                     \
    }
#else
#define SEGEL_INIT(name)                                                                 \
    {                                                                                    \
        .size = sizeof(name)                                                             \
    }
#endif

/* How many letters one such process reads, up to 1 MB each; larger letters have their
 * own. 0 = 64, which costs a quarter of a process for each. 1 = each letter has its own:
 * then a letter that took its process over could not touch what is appended to another.
 * For the whole program. */
void segel_set_letters_a_process(unsigned letters);

/* "0.1.0" of the library that runs, which may be newer than this header. */
const char *segel_version(void);

/* --- What can go wrong ------------------------------------------------------------- */

enum segel_code {
    SEGEL_OK,
    SEGEL_END,       /* segel_bulk_next: no letter is open */
    SEGEL_FULL,      /* segel_bulk_submit: take outcomes first */
    SEGEL_TIMEOUT,   /* the time that was given is over */
    SEGEL_CANCELLED, /* segel_bulk_cancel or _close was called */
    SEGEL_USAGE,     /* an argument or a file of the connection is wrong */
    SEGEL_REFUSED,   /* the PDF cannot be signed as asked: docs/LETTERS.md */
    /* Perhaps only until a time that the gateway names: it is waited for, and asked
     * again, when that is a minute or less. */
    SEGEL_DENIED,      /* the gateway's policy says no */
    SEGEL_CONFLICT,    /* the id was used for other content or terms: perhaps signed */
    SEGEL_NOT_FOUND,   /* no such key there; one that is not for this caller: _DENIED */
    SEGEL_BUSY,        /* too much work waits there, also after several tries */
    SEGEL_UNAVAILABLE, /* HSM or ledger cannot serve now */
    SEGEL_UNREACHABLE, /* no connection could be had, or kept: see the text */
    /* One side does not know the other: the gateway's certificate is not of the issuers
     * given, or for another name or time; or the gateway has no caller with ours. That it
     * refuses ours itself (expired, revoked …) is _UNREACHABLE. */
    SEGEL_UNTRUSTED,
    SEGEL_FILE, /* a letter could not be read or written */
    SEGEL_MEMORY,
    SEGEL_FAULT /* the gateway answered what it must not: tell its administrator */
};
const char *segel_code_name(int code); /* "denied"; any value is safe */

/* reason is a stable word for programs: of a refused PDF ("encrypted"), of the deciding
 * rule ("CERT_EXPIRED"), of the gateway ("QUEUE_FULL"), or the code's name. text is one
 * sentence for the person who can mend it. Rule and section of the certificate policy
 * only with SEGEL_DENIED, and "" when the gateway named none. */
struct segel_error {
    int code;
    char reason[64];
    char text[512];
    char rule[64];
    char cp_section[64];
};

/* --- The gateway ------------------------------------------------------------------- */

/* Files are PEM; a private key with a passphrase is not taken. */
struct segel_options {
    size_t size;
    const char *address;     /* "gw1.example.go.id:7443" */
    const char *ca;          /* path: issuers of the gateway's certificate */
    const char *certificate; /* path: own certificate and its issuers */
    const char *private_key; /* path */
    uint32_t connect_ms; /* 0 = 10,000. That the system looks the name up comes before it,
                          * and is not counted */
    /* Longest wait for GetSigner and for one signature, with all that it takes: calls of
     * other threads, a new connection, further tries. 0 = 30,000 */
    uint32_t call_ms;
};
struct segel;

/* Connects: SEGEL_USAGE, _UNREACHABLE, _UNTRUSTED. A connection that is lost later is
 * opened again by whatever call needs it. */
int segel_open(const struct segel_options *options, struct segel **out,
               struct segel_error *error);
/* Plans, signers and bulks that came from it may outlive it. */
void segel_close(struct segel *segel);

/* What a key offers. All is borrowed from the signer. */
struct segel_signer {
    size_t size;
    const char *key;
    const char *const *profiles; /* "pades-b-b" … */
    size_t profile_count;
    const char *const *hashes; /* "sha256" …, the key's own first */
    size_t hash_count;
    const char *const *schemes; /* "rsa-pkcs1" …, likewise */
    size_t scheme_count;
    const char *const *document_classes; /* none = any that is not prohibited */
    size_t document_class_count;
    const char *statement;   /* what a visible stamp must say; "" = nothing */
    const char *verify_url;  /* base of the link in the QR code; "" = none */
    const void *certificate; /* DER */
    size_t certificate_len;
    int64_t certificate_not_after_us;
    uint32_t signature_max_len; /* bytes: no CMS of this key is longer */
    const char *assurance;      /* "software" or "hardware" */
    uint32_t plain_max_len;     /* as signature_max_len, of profiles without time stamp */
};
/* language: of the statement, "id" or "en"; NULL = "id". SEGEL_NOT_FOUND, _DENIED. */
int segel_signer_get(struct segel *segel, const char *key, const char *language,
                     const struct segel_signer **out, struct segel_error *error);
void segel_signer_free(const struct segel_signer *signer);

/* --- What is to be signed ---------------------------------------------------------- */

/* What stands in the signature and on the page. Without a field and without a rectangle
 * the signature is invisible. */
struct segel_look {
    size_t size;
    const char *reason;
    const char *location;
    const char *name;  /* the signer's */
    const char *title; /* the signer's office; of the stamp alone, as all up to unit */
    const char *rank;
    const char *nip; /* number as a civil servant */
    const char *unit;
    const char *field;    /* this empty field of the letter, instead of a new one */
    int page;             /* of the rectangle: from 1; 0 or -1 = the last */
    double x, y;          /* points from the lower left corner of the visible page */
    double width, height; /* 0 = no rectangle: a stamp's template has its own */
};

/* What many letters have in common. */
struct segel_terms {
    size_t size;
    const char *key;
    const char *document_class; /* as the policy names it */
    const char *approval;       /* the signer's consent that the job rests on */
    const char *mandate;        /* NULL = none */
    const char *batch;    /* own name for the log, without personal data; NULL = none */
    const char *profile;  /* NULL = "pades-b-b"; of digests "cades-b-b" or "raw" */
    const char *hash;     /* NULL = the key's */
    const char *scheme;   /* NULL = the key's */
    const char *language; /* of the gateway's sentences, "id" or "en"; NULL = "en" */
    const char *content_type; /* NULL = "application/pdf" */
    int interactive;          /* not 0: somebody waits for each of them */
    int notice_shown; /* not 0: the letters carry the required statement already */
    const struct segel_look *look; /* of letters without an own; NULL = invisible */
    /* Template of the stamp: one that is shipped ("block", "footer", "letter"), or a path
     * with '/' or that ends in ".stamp". All letters are then visible. NULL = statement,
     * QR code and logo as the rectangle allows. */
    const char *stamp;
};
struct segel_plan;

/* Asks the gateway what the key offers and holds the terms against it. Copies all. What
 * it said, and the template, serve the plans of the next minute too: a plan for each
 * letter costs little. A plan keeps them: a program that signs for longer makes it anew,
 * or its letters show the statement and leave the room of that time.
 * SEGEL_USAGE: a word is none that is known, the key does not offer it, or the template
 * is not sound, or does not show what the gateway's policy asks for. */
int segel_plan_make(struct segel *segel, const struct segel_terms *terms,
                    struct segel_plan **out, struct segel_error *error);
/* Letters under way keep their plan. */
void segel_plan_free(struct segel_plan *plan);
/* "sha256": what a digest given to segel_sign has to be. Borrowed for the plan's life. */
const char *segel_plan_hash(const struct segel_plan *plan);
/* Bytes that its letters leave for the signature. The gateway reckons them by key and
 * time stamps at hand, so a later plan of the same terms may have others. */
uint32_t segel_plan_room(const struct segel_plan *plan);

/* One letter. Exactly one of path, pdf and digest is given. */
struct segel_letter {
    size_t size;
    /* The caller's own id, 1 to 64 bytes without control characters, unique for ever. The
     * gateway signs for an id once: asked again with the same digest, key,
     * document_class, approval, mandate, profile, hash and scheme (by name: NULL is the
     * key's of that moment), it gives the same signature; with any other of them
     * SEGEL_CONFLICT. The digest hangs on the letter, its look, signing_time_us and room,
     * and, of a letter with a stamp, on all that this shows: template, statement, logo,
     * link, name in the certificate. So keep id and these, and ask again with them after
     * a crash, whatever the terms of new letters are by then. */
    const char *request_id;
    int64_t signing_time_us; /* stands in the letter; 0 = now */
    const char *path;
    const void *pdf; /* borrowed until the letter's outcome (prepare: until _free) */
    size_t pdf_len;
    /* Of a document that is no PDF, or not here; 32, 48, 64 bytes, which are copied */
    const void *digest;
    size_t digest_len;
    /* Written beside (output.part, no other letter's output), filled, renamed; NULL =
     * bytes in the outcome */
    const char *output;
    const struct segel_look
        *look; /* NULL = the plan's. Not invisible where that is not */
    /* NULL = verify_url and request_id, percent-encoded, when there is a stamp */
    const char *qr_text;
    /* From submission to the gateway's answer; 0 = none. Then SEGEL_TIMEOUT; while a bulk
     * opens its connection again, up to connect_ms later. */
    uint32_t deadline_ms;
    void *user; /* comes back in the outcome */
    /* Bytes that are left for the signature: 0 = segel_plan_room. Another plan's may
     * differ. A signature that is longer is SEGEL_FAULT, "no-room". */
    uint32_t room;
    /* not 0: what is there under `output` stays, unless it is this very letter, signed so
     * by an earlier try, and nothing was added to it: SEGEL_FILE, "not-written" */
    int keep;
};

/* --- Three steps ------------------------------------------------------------------- */

struct segel_prepared;

/* Reads the PDF and appends all but the signature. No network. SEGEL_REFUSED, _FILE. */
int segel_prepare(const struct segel_plan *plan, const struct segel_letter *letter,
                  struct segel_prepared **out, struct segel_error *error);
const void *segel_prepared_digest(const struct segel_prepared *prepared, size_t *len);
void segel_prepared_free(struct segel_prepared *prepared);

/* Signs the letter's digest; with a PDF instead, does all three steps. Waits. Tries
 * again, with the same id, when the connection is lost or the gateway asks to come back,
 * for call_ms at most, or until the letter's deadline. A CMS that comes back is checked:
 * it signs this digest. SEGEL_OK: signed. Otherwise *out is NULL where no answer came;
 * else it has what the gateway said: its refusal, or, with SEGEL_FILE and SEGEL_FAULT,
 * the signature that could not be written or put in. To be freed in any case. */
struct segel_outcome;
int segel_sign(struct segel *segel, const struct segel_plan *plan,
               const struct segel_letter *letter, const struct segel_outcome **out,
               struct segel_error *error);

/* Puts the CMS in, and writes the letter to `output`: beside, filled, renamed. output
 * NULL: segel_prepared_pdf has it. SEGEL_FILE; SEGEL_FAULT, "no-room": the CMS is longer
 * than the room. Nothing else of the CMS is checked here: one that did not come by
 * segel_sign is for the caller to verify. */
int segel_embed(struct segel_prepared *prepared, const void *cms, size_t cms_len,
                const char *output, struct segel_error *error);
/* The signed letter, for as long as `prepared` lives; NULL: segel_embed was not called,
 * or wrote a file. */
const void *segel_prepared_pdf(const struct segel_prepared *prepared, size_t *len);

/* --- Outcomes ---------------------------------------------------------------------- */

struct segel_failure {
    const char *rule;
    const char *cp_section;
    const char *code;
    const char *fact;
    const char *found;
    const char *required;
    const char *message;
};

/* What became of one letter. All is borrowed from the outcome. */
struct segel_outcome {
    size_t size;
    int code; /* SEGEL_OK = signed, and written where an output was named */
    const char *request_id;
    void *user;
    const char *path;   /* as submitted; NULL = none */
    const char *output; /* likewise */
    const char *reason; /* as in struct segel_error; "" when signed */
    const char *text;
    const void *pdf; /* the signed letter, when no output was named */
    size_t pdf_len;
    const void *signature; /* the CMS in DER */
    size_t signature_len;
    /* What the gateway says of its decision; "" and 0 when it never answered. */
    const char *decision_id;
    const char *log_origin; /* "" = the decision has no place in the log yet */
    uint64_t log_index;
    uint32_t attempt; /* more than 1 after an HSM was lost in the middle */
    int replayed;     /* this is the stored answer of an earlier call */
    int downgraded;   /* signed without the time-stamp that was asked for */
    const struct segel_failure *failures; /* the rules that said no */
    size_t failure_count;
};
void segel_outcome_free(const struct segel_outcome *outcome);

/* --- Many letters ------------------------------------------------------------------ */

struct segel_bulk_options {
    size_t size;
    /* That prepare; three more write what is signed, and mostly wait for the disk. 0 =
     * one a processor, and one more; at most 64. The letters that are being
     * written have no more than an eighth of the files open that the program may
     * (RLIMIT_NOFILE), and no more than 96. */
    unsigned threads;
    unsigned letters; /* that are open at one time; 0 = 128; at most 4,096 */
    size_t bytes;     /* of their PDFs; a larger one gets in alone; 0 = 128 MiB */
    /* NULL: take outcomes with segel_bulk_next. Otherwise called for each letter, from
     * one thread of the library, one after the other; the outcome is borrowed for the
     * call. It may submit and cancel, not close. */
    void (*on_outcome)(void *context, const struct segel_outcome *outcome);
    void *context;
};
struct segel_bulk;

/* Opens a connection of its own. */
int segel_bulk_open(struct segel *segel, const struct segel_bulk_options *options,
                    struct segel_bulk **out, struct segel_error *error);

/* Takes a letter in; its texts and digest are copied, the bytes of `pdf` are not. Every
 * letter that is taken has exactly one outcome. Order of outcomes: as they come.
 * SEGEL_FULL: as many as may be are open; call segel_bulk_next, then submit again. With a
 * callback it waits instead, unless the callback itself submits.
 * SEGEL_CONFLICT: a letter of this id is open. SEGEL_UNREACHABLE: the gateway is lost for
 * good. SEGEL_CANCELLED. */
int segel_bulk_submit(struct segel_bulk *bulk, struct segel_plan *plan,
                      const struct segel_letter *letter, struct segel_error *error);

/* Waits for an outcome, up to timeout_ms (-1 = as long as it takes). SEGEL_OK: there is
 * one, good or bad: see its code. SEGEL_END: no letter is open. SEGEL_TIMEOUT. Not with a
 * callback. A lost connection is opened again (6 times in a row, over 16 s) and what was
 * under way is asked for again with the same ids; when that does not help, the letters
 * that are open end with SEGEL_UNREACHABLE. It is lost, too, when nothing came from the
 * gateway for a minute, not even the answer to a PING. A gateway that lives is waited for
 * as long as its settings let a letter wait; give letters a deadline_ms for less. */
int segel_bulk_next(struct segel_bulk *bulk, int timeout_ms,
                    const struct segel_outcome **out, struct segel_error *error);

/* Gives up all that is open: each letter ends with SEGEL_CANCELLED, unless its signature
 * has come already. One that was sent may have been signed: the same id gives its
 * signature. With a callback: after this has returned, it is not called any more; called
 * by the callback itself it does not wait, and what is open is still told to it, until
 * segel_bulk_close has returned. */
void segel_bulk_cancel(struct segel_bulk *bulk);
/* Cancels, waits for the threads (a connection attempt under way: up to connect_ms), and
 * frees; outcomes that nobody took are lost. */
void segel_bulk_close(struct segel_bulk *bulk);

/* Where the letters that are open stand, for a progress bar. */
struct segel_progress {
    size_t size;
    unsigned preparing; /* and waiting for it */
    unsigned sent;      /* and waiting to be sent again */
    unsigned finishing; /* answered; the file is being written */
    unsigned finished;  /* waiting for segel_bulk_next */
    unsigned lost;      /* how often a connection was lost so far */
    int connected;
};
void segel_bulk_progress(struct segel_bulk *bulk, struct segel_progress *progress);

#ifdef __cplusplus
}
#endif

#endif

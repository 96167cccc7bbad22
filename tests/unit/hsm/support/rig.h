#ifndef SEGEL_TESTS_UNIT_HSM_SUPPORT_RIG_H
#define SEGEL_TESTS_UNIT_HSM_SUPPORT_RIG_H

#include <sys/types.h>

#include "proto/base.h"

/* A SoftHSM token of one test, in a directory of its own, made by the set-up commands
 * under test. Use rig_make and rig_remove as the test's .init and .fini. */

#define RIG_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define RIG_LABEL  "unit"

enum { RIG_OUTPUT = 16384 };

struct output {
    int code;                /* exit code; 128 + signal */
    char text[RIG_OUTPUT];   /* standard output */
    char errors[RIG_OUTPUT]; /* standard error */
};

void rig_make(void);
void rig_remove(void);

/* The token's PIN. It is made at random by another process, so that before this call the
 * test, and a lane that it forks, do not know it. */
const char *rig_pin(void);

/* The path of a file in the test's directory; valid until the 8th next call. */
const char *rig_path(const char *name);
/* Writes such a file with mode 0600. */
void rig_write(const char *name, const char *text);

/* Runs a command line of segel-hsm; NULL ends it. */
struct output rig_run(const char *command, ...) __attribute__((sentinel));
/* A key of this type and id; scheme may be NULL. */
void rig_key(const char *type, const char *id, const char *scheme);
/* P-256 keys that keygen would never make: a second one of this id, and one that wants
 * the PIN for every signature. */
void rig_twin(const char *id);
void rig_distrustful_key(const char *id);
/* And one with an id of so many bytes, and this label; 0 and "" = without. */
void rig_key_named(size_t id_len, const char *label);

/* Gives all files of the test to this user. */
void rig_give(uid_t user);
/* SoftHSM's file of the token itself, which every login writes anew. */
const char *rig_token_file(void);

/* The module that tries what is forbidden; it reports to the file "report", and tries to
 * open this file. */
const char *rig_prober(void);
void rig_prober_writes(const char *path);

/* The fault module; and what it is to do from now on. */
const char *rig_faulty_module(void);
/* The same on a module that signs in no time, with RSA-PKCS1 and always one letter. */
const char *rig_quick_faulty_module(void);
void rig_faults(const char *schedule);
/* How often it saw a call of this function. */
unsigned rig_calls(const char *function);

#endif

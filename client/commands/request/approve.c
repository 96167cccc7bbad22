#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"
#include "client/call/person_key.h"
#include "client/channel/unpack.h"
#include "client/commands/request/grant_details.h"
#include "client/commands/request/grant_log.h"
#include "client/console/command.h"

/* `segel approve ID` */
struct approve_options {
    const char *key;
    const char *name;
    const char *passphrase_fd;
    const char *pin_fd;
    const char *lang;
    bool yes;
};

static const struct option rows[] = {
    {"key", 0, "FILE|URI",
     "your key: a file, or a PKCS#11 URI (default: officer.pem in the home folder)",
     offsetof(struct approve_options, key)},
    {"name", 0, "NAME",
     "name of a key on a card, as in the quorum file (default: its label there)",
     offsetof(struct approve_options, name)},
    {"yes", 'y', NULL, "do not ask before signing",
     offsetof(struct approve_options, yes)},
    {"passphrase-fd", 0, "N", "read the key's passphrase from this open descriptor",
     offsetof(struct approve_options, passphrase_fd)},
    {"pin-fd", 0, "N", "the same for the card's PIN",
     offsetof(struct approve_options, pin_fd)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct approve_options, lang)},
};

/* What one run holds. */
struct approving {
    const struct home *home;
    const struct approve_options *options;
    const char *id;
    bool indonesian;
    struct person_key key;
    struct grant_view view;
};

/* --- Looking ----------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status look(struct approving *all, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;

    TRY(approval_get(all->home, all->id, &reply, why));
    const Segel__V1__GetRequestResponse *got =
        (const Segel__V1__GetRequestResponse *)(const void *)reply;
    enum sg_status status = grant_view_make(got, &all->view, why);
    if (status == SG_OK) {
        grant_view_say(&all->view, stdout, all->indonesian);
        grant_view_print(&all->view, got, stdout, all->indonesian);
        status = grant_log_check(all->home, &all->view, all->indonesian, why);
    }
    if (status == SG_OK) {
        status = grant_details(all->home, &all->view, got, all->indonesian, why);
        (void)fflush(stdout);
    }
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status agree(const struct approving *all, bool *yes,
                                        struct sg_error *why)
{
    char answer[16] = "";

    *yes = all->options->yes;
    if (*yes) {
        return SG_OK;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return sg_fail(why, SG_INVALID,
                       "nobody can be asked here: use a terminal, or --yes when you have "
                       "read 'segel request show'");
    }
    (void)fprintf(stderr, "%s",
                  all->indonesian ? "Setujui permintaan ini? [y/t] "
                                  : "Approve this request? [y/n] ");
    *yes = fgets(answer, sizeof(answer), stdin) != NULL &&
           (answer[0] == 'y' || answer[0] == 'Y');
    return SG_OK;
}

/* --- Signing ----------------------------------------------------------------------- */

static SG_MUST_USE enum sg_status sign(struct approving *all, struct person_note *note,
                                       struct sg_error *why)
{
    const struct person_secret secret = {all->options->passphrase_fd,
                                         all->options->pin_fd, all->indonesian};

    return person_key_sign(&all->key, &secret,
                           slice_of(all->view.text, all->view.text_len), note, why);
}

static SG_MUST_USE enum sg_status hand_in(const struct approving *all, struct slice note,
                                          struct sg_error *why)
{
    Segel__V1__ApproveRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__approve_request__init(&request);
    request.id = (char *)sg_unconst(all->id);
    request.note.data = (uint8_t *)sg_unconst(note.data);
    request.note.len = note.len;
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/Approve", &request.base,
                                    &segel__v1__approve_response__descriptor};
    TRY(gateway_call(all->home, &ask, &reply, why));
    const Segel__V1__ApproveResponse *response =
        (const Segel__V1__ApproveResponse *)(const void *)reply;
    if (response->approval != NULL) {
        approval_print(response->approval, stdout, all->indonesian);
    }
    bool failed =
        response->approval != NULL &&
        response->approval->state == SEGEL__V1__APPROVAL_STATE__APPROVAL_STATE_FAILED;
    unpack_free(reply);
    return failed ? sg_fail(why, SG_DENIED,
                            all->indonesian ? "telah disetujui, tetapi tidak terlaksana; "
                                              "setelah dibenahi, ajukan lagi"
                                            : "it was approved, but not done; when that "
                                              "is mended, it is asked for anew")
                  : SG_OK;
}

static SG_MUST_USE enum sg_status approve(struct approving *all, struct sg_error *why)
{
    static struct person_note note; /* large */
    bool yes = false;

    /* Before anybody is asked. */
    TRY(person_key_find(all->home, all->options->key, all->options->name, &all->key,
                        why));
    TRY(look(all, why));
    TRY(agree(all, &yes, why));
    if (!yes) {
        return sg_fail(why, SG_DENIED,
                       all->indonesian ? "tidak ada yang ditandatangani; 'segel refuse' "
                                         "mengakhiri permintaan"
                                       : "nothing was signed; 'segel refuse' ends a "
                                         "request");
    }
    TRY(sign(all, &note, why));
    return hand_in(all, note.note, why);
}

static SG_MUST_USE enum sg_status prepare(struct approving *all,
                                          const struct words *words, struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one request: segel approve ID; 'segel request list' shows "
                       "them");
    }
    all->id = words->at[0];
    return approval_language(all->options->lang, &all->indonesian, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct approve_options options = {.lang = "en"};
    struct approving all = {.home = home, .options = &options};
    struct sg_error why = {0};

    if (command_parse(&command_approve, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = prepare(&all, words, &why);
    if (status == SG_OK) {
        status = approve(&all, &why);
    }
    person_key_fini(&all.key);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_approve = {
    .name = "approve",
    .operands = "ID",
    .summary = "sign a request of another officer, after it was shown",
    .examples =
        "Reads the request from the gateway, builds the text to be signed from its\n"
        "bytes, says in plain words what will be done, asks, and signs with your key,\n"
        "whose passphrase it asks for. With the last approval that was missing the\n"
        "gateway does it, once.\n\n"
        "Examples:\n"
        "  segel approve g-01J9ZC8K3T\n"
        "  segel approve g-01J9ZC8K3T --key /media/card/officer.pem --lang id\n"
        "  segel approve g-01J9ZC8K3T --name officer-a.example.go.id \\\n"
        "      --key 'pkcs11:token=officer-a?module-path=/usr/lib/opensc-pkcs11.so'\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};

#ifndef SEGEL_CLIENT_COMMANDS_SIGN_INSIDE_H
#define SEGEL_CLIENT_COMMANDS_SIGN_INSIDE_H

#include "client/batch/tree.h"
#include "client/commands/sign/manifest.h"

/* Shared by source.c and survey.c; nobody else includes it. */
struct sign_source {
    const struct sign_options *options;
    const struct words *words;
    size_t next;   /* of the words */
    FILE *file;    /* owned: list or manifest */
    int delimiter; /* of the list */
    char *word;    /* owned: the last of the list */
    size_t word_cap;
    struct tree *tree;               /* owned: the folder that we are in */
    char root[TREE_PATH_SIZE];       /* of the tree */
    struct sign_manifest *manifest;  /* owned */
    char folder[TREE_PATH_SIZE / 2]; /* of the manifest, with its '/' */
};

#endif

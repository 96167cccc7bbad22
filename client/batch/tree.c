#define _GNU_SOURCE /* scandirat */
#include "client/batch/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/text.h"

/* A folder on the way down. */
struct level {
    int fd;
    struct dirent **names; /* owned */
    int count;
    int next;
    size_t path_len; /* of the folder's path below the root, with its '/' */
};
struct tree {
    struct stat without;
    bool has_without;
    size_t depth;
    const char *root;           /* borrowed; likewise below */
    const char *const *all_but; /* endings, the last one NULL; NULL: letters alone */
    struct level levels[TREE_DEPTH_MAX];
    char path[TREE_PATH_SIZE];
};

static int is_seen(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Not alphasort: the order must not depend on the user's locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum sg_status unreadable(const struct tree *tree, struct sg_error *why)
{
    return sg_fail(why, SG_IO, "the folder %s/%s cannot be read: %s", tree->root,
                   tree->path, errno == ENOENT ? "it is not there" : "you may not");
}

/* Takes fd over. */
static enum sg_status enter(struct tree *tree, int fd, struct sg_error *why)
{
    struct level *level = &tree->levels[tree->depth];

    level->count = fd < 0 ? -1 : scandirat(fd, ".", &level->names, is_seen, by_bytes);
    if (level->count < 0) {
        enum sg_status status = unreadable(tree, why);
        if (fd >= 0) {
            (void)close(fd);
        }
        return status;
    }
    level->fd = fd;
    level->next = 0;
    level->path_len = strlen(tree->path);
    tree->depth++;
    return SG_OK;
}

static void leave(struct tree *tree)
{
    struct level *level = &tree->levels[--tree->depth];

    for (int i = level->next; i < level->count; i++) {
        free(level->names[i]);
    }
    free((void *)level->names);
    (void)close(level->fd);
}

static bool is_left_out(const struct tree *tree, const struct stat *facts)
{
    return tree->has_without && facts->st_dev == tree->without.st_dev &&
           facts->st_ino == tree->without.st_ino;
}

static enum sg_status enter_below(struct tree *tree, int parent, const char *name,
                                  struct sg_error *why)
{
    size_t len = strlen(tree->path);

    if (tree->depth == TREE_DEPTH_MAX || len + 2 > TREE_PATH_SIZE) {
        return sg_fail(why, SG_TOO_LARGE,
                       "%s holds folders in folders, more than %d deep: sign %s by "
                       "itself",
                       tree->root, TREE_DEPTH_MAX, name);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    memcpy(tree->path + len, "/", sizeof("/"));
    return enter(tree, fd, why);
}

static bool is_wanted(const struct tree *tree, const char *name)
{
    if (tree->all_but == NULL) {
        return text_ends_in(name, ".pdf");
    }
    for (const char *const *end = tree->all_but; *end != NULL; end++) {
        if (text_ends_in(name, *end)) {
            return false;
        }
    }
    return true;
}

/* Looks at one name. *found: it is a letter. */
static enum sg_status visit(struct tree *tree, const struct level *level,
                            const char *name, bool *found, struct sg_error *why)
{
    struct stat facts;
    int len = snprintf(tree->path + level->path_len, TREE_PATH_SIZE - level->path_len,
                       "%s", name);

    if (len < 0 || (size_t)len >= TREE_PATH_SIZE - level->path_len) {
        return sg_fail(why, SG_TOO_LARGE, "a path below %s is longer than %d bytes",
                       tree->root, TREE_PATH_SIZE);
    }
    if (fstatat(level->fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
        return SG_OK; /* gone since */
    }
    if (S_ISDIR(facts.st_mode) && !is_left_out(tree, &facts)) {
        return enter_below(tree, level->fd, name, why);
    }
    *found = S_ISREG(facts.st_mode) && is_wanted(tree, name);
    return SG_OK;
}

static enum sg_status step(struct tree *tree, bool *found, struct sg_error *why)
{
    struct level *level = &tree->levels[tree->depth - 1];

    if (level->next == level->count) {
        leave(tree);
        return SG_OK;
    }
    struct dirent *entry = level->names[level->next++];
    enum sg_status status = visit(tree, level, entry->d_name, found, why);
    free(entry);
    return status;
}

enum sg_status tree_open(const char *root, const struct stat *without, struct tree **out,
                         struct sg_error *why)
{
    struct tree *tree = (struct tree *)calloc(1, sizeof(*tree));

    if (tree == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    tree->root = root;
    tree->has_without = without != NULL;
    if (without != NULL) {
        tree->without = *without;
    }
    enum sg_status status =
        enter(tree, open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), why);
    if (status != SG_OK) {
        tree_close(tree);
        return status;
    }
    *out = tree;
    return SG_OK;
}

enum sg_status tree_next(struct tree *tree, const char **below, struct sg_error *why)
{
    bool found = false;

    while (!found) {
        if (tree->depth == 0) {
            return SG_NOT_FOUND;
        }
        TRY(step(tree, &found, why));
    }
    *below = tree->path;
    return SG_OK;
}

void tree_take_all_but(struct tree *tree, const char *const *ends)
{
    tree->all_but = ends;
}

void tree_close(struct tree *tree)
{
    if (tree != NULL) {
        while (tree->depth > 0) {
            leave(tree);
        }
        free(tree);
    }
}

#include <openssl/evp.h>

#include "gateway/policy/load.h"

/* What a part of the file says, as one hash: kinds, numbers and texts of its nodes, in
 * order; not how it is written, nor its comments. */

enum { DEEPEST = 32 }; /* no document is */

/* A node whose entries are gone through, and the next of them. */
struct walk {
    const struct yaml_node *node;
    size_t next;
};

static bool add_text(EVP_MD_CTX *hash, const char *text)
{
    return EVP_DigestUpdate(hash, text, strlen(text) + 1) == 1;
}

static bool add_node(EVP_MD_CTX *hash, const struct yaml_node *node)
{
    char head[48];

    (void)snprintf(head, sizeof(head), "%u %zu", (unsigned)node->kind, node->count);
    return add_text(hash, head) &&
           (node->kind != YAML_SCALAR || add_text(hash, node->text));
}

static bool add_tree(EVP_MD_CTX *hash, const struct yaml_node *root)
{
    struct walk open[DEEPEST] = {{.node = root}};
    size_t depth = 1;
    bool sound = add_node(hash, root);

    while (sound && depth > 0) {
        struct walk *at = &open[depth - 1];
        if (at->node->kind == YAML_SCALAR || at->next == at->node->count) {
            depth--;
            continue;
        }
        size_t i = at->next++;
        if (at->node->kind == YAML_MAP) {
            sound = add_text(hash, at->node->keys[i].text);
        }
        MUST(depth < DEEPEST);
        open[depth++] = (struct walk){.node = &at->node->items[i]};
        sound = sound && add_node(hash, &at->node->items[i]);
    }
    return sound;
}

enum sg_status load_digest(const struct yaml_node *const *nodes, size_t count,
                           uint8_t out[32])
{
    static const struct yaml_node none = {.kind = YAML_LIST};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool sound = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; sound && i < count; i++) {
        sound = add_tree(hash, nodes[i] == NULL ? &none : nodes[i]);
    }
    sound = sound && EVP_DigestFinal_ex(hash, out, NULL) == 1;
    EVP_MD_CTX_free(hash);
    return sound ? SG_OK : SG_NO_MEMORY;
}

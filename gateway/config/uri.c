#include "gateway/config/uri.h"

#include <p11-kit/uri.h>
#include <string.h>

static void free_uri(P11KitUri **uri)
{
    p11_kit_uri_free(*uri);
}

static enum sg_status refuse(struct parse *p, const struct yaml_node *node,
                             const char *what)
{
    return yaml_fail(p->doc, node, p->why, "this PKCS#11 URI (RFC 7512) %s", what);
}

static enum sg_status parse_uri(struct parse *p, const struct yaml_node *node,
                                P11KitUri *uri)
{
    const char *text = NULL;

    TRY(yaml_str(p->doc, node, &text, p->why));
    if (uri == NULL) {
        return SG_NO_MEMORY;
    }
    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) != P11_KIT_URI_OK) {
        return refuse(p, node, "cannot be read; write it like pkcs11:token=NAME;id=%01");
    }
    if (p11_kit_uri_get_pin_value(uri) != NULL) {
        return refuse(p, node,
                      "holds a PIN; put the PIN into a file and name it as pin-source");
    }
    return p11_kit_uri_any_unrecognized(uri)
               ? refuse(p, node,
                        "has an attribute that is not known, or one that is "
                        "too long (a token's label has at most 32 characters)")
               : SG_OK;
}

static const char *copy(struct parse *p, const void *bytes, size_t len)
{
    char *text = (char *)parse_alloc(p, len + 1, 1);

    if (text != NULL) {
        memcpy(text, bytes, len);
    }
    return text;
}

/* The fixed fields of CK_TOKEN_INFO: all zero when the URI does not say them, else padded
 * with blanks. */
static bool take_padded(struct parse *p, const unsigned char *from, size_t len,
                        const char **to)
{
    if (from[0] == '\0') {
        return true;
    }
    while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\0')) {
        len--;
    }
    *to = copy(p, from, len);
    return *to != NULL;
}

static enum sg_status take_token(struct parse *p, P11KitUri *uri,
                                 struct config_token *token)
{
    const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(uri);

    return take_padded(p, info->label, sizeof(info->label), &token->label) &&
                   take_padded(p, info->serialNumber, sizeof(info->serialNumber),
                               &token->serial) &&
                   take_padded(p, info->manufacturerID, sizeof(info->manufacturerID),
                               &token->manufacturer) &&
                   take_padded(p, info->model, sizeof(info->model), &token->model)
               ? SG_OK
               : SG_NO_MEMORY;
}

/* pin-source is a path or a file: URI; other schemes, and "|command", are not served. */
static enum sg_status take_pin_source(struct parse *p, const struct yaml_node *node,
                                      const char *source, struct config_lane *lane)
{
    static const char scheme[] = "file:";

    if (strncmp(source, scheme, strlen(scheme)) == 0) {
        source += strlen(scheme);
        source += strncmp(source, "//", 2) == 0 ? 2 : 0;
    }
    if (source[0] == '\0' || source[0] == '|' || strchr(source, ':') != NULL) {
        return refuse(p, node, "has a pin-source that is no file; write file:/path");
    }
    const char *kept = copy(p, source, strlen(source));
    lane->pin_path = kept == NULL ? NULL : parse_path(p, kept);
    return lane->pin_path == NULL ? SG_NO_MEMORY : SG_OK;
}

static enum sg_status take_module(struct parse *p, P11KitUri *uri,
                                  struct config_lane *lane)
{
    const char *path = p11_kit_uri_get_module_path(uri);

    if (path == NULL) {
        return SG_OK;
    }
    const char *kept = copy(p, path, strlen(path));
    lane->module = kept == NULL ? NULL : parse_path(p, kept);
    return lane->module == NULL ? SG_NO_MEMORY : SG_OK;
}

static bool names_object(P11KitUri *uri)
{
    CK_ULONG count = 0;

    (void)p11_kit_uri_get_attributes(uri, &count);
    return count > 0;
}

enum sg_status uri_of_lane(struct parse *p, const struct yaml_node *map,
                           struct config_lane *lane)
{
    const struct yaml_node *node = yaml_get(map, "uri");

    if (node == NULL) {
        return SG_OK;
    }
    AUTO(free_uri) P11KitUri *uri = p11_kit_uri_new();
    TRY(parse_uri(p, node, uri));
    if (names_object(uri)) {
        return refuse(p, node,
                      "names a key; a lane's names a token: take id, object and type "
                      "away");
    }
    TRY(take_token(p, uri, &lane->token));
    TRY(take_module(p, uri, lane));
    const char *source = p11_kit_uri_get_pin_source(uri);
    return source == NULL ? SG_OK : take_pin_source(p, node, source, lane);
}

static enum sg_status take_object(struct parse *p, const struct yaml_node *node,
                                  P11KitUri *uri, struct config_object *object)
{
    const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(uri, CKA_ID);
    const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
    bool has_id = id != NULL && id->ulValueLen > 0;
    bool has_label = label != NULL && label->ulValueLen > 0;

    if (!has_id && !has_label) {
        return refuse(p, node, "names no key; add id=%… or object=…");
    }
    if (has_id && id->ulValueLen > sizeof(object->id)) {
        return refuse(p, node, "has an id of more than 64 bytes");
    }
    if (has_id) {
        memcpy(object->id, id->pValue, id->ulValueLen);
        object->id_len = id->ulValueLen;
    }
    if (has_label) {
        object->label = copy(p, label->pValue, label->ulValueLen);
    }
    return object->label == NULL ? SG_NO_MEMORY : SG_OK;
}

enum sg_status uri_of_key(struct parse *p, const struct yaml_node *map,
                          struct config_key *key)
{
    const struct yaml_node *node = yaml_get(map, "uri");
    const struct yaml_node *id = yaml_get(map, "id");

    if (node != NULL && id != NULL) {
        return yaml_fail(p->doc, id, p->why, "a key needs either id or uri");
    }
    if (node == NULL && id == NULL) {
        return SG_OK; /* an empty slot; see read_certificate */
    }
    if (node == NULL) {
        return field_object_id(p, id, "id", &key->object);
    }
    AUTO(free_uri) P11KitUri *uri = p11_kit_uri_new();
    TRY(parse_uri(p, node, uri));
    TRY(take_token(p, uri, &key->token));
    return take_object(p, node, uri, &key->object);
}

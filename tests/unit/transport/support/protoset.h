#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PROTOSET_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_PROTOSET_H

#include "proto/base.h"
#include "proto/slice.h"

/* FileDescriptorSets by hand: fields of protobuf put one behind the other. */
struct proto {
    uint8_t data[1 << 20];
    size_t len;
};

void proto_number(struct proto *out, uint32_t field, uint64_t value);
void proto_bytes(struct proto *out, uint32_t field, struct slice bytes);
void proto_text(struct proto *out, uint32_t field, const char *text);
/* What is written until proto_close is the content of this field. */
size_t proto_open(struct proto *out, uint32_t field);
void proto_close(struct proto *out, size_t from);
/* Something that is declared by a name alone: opened, named, closed. */
void proto_named(struct proto *out, uint32_t field, const char *name);
struct slice proto_slice(const struct proto *proto);

/* Two files. a.proto, package p:
 *   message M { M.f (field), M.N (message), M.N.g, M.o (oneof), M.E (enum, value M.V),
 *               extension of .p.M number 100 }
 *   enum E { W }   service S { Do, Chat (both ways stream) }
 * b.proto, no package, imports a.proto:
 *   message Plain   extensions of .p.M numbers 7 and -1 */
void proto_sample(struct proto *out);

#endif

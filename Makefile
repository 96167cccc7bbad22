# Segel: one Makefile for everything. `make help` lists what it can do.

BUILD ?= build
CC ?= gcc
SAN ?=

PACKAGES := libevent libnghttp2 openssl libprotobuf-c libp11 p11-kit-1 sqlite3 yaml-0.1 \
            jansson libqpdf libqrencode libpng zlib libseccomp libsystemd

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wundef \
  -Wpointer-arith -Wcast-qual -Wcast-align=strict -Wwrite-strings -Wduplicated-cond \
  -Wduplicated-branches -Wlogical-op -Wnull-dereference -Wswitch-enum \
  -Wimplicit-fallthrough=5 -Wenum-conversion -Werror
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
  -fcf-protection -ftrivial-auto-var-init=zero
# Looked up once, when something is compiled: `make deps` must work without the packages.
EXTERN_CFLAGS = $(eval EXTERN_CFLAGS := $$(shell pkg-config --cflags $(PACKAGES)))$(EXTERN_CFLAGS)
EXTERN_LIBS = $(eval EXTERN_LIBS := $$(shell pkg-config --libs $(PACKAGES)))$(EXTERN_LIBS)

CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(if $(SAN),,$(HARDENING)) -fPIE -pthread $(SAN) \
  -I. -I$(BUILD)/gen $(EXTERN_CFLAGS) -MMD -MP
ALL_LDFLAGS = -pie -pthread $(SAN) -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(LDFLAGS)

# --- Modules -------------------------------------------------------------------------------
# A module is a folder. NEEDS says which archives its users link, itself first: the same
# order that tests/lint/layers checks in the includes.
MODULES := proto tlog base policy cert cms ledger core transport service hsm client pdf verify

DIR_proto     := proto
DIR_tlog      := proto/tlog
DIR_base      := gateway
DIR_policy    := gateway/policy
DIR_cert      := gateway/cert
DIR_cms       := gateway/cms
DIR_ledger    := gateway/ledger
DIR_core      := gateway/core
DIR_transport := gateway/transport
DIR_service   := gateway/service
DIR_hsm       := hsm
DIR_client    := client
DIR_pdf       := client/pdf
DIR_verify    := client/verify

NEEDS_proto     := proto
NEEDS_tlog      := tlog proto
NEEDS_base      := base proto
NEEDS_policy    := policy base proto
NEEDS_cert      := cert policy base proto
NEEDS_cms       := cms base proto
NEEDS_ledger    := ledger tlog base proto
NEEDS_core      := core ledger tlog cert cms policy base proto
NEEDS_transport := transport base proto
NEEDS_service   := service transport core ledger tlog cert cms policy base proto
NEEDS_hsm       := hsm proto
NEEDS_client    := client pdf verify tlog proto
NEEDS_pdf       := pdf proto
NEEDS_verify    := verify pdf tlog proto

PROTOS := $(wildcard proto/segel/v1/*.proto proto/segel/lane/v1/*.proto)
GEN_C  := $(patsubst proto/%.proto,$(BUILD)/gen/%.pb-c.c,$(PROTOS))
GEN_H  := $(GEN_C:.c=.h)

src_of = $(filter-out %/main.c,$(wildcard $(DIR_$(1))/*.c))
obj_of = $(patsubst %.c,$(BUILD)/obj/%.o,$(call src_of,$(1)))
lib_of = $(foreach m,$(NEEDS_$(1)),$(BUILD)/lib/lib$(m).a)

PROGRAMS := $(foreach p,segeld:gateway segel-hsm:hsm segel:client,\
  $(if $(wildcard $(lastword $(subst :, ,$(p)))/main.c),$(BUILD)/bin/$(firstword $(subst :, ,$(p)))))

all: $(PROGRAMS) ## build the programs into build/bin

$(BUILD)/bin/segeld: $(BUILD)/obj/gateway/main.o $(call lib_of,service)
$(BUILD)/bin/segel-hsm: $(BUILD)/obj/hsm/main.o $(call lib_of,hsm)
$(BUILD)/bin/segel: $(BUILD)/obj/client/main.o $(call lib_of,client)
$(BUILD)/bin/%:
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(EXTERN_LIBS)

define module_rules
$(BUILD)/lib/lib$(1).a: $(call obj_of,$(1)) $(if $(filter proto,$(1)),$(GEN_C:.c=.o))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module_rules,$(m))))

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h: proto/%.proto
	@mkdir -p $(BUILD)/gen
	protoc-c -Iproto --c_out=$(BUILD)/gen $<

# Generated code is exempt from the warnings; ours is compiled after all of it exists.
$(BUILD)/gen/%.pb-c.o: $(BUILD)/gen/%.pb-c.c | $(GEN_H)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(WARNINGS) -c -o $@ $<

# --- Tests ---------------------------------------------------------------------------------
# tests/unit/MODULE/NAME.c is one Criterion program, linked with what MODULE needs and with
# tests/unit/MODULE/support/*.c.
UNIT_SRC := $(wildcard tests/unit/*/*.c)
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))

.SECONDEXPANSION:
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o \
    $$(patsubst %.c,$(BUILD)/obj/%.o,$$(wildcard tests/unit/$$(firstword $$(subst /, ,$$*))/support/*.c)) \
    $$(call lib_of,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcriterion $(EXTERN_LIBS) -ldl

units: $(UNIT_BIN) ## build the unit tests

clean: ## remove build/
	rm -rf $(BUILD)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: all units clean help
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

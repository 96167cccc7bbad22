# Segel: one Makefile for everything. `make help` lists what it can do.

BUILD ?= build
SAN ?=
# V=1 shows the commands.
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '%-5s %s\n' $(1) $(or $(2),$@))
PREFIX ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
# Debian's own interpreter: the one that its python3-* packages belong to.
PYTHON ?= /usr/bin/python3
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# -j for a recursive call, unless the caller has chosen one already.
PARALLEL = $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(JOBS)) --no-print-directory

PACKAGES := libevent libnghttp2 openssl libprotobuf-c libp11 p11-kit-1 sqlite3 yaml-0.1 \
            jansson libcurl libqpdf libqrencode libpng zlib libseccomp

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wundef \
  -Wpointer-arith -Wcast-qual -Wcast-align=strict -Wwrite-strings -Wduplicated-cond \
  -Wduplicated-branches -Wlogical-op -Wnull-dereference -Wswitch-enum \
  -Wimplicit-fallthrough=5 -Wenum-conversion -Werror
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
  -fcf-protection -ftrivial-auto-var-init=zero
# Looked up once, when something is compiled: `make deps` must work without the packages.
pkg = $(or $(shell pkg-config $(1) $(PACKAGES) && echo ' '),\
  $(error libraries are missing: run 'make deps' first))
EXTERN_CFLAGS = $(eval EXTERN_CFLAGS := $$(call pkg,--cflags))$(EXTERN_CFLAGS)
EXTERN_LIBS = $(eval EXTERN_LIBS := $$(call pkg,--libs) -lm -ldl)$(EXTERN_LIBS)

VERSION := 0.1.0
CFLAGS ?= -O2 -g
# Fonts of the stamps on letters, which become part of the client.
FONTS ?= /usr/share/fonts/truetype/liberation2
FONTS_LICENCE ?= /usr/share/doc/fonts-liberation2/copyright
DEFINES = -DSEGEL_VERSION=\"$(VERSION)\" -DSEGEL_FONTS=\"$(FONTS)\"
ALL_CFLAGS = -std=gnu17 $(DEFINES) $(CFLAGS) $(if $(SAN),,$(HARDENING)) -fPIE -pthread $(SAN) \
  -I. -I$(BUILD)/gen $(EXTERN_CFLAGS) -MMD -MP
ALL_LDFLAGS = -pie -pthread $(SAN) -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(LDFLAGS)

LINK = $(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
  -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# --- Modules -------------------------------------------------------------------------------
# A module is a folder. NEEDS says which archives its users link, itself first: the same
# order that tests/lint/layers checks in the includes.
MODULES := proto tlog quorum base policy cert http tsa status cms ledger anchor core transport service hsm client batch segel channel pdf verify audit bundle report keys card witness officer ceremony

DIR_proto     := proto
DIR_tlog      := proto/tlog
DIR_quorum    := proto/quorum
DIR_base      := gateway
DIR_policy    := gateway/policy
DIR_cert      := gateway/cert
DIR_http      := gateway/http
DIR_tsa       := gateway/tsa
DIR_status    := gateway/status
DIR_cms       := gateway/cms
DIR_ledger    := gateway/ledger
DIR_anchor    := gateway/anchor
DIR_core      := gateway/core
DIR_transport := gateway/transport
DIR_service   := gateway/service
DIR_hsm       := hsm
DIR_client    := client
DIR_batch     := client/batch
DIR_segel     := client/segel
DIR_channel   := client/channel
DIR_pdf       := client/pdf
DIR_verify    := client/verify
DIR_audit     := client/audit
DIR_bundle    := client/bundle
DIR_keys      := client/keys
DIR_card      := client/card
DIR_witness   := client/witness
DIR_report    := client/report
DIR_officer   := client/officer
DIR_ceremony  := client/ceremony

# The rooms of a large module, folders of it that its archive holds too.
ROOMS_base    := config
ROOMS_core    := turn lane key ceremony log officers mandate succession watch
ROOMS_service := sign keys approvals log policy status health control
ROOMS_pdf     := stamp font compare guard shown
# From the ground up: each of these includes only what stands before it.
FLOORS_client := console call $(addprefix commands/,policy extend receipt incident status \
  request key pin token officer override mandate lockdown log sign stamp verify report \
  ceremony assess witness admin)
FLOORS_hsm    := token process wire keys lane ceremony tool
ROOMS_client  := $(FLOORS_client)
ROOMS_hsm     := $(FLOORS_hsm)

NEEDS_proto     := proto
NEEDS_tlog      := tlog proto
NEEDS_quorum    := quorum tlog proto
NEEDS_base      := base proto
NEEDS_policy    := policy base proto
NEEDS_cert      := cert policy base proto
NEEDS_http      := http proto
NEEDS_tsa       := tsa http base proto
NEEDS_status    := status http cert policy base proto
NEEDS_cms       := cms base proto
NEEDS_ledger    := ledger tlog base proto
NEEDS_anchor    := anchor http ledger tlog base proto
NEEDS_core      := core anchor ledger quorum tlog status tsa http cert cms policy base proto
NEEDS_transport := transport base proto
NEEDS_service   := service transport core anchor ledger quorum tlog status tsa http cert cms policy base proto
NEEDS_hsm       := hsm proto
NEEDS_client    := client batch segel channel pdf verify report bundle witness officer ceremony card keys audit policy quorum tlog base proto
NEEDS_batch     := batch proto
NEEDS_segel     := segel channel pdf verify tlog proto
NEEDS_channel   := channel proto
NEEDS_pdf       := pdf proto
NEEDS_verify    := verify pdf tlog proto
NEEDS_audit     := audit tlog proto
NEEDS_bundle    := bundle audit quorum tlog proto
NEEDS_keys      := keys tlog proto
NEEDS_card      := card tlog proto
NEEDS_witness   := witness keys tlog proto
NEEDS_report    := report bundle audit quorum tlog base proto
NEEDS_officer   := officer keys tlog proto
NEEDS_ceremony  := ceremony quorum tlog proto

PROTOS := $(wildcard proto/segel/v1/*.proto proto/segel/lane/v1/*.proto \
  proto/segel/control/v1/*.proto \
  proto/grpc/health/v1/*.proto proto/grpc/reflection/v1/*.proto)
GEN_C  := $(patsubst proto/%.proto,$(BUILD)/gen/%.pb-c.c,$(PROTOS))
GEN_H  := $(GEN_C:.c=.h)

src_of = $(filter-out %/main.c,$(wildcard $(DIR_$(1))/*.c $(ROOMS_$(1):%=$(DIR_$(1))/%/*.c)))
obj_of = $(patsubst %.c,$(BUILD)/obj/%.o,$(call src_of,$(1)))
lib_of = $(foreach m,$(NEEDS_$(1)),$(BUILD)/lib/lib$(m).a)

PROGRAMS := $(foreach p,segeld:gateway segel-hsm:hsm segel:client segel-verify:client/checker,\
  $(if $(wildcard $(lastword $(subst :, ,$(p)))/main.c),$(BUILD)/bin/$(firstword $(subst :, ,$(p)))))

all: $(PROGRAMS) ## build the programs into build/bin

$(BUILD)/bin/segeld: $(BUILD)/obj/gateway/main.o $(call lib_of,service)
$(BUILD)/bin/segel-hsm: $(BUILD)/obj/hsm/main.o $(call lib_of,hsm)
$(BUILD)/bin/segel: $(BUILD)/obj/client/main.o $(call lib_of,client)
# The checker of bundles runs where nothing else is installed. none.c stands for what
# libcrypto would need a loader and a resolver for; with a sanitizer it is linked as usual.
CHECKER_WRAPS := dlopen dlsym dlclose dlerror dladdr getaddrinfo freeaddrinfo gai_strerror \
  getnameinfo gethostbyname
CHECKER_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard client/checker/*.c))
$(BUILD)/bin/segel-verify: $(CHECKER_OBJ) $(call lib_of,bundle)
	@mkdir -p $(@D)
	$(call say,LINK)
ifeq ($(SAN),)
	$(Q)$(CC) -static-pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack \
	  $(CHECKER_WRAPS:%=-Wl,--wrap=%) \
	  $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -lcrypto -Wl,--end-group
else
	$(LINK) -lcrypto
endif
$(BUILD)/bin/%:
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) $(EXTERN_LIBS)

define module_rules
$(BUILD)/lib/lib$(1).a: $(call obj_of,$(1)) $(if $(filter proto,$(1)),$(GEN_C:.c=.o))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar qcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module_rules,$(m))))

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h: proto/%.proto
	@mkdir -p $(BUILD)/gen
	$(call say,GEN,$<)
	$(Q)protoc-c -Iproto --c_out=$(BUILD)/gen $<

# What reflection tells: the files of the services that segeld serves and of the details of
# its errors, with all that they import.
REFLECTED := $(patsubst %,proto/segel/v1/%.proto,signing log keys approvals mandates policy incidents \
  status errors) \
  $(patsubst %,proto/grpc/%.proto,health/v1/health reflection/v1/reflection \
  reflection/v1alpha/reflection)
DESCRIPTORS := $(BUILD)/gen/segel.ds
$(DESCRIPTORS): $(filter-out proto/segel/lane/% proto/segel/control/%,$(PROTOS)) $(REFLECTED) Makefile
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)protoc -Iproto --include_imports --descriptor_set_out=$@ $(REFLECTED)
# It stands in the object by the assembler's .incbin, which the compiler does not see.
$(BUILD)/obj/gateway/service/reflected.o: $(DESCRIPTORS)
# Likewise the scripts of ceremonies in the client, and the fonts of its stamps.
$(BUILD)/obj/client/ceremony/shipped.o: $(wildcard deploy/ceremonies/*.ceremony)
$(BUILD)/obj/client/pdf/stamps.o: $(wildcard deploy/stamps/*.stamp)
$(BUILD)/obj/client/pdf/face.o: $(wildcard $(FONTS)/LiberationSans-*.ttf)

# gRPC's own test messages, from the package grpc-proto: only tests/interop sees them.
INTEROP_PROTO := /usr/share/grpc-proto
INTEROP_GEN_C := $(patsubst %,$(BUILD)/gen/grpc/testing/%.pb-c.c,empty messages)
INTEROP_GEN_H := $(INTEROP_GEN_C:.c=.h)
$(BUILD)/gen/grpc/testing/%.pb-c.c $(BUILD)/gen/grpc/testing/%.pb-c.h: \
    $(INTEROP_PROTO)/grpc/testing/%.proto
	@mkdir -p $(BUILD)/gen
	$(call say,GEN,$<)
	$(Q)protoc-c -I$(INTEROP_PROTO) --c_out=$(BUILD)/gen grpc/testing/$*.proto

# Generated code is exempt from the warnings; ours is compiled after all of it exists.
$(BUILD)/gen/%.pb-c.o: $(BUILD)/gen/%.pb-c.c | $(GEN_H)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(WARNINGS) -c -o $@ $<

# --- libsegel ------------------------------------------------------------------------------
# The client's library for other programs: compiled again as position-independent code, of
# what it needs only. In the archive all is one object, whose other names nobody sees.
LIBRARY_PACKAGES := libqpdf libqrencode libpng zlib libnghttp2 libprotobuf-c openssl libseccomp
LIBRARY_GEN      := $(patsubst %,$(BUILD)/gen/segel/v1/%.pb-c.c,common errors signing)
LIBRARY_OWN      := $(patsubst %.c,$(BUILD)/pic/%.o,$(call src_of,segel))
LIBRARY_REST     := $(patsubst %.c,$(BUILD)/pic/%.o,$(foreach m,channel pdf verify proto,$(call src_of,$(m)))) \
  $(patsubst $(BUILD)/gen/%.c,$(BUILD)/pic/gen/%.o,$(LIBRARY_GEN))
SONAME           := libsegel.so.0
LIBRARY          := $(patsubst %,$(BUILD)/library/%,libsegel.so.$(VERSION) libsegel.a segel.pc)
PIC_CFLAGS        = $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC
# The examples are written as their users compile them: <segel.h>, behind the system's.
$(BUILD)/obj/client/examples/%.o: override CFLAGS += -idirafter client/segel
library: $(LIBRARY) ## build libsegel.so and libsegel.a

$(BUILD)/pic/gen/%.o: $(BUILD)/gen/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PIC_CFLAGS) -c -o $@ $<
$(BUILD)/pic/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,PIC,$<)
	$(Q)$(CC) $(PIC_CFLAGS) $(WARNINGS) -c -o $@ $<
$(BUILD)/pic/rest.a: $(LIBRARY_REST)
	@rm -f $@
	@ar qcs $@ $^
$(BUILD)/library/libsegel.so.$(VERSION): $(LIBRARY_OWN) $(BUILD)/pic/rest.a client/segel/libsegel.map
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) -shared -pthread $(SAN) -Wl,-soname,$(SONAME) -Wl,-z,relro,-z,now,-z,noexecstack \
	  $(if $(SAN),,-Wl,-z,defs) -Wl,--version-script=client/segel/libsegel.map -Wl,--as-needed \
	  $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/pic/rest.a $$(pkg-config --libs $(LIBRARY_PACKAGES)) -lm
	@ln -sf libsegel.so.$(VERSION) $(@D)/$(SONAME)
	@ln -sf $(SONAME) $(@D)/libsegel.so
$(BUILD)/library/libsegel.a: $(LIBRARY_OWN) $(BUILD)/pic/rest.a
	@mkdir -p $(@D)
	$(call say,AR)
	$(Q)$(CC) -r -nostdlib -o $(BUILD)/pic/libsegel.o $(LIBRARY_OWN) $(BUILD)/pic/rest.a
	$(Q)objcopy --wildcard --keep-global-symbol='segel_[a-z]*' $(BUILD)/pic/libsegel.o
	@rm -f $@
	@ar rcs $@ $(BUILD)/pic/libsegel.o
$(BUILD)/library/segel.pc: client/segel/segel.pc.in Makefile
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
	  -e "s|@PRIVATE@|$$(pkg-config --libs $(LIBRARY_PACKAGES)) -lm|" $< >$@

# --- Tests ---------------------------------------------------------------------------------
# tests/unit/MODULE/NAME.c is one Criterion program, linked with what MODULE needs and with
# tests/unit/MODULE/support/*.c.
UNIT_SRC := $(wildcard tests/unit/*/*.c)
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))

support_of = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/unit/$(1)/support/*.c))

.SECONDEXPANSION:
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o \
    $$(call support_of,$$(firstword $$(subst /, ,$$*))) \
    $$(call lib_of,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) -lcriterion $(EXTERN_LIBS)

# tests/flow/NAME.c and tests/stress/NAME.c see the whole gateway, tests/bench/NAME.c too,
# unless NEEDS_NAME and SUPPORT_NAME (a module's support files) say otherwise here. A
# program of tests/flow without Criterion is a tool of the script beside it, not a test.
# tests/fixtures/letters.c is the mail merge of the demo; faults.c, instant.c and prober.c are
# PKCS#11 modules: one that fails on command, one that signs in no time, one that tries what a
# lane forbids.
NEEDS_flow     := $(NEEDS_service)
NEEDS_stress   := $(NEEDS_service)
NEEDS_ceiling  := hsm proto
NEEDS_filter   := $(NEEDS_ledger)
NEEDS_letters  := pdf proto
NEEDS_ipc      := $(NEEDS_core) hsm
NEEDS_load     := $(NEEDS_client)
NEEDS_crowd    := $(NEEDS_client)
NEEDS_stamp    := $(NEEDS_pdf)
NEEDS_handoff  := $(NEEDS_transport)
needed_by = $(call lib_of,$(if $(NEEDS_$(1)),$(1),$(2)))

# tests/interop is one program: gRPC's test service on our transport.
INTEROP_BIN := $(BUILD)/tests/interop/service
INTEROP_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/interop/*.c))
$(INTEROP_OBJ): | $(INTEROP_GEN_H)
$(INTEROP_BIN): $(INTEROP_OBJ) $(INTEROP_GEN_C:.c=.o) $(call lib_of,transport)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) $(EXTERN_LIBS)

# The stock clients of make interop, from their own code generators: Debian's packages only.
INTEROP := $(BUILD)/interop
INTEROP_TYPES := $(patsubst %,grpc/testing/%.proto,empty messages test)
INTEROP_SEGEL := $(patsubst %,segel/v1/%.proto,common signing)
INTEROP_CLIENTS := $(addprefix $(INTEROP)/,cpp/client cpp/sign go/client go/sign java/classes/stamp)
INTEROP_JARS = $(subst $(eval ) ,:,$(wildcard $(patsubst %,/usr/share/java/%.jar,grpc-* guava protobuf netty-*)))
GEN_client := grpc/testing
GEN_sign   := segel/v1
$(INTEROP)/gen/stamp: $(wildcard proto/segel/v1/*.proto)
	@rm -rf $(INTEROP)/gen
	@mkdir -p $(addprefix $(INTEROP)/gen/,cpp go/src java python)
	$(call say,GEN)
	$(Q)for root in $(INTEROP_PROTO):"$(INTEROP_TYPES)" proto:"$(INTEROP_SEGEL)"; do \
	  protoc -I$${root%%:*} --cpp_out=$(@D)/cpp --grpc_out=$(@D)/cpp \
	    --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin --java_out=$(@D)/java \
	    --go_out=plugins=grpc:$(@D)/go/src $${root#*:} || exit 1; done
	$(Q)protoc -Iproto --python_out=$(@D)/python $(INTEROP_SEGEL)
	$(Q)protoc -I$(INTEROP_PROTO) --include_imports --descriptor_set_out=$(INTEROP)/test.binpb \
	  grpc/testing/test.proto
	$(Q)protoc -Iproto --include_imports --descriptor_set_out=$(INTEROP)/segel.binpb $(INTEROP_SEGEL)
	@touch $@
$(INTEROP)/cpp/%: tests/interop/cpp/%.cc $(INTEROP)/gen/stamp
	@mkdir -p $(@D)
	$(call say,CXX)
	$(Q)g++ -std=c++17 -I$(INTEROP)/gen/cpp -o $@ $< $(INTEROP)/gen/cpp/$(GEN_$*)/*.cc \
	  $$(pkg-config --cflags --libs grpc++ grpc protobuf)
$(INTEROP)/go/%: $$(wildcard tests/interop/go/%/*.go) $(INTEROP)/gen/stamp
	@mkdir -p $(@D)
	$(call say,GO)
	$(Q)GO111MODULE=off GOFLAGS= GOPATH=$(abspath $(INTEROP)/gen/go):/usr/share/gocode \
	  GOCACHE=$(abspath $(INTEROP)/go/cache) /usr/bin/go build -o $@ $(filter %.go,$^)
# Debian's netty has ALPN by OpenSSL only, and looks for that library by another name.
$(INTEROP)/java/classes/stamp: $(wildcard tests/interop/java/*.java) $(INTEROP)/gen/stamp
	@mkdir -p $(@D)
	$(call say,JAVAC)
	$(Q)javac -nowarn -encoding UTF-8 -cp '$(INTEROP_JARS)' -d $(@D) $(filter %.java,$^) \
	  $$(find $(INTEROP)/gen/java -name '*.java')
	@mkdir -p $(INTEROP)/java/lib
	@cp /usr/lib/*/jni/libnetty-tcnative.so $(INTEROP)/java/lib/libnetty_tcnative.so
	@touch $@

FLOW_BIN   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/flow/*.c))
FLOW_TEST  := $(patsubst %.c,$(BUILD)/%,$(shell grep -ls criterion tests/flow/*.c))
STRESS_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/stress/*.c))
BENCH_BIN  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/*.c))
FIXTURES   := $(patsubst tests/%.c,$(BUILD)/tests/%,tests/fixtures/letters.c tests/fixtures/seek.c \
  tests/fixtures/spoiled.c tests/fixtures/tsa.c) \
  $(patsubst %,$(BUILD)/tests/fixtures/%.so,disk faults held instant kept later prober share stuck)

$(BUILD)/tests/flow/%: $(BUILD)/obj/tests/flow/%.o \
    $$(call support_of,$$(SUPPORT_$$*)) $$(call needed_by,$$*,flow)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) -lcriterion $(EXTERN_LIBS)
$(BUILD)/tests/stress/%: $(BUILD)/obj/tests/stress/%.o $$(call needed_by,$$*,stress)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) $(EXTERN_LIBS)
$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $$(call needed_by,$$*,flow)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) $(EXTERN_LIBS)
# The yardstick of tests/bench/transport.py; generated code and library are Debian's.
$(BUILD)/tests/bench/grpcpp: tests/bench/grpcpp.cc proto/grpc/health/v1/health.proto
	@mkdir -p $(@D) $(BUILD)/gen/cc
	$(call say,LINK)
	$(Q)protoc -Iproto --cpp_out=$(BUILD)/gen/cc --grpc_out=$(BUILD)/gen/cc \
	  --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin grpc/health/v1/health.proto
	$(Q)g++ -std=c++17 -O2 -I$(BUILD)/gen/cc -o $@ $< $(BUILD)/gen/cc/grpc/health/v1/*.cc \
	  $$(pkg-config --cflags --libs grpc++ protobuf)
# tests/fuzz/NAME.c is a fuzz target: with replay.c a test that needs no fuzzer, with
# FUZZER=1 (make fuzz) a program of libFuzzer.
FUZZ_BIN     := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/*.c))
FUZZ_SUPPORT := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(if $(FUZZER),%/replay.c),\
  $(wildcard tests/fuzz/support/*.c)))

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_SUPPORT) $(call lib_of,service) \
    $(call lib_of,bundle) $(call lib_of,quorum) $(call lib_of,report) $(call lib_of,witness) \
    $(call lib_of,verify) $(call lib_of,pdf) $(call lib_of,batch)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) $(EXTERN_LIBS)
$(BUILD)/tests/fixtures/letters: $(BUILD)/obj/tests/fixtures/letters.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) -lhpdf -lm
$(BUILD)/tests/fixtures/seek: $(BUILD)/obj/tests/fixtures/seek.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK)
$(BUILD)/tests/fixtures/spoiled: $(BUILD)/obj/tests/fixtures/spoiled.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) $(EXTERN_LIBS)
$(BUILD)/tests/fixtures/tsa: $(patsubst %,$(BUILD)/obj/tests/fixtures/%.o,tsa tsa_stamp)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(LINK) -levent $(EXTERN_LIBS)
# NAME.c, and NAME_*.c if there are any; without sanitizers, which belong to the program
# that loads it.
$(BUILD)/tests/fixtures/%.so: tests/fixtures/%.c $$(wildcard tests/fixtures/%.def) \
    $$(wildcard tests/fixtures/%_*.[ch]) | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(filter-out $(SAN) -fPIE -MMD -MP,$(ALL_CFLAGS)) $(WARNINGS) -fPIC -shared \
	  -o $@ $(filter %.c,$^) -ldl

# The known answers of the tree serve its witness, too.
$(filter $(BUILD)/tests/unit/witness/%,$(UNIT_BIN)): $$(call support_of,tlog)
# What builds the index of a log is tried on one.
$(BUILD)/tests/unit/service/indexing $(BUILD)/tests/unit/service/reading: \
    $$(call support_of,ledger)
# What looks back at decisions finds those of the policy's tests in one.
$(BUILD)/tests/unit/service/hindsight: $$(call support_of,policy) \
    $(BUILD)/obj/tests/unit/ledger/support/book.o $(BUILD)/obj/tests/unit/ledger/support/backend.o
# libsegel is tried against the client's server, on the letters of the PDF's tests.
$(filter $(BUILD)/tests/unit/segel/%,$(UNIT_BIN)): $$(call support_of,client) $$(call support_of,pdf)
# What is extended is a letter that the verifier's tests make.
$(BUILD)/tests/unit/client/extend_check: $$(call support_of,verify)
$(filter $(BUILD)/tests/unit/hsm/%,$(UNIT_BIN)): | $(filter %.so,$(FIXTURES))

units: $(UNIT_BIN) ## build the unit tests
fuzzers: $(FUZZ_BIN)
tests: all library units $(FLOW_BIN) $(STRESS_BIN) $(BENCH_BIN) $(FUZZ_BIN) $(INTEROP_BIN) $(FIXTURES) ## build programs and tests

# Scripts: every executable file directly in these folders.
SCRIPTS := $(shell find tests/flow tests/system tests/lint/selftest -maxdepth 1 -type f \
  -perm -u+x 2>/dev/null | sort)

# --- What people call ----------------------------------------------------------------------
# Each of these installs first what it needs, then calls make again: only then can the
# libraries be asked for their flags.
deps: ## install the Debian packages that are missing
	@deploy/deps.sh build test demo bench lint

# Most of a test's time is waiting, for a gateway's start, a deadline, a second that passes.
TEST_JOBS ?= $(shell expr $(JOBS) + 1)
check: ## build everything and run all tests
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) -k tests || echo "make: some programs could not be built"
	@BUILD=$(BUILD) PYTHON=$(PYTHON) $(PYTHON) tests/run.py --jobs $(TEST_JOBS) $(UNIT_BIN) \
	  $(FLOW_TEST) $(STRESS_BIN) $(FUZZ_BIN) $(SCRIPTS)

asan: ## the same with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory check BUILD=$(BUILD)/asan \
	  SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined"

policy-mutants: all ## flip each operator and bound of the sample policy: its tests must fail
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/mutants/policy_flips.py

mutants: ## break each promise on purpose and see that a test fails; SAMPLE=20 SEED=1 some of them
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) tests
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/mutants/run.py \
	  $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

# Each target installs what it needs itself.
long: ## every long run, one after the other; MINUTES=5 SEED=1 ALL=1 ONLY="soak upgrade"
	@mkdir -p $(BUILD)
	@BUILD=$(abspath $(BUILD)) MAKE="$(MAKE)" MAKEFLAGS= MAKELEVEL= $(PYTHON) -B tests/long/run.py \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(ALL),--all) \
	  $(if $(ONLY),--only $(ONLY))

faults: ## an HSM that fails in every way we know; LONG=1 the long run, ONLY=matrix a part
	@deploy/deps.sh build test bench
	@$(MAKE) $(PARALLEL) all $(BENCH_BIN) $(FIXTURES)
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/faults/run.py $(if $(LONG),--long) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED))

crash: ## kill -9 under load: CYCLES=2000; POWER=50 power cuts; FAULTS=1, POINTS=1 each call
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all $(FIXTURES)
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/crash/run.py $(if $(CYCLES),--cycles $(CYCLES)) \
	  $(if $(POWER),--power $(POWER)) $(if $(FAULTS),--faults) $(if $(POINTS),--points) \
	  $(if $(SEED),--seed $(SEED)) $(if $(SAMPLE),--sample $(SAMPLE))

soak: ## a mixed load with faults for MINUTES=5; does memory grow, is an error unexplained? SEED=1
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all $(filter %/faults.so %/seek,$(FIXTURES)) $(BUILD)/tests/fixtures/letters
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/soak/run.py $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(SEED),--seed $(SEED))

upgrade: ## an older version signs, this one goes on with its folder; FROM=commit which one
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all $(BUILD)/tests/fixtures/letters
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/upgrade/run.py $(if $(FROM),--from $(FROM))

DIR ?= ../shared/corpus/pdf
corpus: ## sign every PDF below DIR as its expected.tsv says; VISIBLE=1 with a stamp, MUTANTS=n damaged copies
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/corpus/run.py $(if $(VISIBLE),--visible) \
	  $(if $(MUTANTS),--mutants $(MUTANTS)) $(if $(SEED),--seed $(SEED)) $(DIR)

# Everything below build/fuzz: programs, what they found, how far each target has come.
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
fuzz: ## libFuzzer with sanitizers; SECONDS=60 a target, RUNS=n in all, TARGET=name
	@deploy/deps.sh build fuzz
	@$(MAKE) $(PARALLEL) fuzzers BUILD=$(BUILD)/fuzz FUZZER=1 CC=clang-14 WARNINGS= \
	  CFLAGS="-O1 -g -fno-omit-frame-pointer" SAN="$(FUZZ_SAN)"
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/fuzz/run.py --seconds $(or $(SECONDS),60) \
	  $(if $(RUNS),--runs $(RUNS)) $(if $(MERGE),--merge) $(TARGET)

lint: ## formatting, clang-tidy, layers, banned calls, sizes, secrets
	@deploy/deps.sh build test lint
	@BUILD=$(BUILD) MAKE="$(MAKE) $(PARALLEL)" PYTHON=$(PYTHON) tests/lint/run.sh

modules: ## the same test on five PKCS#11 modules; rewrites the tables of docs/MODULES.md
	@deploy/deps.sh build test modules
	@$(MAKE) $(PARALLEL) tests
	@BUILD=$(abspath $(BUILD)) TOKENS=all $(PYTHON) -B tests/system/modules.py
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/system/modules_table.py docs/MODULES.md

.PHONY: interop
interop: ## every stock gRPC client against the transport, and the examples; ONLY="go java" some of them
	@deploy/deps.sh build demo interop
	@command -v npm >/dev/null || deploy/deps.sh npm
	@$(MAKE) $(PARALLEL) all $(INTEROP_BIN) $(INTEROP_CLIENTS) $(BUILD)/tests/fixtures/letters
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/interop/run.py --json $(INTEROP)/report.json \
	  --docs docs/TRANSPORT.md $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),,BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/interop/examples.py)
	@$(if $(ONLY),,$(MAKE) -s archival)

# Judges that are no packages of Debian come by their own package managers, once.
ARCHIVAL := $(abspath $(BUILD))/interop/archival
archival: ## letters of all levels before veraPDF and pyHanko; LETTERS=folder also your own PDF/A
	@deploy/deps.sh build demo interop archival
	@$(MAKE) $(PARALLEL) all $(addprefix $(BUILD)/tests/fixtures/,letters tsa)
	@mkdir -p $(ARCHIVAL)
	@[ -d $(ARCHIVAL)/jars ] || { mvn -q -B -f tests/interop/archival/pom.xml \
	  dependency:copy-dependencies -DoutputDirectory=$(ARCHIVAL)/part && \
	  mv $(ARCHIVAL)/part $(ARCHIVAL)/jars; } || echo "veraPDF cannot be had"
	@[ -e $(ARCHIVAL)/venv/there ] || { $(PYTHON) -m venv $(ARCHIVAL)/venv && \
	  $(ARCHIVAL)/venv/bin/pip -q install pyhanko==0.38.0 && \
	  touch $(ARCHIVAL)/venv/there; } || echo "pyHanko cannot be had"
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/interop/archival.py $(LETTERS)

demo: ## sign 200 letters with a software token and check every one
	@deploy/deps.sh build demo
	@$(MAKE) $(PARALLEL) all $(BUILD)/tests/fixtures/letters $(BUILD)/tests/fixtures/tsa
	@BUILD=$(BUILD) deploy/demo/demo.sh

tsa: ## a time stamp authority for tests, until Ctrl-C; PORT=3180, and its files in build/tsa
	@deploy/deps.sh build
	@$(MAKE) $(PARALLEL) $(BUILD)/tests/fixtures/tsa
	@mkdir -p $(BUILD)/tsa
	@echo "tsa.urls: http://127.0.0.1:$(or $(PORT),3180)/tsa"
	@echo "tsa.anchors: $(abspath $(BUILD)/tsa/root.pem)"
	@exec $(BUILD)/tests/fixtures/tsa $(BUILD)/tsa $(or $(PORT),3180)

bench: ## throughput beside what the token can do; LETTERS=10000; CONNECTIONS=10000 for a crowd instead
	@deploy/deps.sh build demo bench
	@$(MAKE) $(PARALLEL) all $(BENCH_BIN) $(BUILD)/tests/bench/grpcpp \
	  $(filter %/instant.so %/faults.so,$(FIXTURES))
ifdef CONNECTIONS
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/bench/crowd.py --connections $(CONNECTIONS)
else
	@BUILD=$(abspath $(BUILD)) BENCH_SECONDS=$(SECONDS) BENCH_ROUNDS=$(ROUNDS) \
	  BENCH_KEYS="$(KEYS)" $(PYTHON) -B tests/bench/bench.py
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/bench/idle.py
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/bench/transport.py \
	  --seconds $(or $(SECONDS),4) --rounds $(or $(ROUNDS),5)
	@BUILD=$(abspath $(BUILD)) BENCH_SECONDS=$(SECONDS) BENCH_ROUNDS=$(ROUNDS) \
	  BENCH_KEYS="$(KEYS)" BENCH_LETTERS=$(LETTERS) $(PYTHON) -B tests/bench/letters.py
	@$(BUILD)/tests/bench/policy
	@$(BUILD)/tests/bench/stamp
	@rm -rf $(BUILD)/ledger-bench && mkdir -p $(BUILD)/ledger-bench
	@$(BUILD)/tests/bench/ledger $(BUILD)/ledger-bench
endif

budget: ## where the processor time of one signature goes, by perf; KEYS="p-256", SECONDS=4
	@deploy/deps.sh build demo bench profile
	@$(MAKE) $(PARALLEL) all $(BUILD)/tests/bench/load $(BUILD)/tests/bench/ceiling
	@BUILD=$(abspath $(BUILD)) BENCH_SECONDS=$(SECONDS) BENCH_KEYS="$(KEYS)" \
	  $(PYTHON) -B tests/bench/budget.py

overload: ## ten times what the HSM can do, most of it from one caller; SECONDS=10 for a quick look
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all $(filter %/faults.so,$(FIXTURES))
	@BUILD=$(abspath $(BUILD)) OVERLOAD_SECONDS=$(SECONDS) $(PYTHON) -B tests/bench/overload.py

attacks: ## peers that break the rules, one by one and all together; rewrites docs/ATTACKS.md
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all $(BUILD)/tests/bench/crowd
	@BUILD=$(abspath $(BUILD)) $(PYTHON) -B tests/attacks/run.py --docs docs/ATTACKS.md \
	  $(if $(SECONDS),--seconds $(SECONDS))

SHARE  = $(DESTDIR)$(PREFIX)/share/segel
DOCDIR = $(PREFIX)/share/doc/segel
LIBDIR = $(PREFIX)/lib
UNITDIR = $(LIBDIR)/systemd/system
UNITS  := $(wildcard deploy/systemd/*.service.in)
man: all ## manual pages into build/man, from what the programs say with --help
	@deploy/man.sh $(BUILD)/bin $(BUILD)/man

# What other programs are made with, and what they are run with.
install-library: library ## libsegel alone, below DESTDIR and PREFIX
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include \
	  $(DESTDIR)$(PREFIX)/share/man/man3
	install -m 644 $(BUILD)/library/libsegel.so.$(VERSION) $(BUILD)/library/libsegel.a $(DESTDIR)$(LIBDIR)
	ln -sf libsegel.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libsegel.so
	install -m 644 client/segel/segel.h $(DESTDIR)$(PREFIX)/include
	sed 's|^prefix=.*|prefix=$(PREFIX)|' $(BUILD)/library/segel.pc >$(DESTDIR)$(LIBDIR)/pkgconfig/segel.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/segel.pc # whatever the umask
	install -m 644 client/segel/libsegel.3 $(DESTDIR)$(PREFIX)/share/man/man3
	cd client/examples && find . -type f -exec install -D -m 644 {} $(abspath $(SHARE))/examples/{} \;
	$(if $(DESTDIR),,@ldconfig || echo "programs find libsegel in $(LIBDIR) once root has run ldconfig")

install: all man install-library ## install below DESTDIR and PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/policies $(SHARE)/proto $(SHARE)/witness $(SHARE)/demo \
	  $(SHARE)/monitoring $(DESTDIR)$(DOCDIR)/systemd $(DESTDIR)$(UNITDIR) \
	  $(DESTDIR)$(LIBDIR)/sysusers.d $(DESTDIR)$(LIBDIR)/tmpfiles.d \
	  $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(wildcard deploy/policies/*.yaml) $(SHARE)/policies
	install -m 644 $(wildcard deploy/witness/*) $(SHARE)/witness
	install -m 644 $(wildcard deploy/monitoring/*) $(SHARE)/monitoring
	install -d $(SHARE)/stamps
	install -m 644 $(wildcard deploy/stamps/*.stamp) $(SHARE)/stamps
	install -m 644 $(FONTS_LICENCE) $(SHARE)/stamps/fonts.copyright
	install -m 755 $(filter-out %/demo.sh %/ceremony.sh,$(wildcard deploy/demo/*.sh)) $(SHARE)/demo
	cd proto && find segel/v1 grpc -name '*.proto' -exec install -D -m 644 {} $(abspath $(SHARE))/proto/{} \;
	install -m 644 README.md LICENSE CHANGELOG.md docs/*.md $(DESTDIR)$(DOCDIR)
	$(BUILD)/bin/segeld --print-config >$(DESTDIR)$(DOCDIR)/segeld.yaml
	chmod 644 $(DESTDIR)$(DOCDIR)/segeld.yaml
	install -m 644 deploy/systemd/drop-ins/*.conf $(DESTDIR)$(DOCDIR)/systemd
	for unit in $(UNITS); do \
	  installed=$(DESTDIR)$(UNITDIR)/$$(basename $$unit .in); \
	  sed -e 's|@BINDIR@|$(PREFIX)/bin|; s|@DOCDIR@|$(DOCDIR)|' $$unit >$$installed && \
	    chmod 644 $$installed || exit 1; done
	install -m 644 deploy/systemd/segel.sysusers $(DESTDIR)$(LIBDIR)/sysusers.d/segel.conf
	install -m 644 deploy/systemd/segel-witness.sysusers \
	  $(DESTDIR)$(LIBDIR)/sysusers.d/segel-witness.conf
	install -m 644 deploy/systemd/segel.tmpfiles $(DESTDIR)$(LIBDIR)/tmpfiles.d/segel.conf
	install -m 644 $(BUILD)/man/man1/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(BUILD)/man/man8/*.8 $(DESTDIR)$(PREFIX)/share/man/man8

# A copy of the tree, so that nothing of it is touched; build/ stays here.
deb: ## Debian packages into build/deb
	@deploy/deps.sh build deb
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/segel-$(VERSION)
	@cp -a $(filter-out build $(BUILD),$(wildcard *)) $(BUILD)/deb/segel-$(VERSION)/
	@cp -a deploy/debian $(BUILD)/deb/segel-$(VERSION)/debian
	@cd $(BUILD)/deb/segel-$(VERSION) && DEB_BUILD_OPTIONS="parallel=$(JOBS) nocheck" \
	  dpkg-buildpackage -b -us -uc
	@rm -rf $(BUILD)/deb/segel-$(VERSION) && ls -l $(BUILD)/deb

# The older one has the first packages that could be upgraded; its ledger is of version 8.
deb-test: FROM ?= 1b63ba2
deb-test: deb ## those packages in a clean root, booted by systemd-nspawn, over FROM=commit; as root
	@deploy/deps.sh build test deb
	@$(MAKE) $(PARALLEL) $(BUILD)/tests/fixtures/letters
	@BUILD=$(BUILD) tests/deb/older.sh $(FROM) || [ $$? = 77 ]
	@BUILD=$(BUILD) tests/deb/run.sh

# All of it stays below build/image.
image: ## the image of deploy/containers, by buildah, as build/image/segel.tar; as root
	@deploy/deps.sh image
	@mkdir -p $(BUILD)
	@BUILD=$(BUILD) VERSION=$(VERSION) timeout 1800 deploy/containers/image.sh

image-test: image ## a container of that image, run as the manifests ask, signs; as root
	@deploy/deps.sh build test
	@$(MAKE) $(PARALLEL) all
	@BUILD=$(abspath $(BUILD)) timeout 600 $(PYTHON) -B tests/image/run.py --image localhost/segel:$(VERSION)

clean: ## remove build/
	rm -rf $(BUILD)

# --- Lint ----------------------------------------------------------------------------------
# A stamp a file; it is as old as the object, which knows the headers it was made from.
C_FILES := $(shell find proto gateway hsm client tests -name '*.c' 2>/dev/null | sort)
# The analyser gives a function up after so many states, by itself after 225,000: more than
# half of its time goes into the few that reach that. TIDY_STATES=225000 for a long look.
TIDY_STATES ?= 40000
TIDY_FLAGS = -std=gnu17 $(DEFINES) -pthread -I. -isystem $(BUILD)/gen \
  -idirafter client/segel $(EXTERN_CFLAGS) \
  -Xclang -analyzer-config -Xclang max-nodes=$(TIDY_STATES)

tidy: $(C_FILES:%.c=$(BUILD)/lint/%.tidy) ## clang-tidy over all files
$(BUILD)/lint/%.tidy: $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy-14 --quiet $*.c -- $(TIDY_FLAGS) >$@.log 2>&1 || \
	  { grep -v ' warnings generated\.' $@.log; exit 1; }
	@touch $@

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: all library units fuzzers tests deps check asan fuzz mutants policy-mutants faults crash \
  soak lint modules demo bench budget tsa overload attacks interop archival install \
  install-library man deb deb-test clean tidy upgrade long image image-test help
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(BUILD)/obj $(BUILD)/pic $(BUILD)/gen -name '*.d' 2>/dev/null)

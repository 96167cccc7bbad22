#define _GNU_SOURCE /* memfd_create */
/* Certificates: a file is refused with a sentence, or becomes facts of the right kinds
 * and addresses that may be asked; a chain that a stranger signed is not good. Input: a
 * choice, then DER of a TBSCertificate that is signed here, or whole certificates, or PEM
 * text. */
#include "gateway/cert/cert.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/status/inside.h"
#include "proto/text.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/seal.h"
#include "tests/fuzz/support/tree.h"

enum { WHOLE = 1, STRANGER = 2, PEM = 4, CHAIN = 8 };

/* A file in memory, to be given by its path. */
struct memory_file {
    int fd;
    char path[64];
};

static struct memory_file *file_of(struct memory_file *file)
{
    if (file->path[0] == '\0') {
        file->fd = memfd_create("certificates", MFD_CLOEXEC);
        MUST(file->fd >= 0);
        (void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
    }
    return file;
}

static void fill(const struct memory_file *file, struct slice bytes)
{
    MUST(ftruncate(file->fd, 0) == 0);
    MUST(pwrite(file->fd, bytes.data, bytes.len, 0) == (ssize_t)bytes.len);
}

static void fill_pem(const struct memory_file *file, struct slice der, bool with_ca)
{
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char *ca = NULL;
    char *text = NULL;
    int len = i2d_X509(seal_ca(), &ca);

    MUST(bio != NULL && len > 0);
    MUST(der.len == 0 ||
         PEM_write_bio(bio, "CERTIFICATE", "", der.data, (long)der.len) > 0);
    if (with_ca) {
        MUST(PEM_write_bio(bio, "CERTIFICATE", "", ca, len) > 0);
    }
    long size = BIO_get_mem_data(bio, &text);
    fill(file, slice_of(text, (size_t)size));
    OPENSSL_free(ca);
    BIO_free(bio);
}

static const char *anchors(void)
{
    static struct memory_file file;

    if (file.path[0] == '\0') {
        unsigned char *ca = NULL;
        int len = i2d_X509(seal_ca(), &ca);
        MUST(len > 0);
        fill_pem(file_of(&file), slice_of(ca, (size_t)len), false);
        OPENSSL_free(ca);
    }
    return file.path;
}

static void hold_fact(enum fact fact, const struct fact_value *value)
{
    if (value->present && fact_type_is_text(fact_type(fact))) {
        MUST(value->text.data != NULL && text_plain(value->text));
        MUST(value->text.data[value->text.len] == '\0');
    }
    for (size_t i = 0; value->present && i < value->set_count; i++) {
        MUST(value->set[i].data != NULL && value->set[i].len > 0);
    }
}

static void hold_address(const char *url)
{
    MUST(url[0] == '\0' || strncmp(url, "http://", 7) == 0);
    for (; *url != '\0'; url++) {
        MUST(*url > ' ' && *url <= '~');
    }
}

/* Where the status of it and of its issuers would be asked. */
static void hold_links(const struct cert *cert)
{
    static struct config config = {
        .status_crl_url = "", .status_ocsp_url = "", .tsa_anchors_file = ""};
    struct status_entry entry = {.key = {.name = "k", .cert = cert}};
    struct status status = {.config = &config, .entries = &entry, .entry_count = 1};
    struct sg_error why = {0};

    config.anchors_file = anchors();
    MUST(links_make(&status, &why) == SG_OK);
    MUST(entry.link_count <= CERT_CHAIN_MAX);
    for (size_t i = 0; i < status.link_count; i++) {
        hold_address(status.links[i].crl.url);
        hold_address(status.links[i].ocsp.url);
    }
    links_fini(&status);
}

static void hold_names(const struct cert *cert)
{
    struct cert_names names;
    size_t count = 0;
    X509 *const *chain = cert_chain(cert, &count);

    MUST(count >= 1 && count <= CERT_CHAIN_MAX);
    cert_alt_names(chain[0], &names);
    MUST(names.count <= SG_COUNT(names.names));
    for (size_t i = 0; i < names.count; i++) {
        MUST(strncmp(names.names[i], "URI:", 4) == 0 ||
             strncmp(names.names[i], "DNS:", 4) == 0);
    }
}

static void hold(const struct cert *cert, uint8_t choice)
{
    struct facts facts = {0};

    MUST(cert_spki(cert).len > 0 && cert_serial(cert)[0] != '\0');
    cert_facts(cert, &facts);
    cert_key_facts(cert, &facts);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        hold_fact((enum fact)i, &facts.value[i]);
    }
    MUST(facts.value[FACT_ID_cert_chain_ok].present);
    bool good = facts.value[FACT_ID_cert_chain_ok].number != 0;
    MUST(!good || (choice & STRANGER) == 0 || (choice & (WHOLE | PEM)) != 0);
    MUST(good == facts.value[FACT_ID_cert_anchor].present);
    hold_names(cert);
    hold_links(cert);
}

static void judge(const char *path, uint8_t choice)
{
    static struct cert_anchors *read;
    struct sg_error unread = {0};
    MUST(read != NULL || cert_anchors_load(anchors(), &read, &unread) == SG_OK);
    const struct cert_files files = {path, NULL, read};
    struct cert *cert = NULL;
    struct sg_error why = {0};

    enum sg_status status = cert_load(&files, SEAL_NOW_US, &cert, &why);
    MUST(status == SG_OK || status == SG_INVALID);
    MUST(status == SG_OK || why.text[0] != '\0');
    if (status == SG_OK) {
        hold(cert, choice);
        cert_free(cert);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t sealed[SEAL_MAX];
    static struct memory_file file;
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);

    if ((choice & PEM) != 0) {
        fill(file_of(&file), input);
    } else if ((choice & WHOLE) != 0) {
        fill_pem(file_of(&file), input, (choice & CHAIN) != 0);
    } else {
        const struct seal_parts parts = {.part = input};
        size_t size =
            seal(&parts, (choice & STRANGER) != 0 ? SEAL_STRANGER : SEAL_CA, sealed);
        fill_pem(file_of(&file), slice_of(sealed, size), (choice & CHAIN) != 0);
    }
    judge(file.path, choice);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    return tree_mutate(data, len, cap, 1, seed);
}

#include <criterion/criterion.h>

#include "gateway/config/config.h"
#include "tests/unit/base/support/config_file.h"

/* The doors: addresses and sockets of callers, of the local pages, and of PINs. */

TestSuite(config_listen, .init = config_file_make, .fini = config_file_remove);

static enum sg_status load(const char *doors)
{
    return config_file_load(
        "tls: {certificate: a, private_key: b, client_ca: c}\n"
        "ledger: {path: ledger.db, origin: example.go.id/log}\n"
        "policy: {file: policy.yaml, anchors: anchors.pem}\n"
        "lanes:\n"
        "  - {name: lane0, module: /m.so, token: t, pin_file: pin}\n"
        "log_key: {lane: lane0, id: \"0a\"}\n"
        "keys:\n"
        "  - {name: seal, class: seal, certificate: seal.pem, scheme: ecdsa, id: "
        "\"01\"}\n"
        "callers:\n"
        "  - {name: x, match: \"URI:urn:x\", roles: [backend], keys: [seal]}\n"
        "%s\n",
        doors);
}

static void refused(const char *doors, const char *word)
{
    config_file_refused(load(doors), "segeld.yaml:11:", word);
}

Test(config_listen, a_host_name_is_no_address)
{
    refused("listen: {address: localhost}", "(setting listen.address)");
    refused("admin: {address: localhost}", "(setting admin.address)");
    refused("listen: {address: 127.0.0.1.1}", "host names are not looked up");
    cr_expect_eq(load("listen: {address: \"::1\"}"), SG_OK, "%s", tried.why.text);
    cr_expect_eq(load("listen: {address: \"fd:tcp\"}"), SG_OK, "%s", tried.why.text);
}

Test(config_listen, two_doors_have_two_ports)
{
    refused("admin: {address: 127.0.0.1, port: 7443}", "admin.port is 7443");
    refused("admin: {address: 127.0.0.1, port: 90}\nlisten: {address: 0.0.0.0, port: 90}",
            "listen.port of 0.0.0.0");
    refused("admin: {address: \"::1\", port: 90}\nlisten: {address: \"::\", port: 90}",
            "a port of their own");
    cr_expect_eq(load("admin: {address: 127.0.0.1, port: 0}\n"
                      "listen: {address: 127.0.0.1, port: 0}"),
                 SG_OK, "any free ones: %s", tried.why.text);
    cr_expect_eq(load("admin: {address: 127.0.0.1, port: 90}\n"
                      "listen: {address: 192.0.2.1, port: 90}"),
                 SG_OK, "another address: %s", tried.why.text);
    cr_expect_eq(load("admin: {address: \"::1\", port: 90}\n"
                      "listen: {address: 0.0.0.0, port: 90}"),
                 SG_OK, "all of IPv4 and one of IPv6: %s", tried.why.text);
    cr_expect_eq(load("admin: {address: \"\", port: 7443}"), SG_OK, "there is none: %s",
                 tried.why.text);
}

Test(config_listen, two_doors_have_two_sockets)
{
    refused("control: {socket: /run/x}\nlisten: {unix: /run/x}", "listen.unix has this");
    refused("control: {socket: run/x}", "absolute path");
    cr_expect_eq(load("control: {socket: /run/x}\nlisten: {unix: /run/y}"), SG_OK, "%s",
                 tried.why.text);
}

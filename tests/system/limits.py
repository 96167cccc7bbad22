#!/usr/bin/python3
"""Limits of the transport as settings of segeld, seen by a stock gRPC client: callers with
several certificates, connections that grow old under load, pings without end."""
import http.client
import os
import shutil
import subprocess
import sys
import threading
import time

import exposition
import grpc
import rig
from rig import claim, contains, equal, expect, health

PKI = os.path.join(rig.ROOT, "deploy/demo/pki.sh")


def second_certificate(the_rig):
    """Another key and certificate of e-office."""
    home, new = the_rig.path("clients", "e-office"), the_rig.path("clients", "e-office-2")
    shutil.copytree(home, new)
    result = subprocess.run([PKI, "client", the_rig.path("pki"), "e-office",
                             os.path.join(new, "cert")], capture_output=True, text=True,
                            check=False)
    equal(result.returncode, 0, result.stderr)
    os.replace(os.path.join(new, "cert.key"), os.path.join(new, "key.pem"))
    expect(the_rig.read("clients/e-office/cert.pem") != the_rig.read("clients/e-office-2/cert.pem"),
           "the second certificate is the first")


def with_limits(the_rig, limits):
    return the_rig.config((r"^node: gw1$",
                           f"node: gw1\nadmin: {{port: 0, address: 127.0.0.1}}\nlimits: {{{limits}}}"))


def page(gateway):
    host, port = gateway.find("ready")[-1]["admin"].rsplit(":", 1)
    link = http.client.HTTPConnection(host, int(port), timeout=10)
    link.request("GET", "/metrics")
    text = link.getresponse().read().decode()
    link.close()
    return exposition.parse(text)


def refusals(gateway, limit):
    return page(gateway).value("segel_limit_refusals_total", limit=limit)


def wait_until(what, truth, seconds=15):
    end = time.monotonic() + seconds
    while not truth():
        expect(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Channel:
    """A connection of its own: grpcio shares them among channels otherwise."""

    def __init__(self, gateway, name, *options):
        read = gateway.rig.read
        home = os.path.join("clients", name)
        credentials = grpc.ssl_channel_credentials(
            *(read(os.path.join(home, file), "rb")
              for file in ("ca.pem", "key.pem", "cert.pem")))
        self.channel = grpc.secure_channel(gateway.address, credentials, options=[
            ("grpc.use_local_subchannel_pool", 1), *options])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def check(self):
        call = self.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health.HealthCheckRequest.SerializeToString,
            response_deserializer=health.HealthCheckResponse.FromString)
        return call(health.HealthCheckRequest(service=""), timeout=10)

    def watch(self):
        call = self.channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health.HealthCheckRequest.SerializeToString,
            response_deserializer=health.HealthCheckResponse.FromString)
        return call(health.HealthCheckRequest(service=""), timeout=60)


@claim
def a_caller_is_one_whatever_certificates_it_has(the_rig):
    with the_rig.gateway(with_limits(the_rig, "connections_per_caller: 2")) as gateway, \
            Channel(gateway, "e-office") as first, Channel(gateway, "e-office-2") as second:
        first.check()
        second.check()
        for name in ("e-office", "e-office-2"):
            with Channel(gateway, name) as third:
                try:
                    third.check()
                    expect(False, "a third connection was served")
                except grpc.RpcError as error:
                    expect(error.code() in (grpc.StatusCode.UNAVAILABLE,
                                            grpc.StatusCode.RESOURCE_EXHAUSTED,
                                            grpc.StatusCode.DEADLINE_EXCEEDED),
                           f"{error.code()}: {error.details()}")
        expect(refusals(gateway, "connections_per_caller") >= 2, "it was not counted")
        contains(gateway.text(), "this caller has as many connections as it may have")
        with Channel(gateway, "reviewer") as other:
            other.check()
        first.check()
        second.check()
        first.channel.close()
        wait_until("the place is given back",
                   lambda: page(gateway).value("segel_connections") <= 2)
        with Channel(gateway, "e-office") as again:
            again.check()


@claim
def connections_grow_old_and_no_call_is_lost(the_rig):
    config = with_limits(the_rig, "age_ms: 150, age_grace_ms: 0")
    failed, done, stop = [], [0], threading.Event()

    def call_on(gateway):
        with Channel(gateway, "e-office") as channel:
            while not stop.is_set():
                try:
                    channel.check()
                    done[0] += 1
                except grpc.RpcError as error:
                    failed.append(f"{error.code()}: {error.details()}")

    with the_rig.gateway(config) as gateway, Channel(gateway, "reviewer") as watcher:
        watch = watcher.watch()
        equal(next(iter(watch)).status, health.HealthCheckResponse.SERVING)
        threads = [threading.Thread(target=call_on, args=(gateway,)) for _ in range(10)]
        for thread in threads:
            thread.start()
        wait_until("forty connections have grown old",
                   lambda: refusals(gateway, "age_ms") >= 40, 60)
        stop.set()
        for thread in threads:
            thread.join()
        equal(failed[:3], [], f"calls that failed, of {done[0]}")
        expect(watch.is_active(), "the stream of an old connection was cut")
        equal(refusals(gateway, "age_grace_ms"), 0)
        watch.cancel()
        print(f"      {done[0]} calls on "
              f"{page(gateway).value('segel_connections_opened_total'):.0f} connections")


@claim
def a_stream_on_an_old_connection_ends_with_the_grace(the_rig):
    config = with_limits(the_rig, "age_ms: 1000, age_grace_ms: 1000")
    with the_rig.gateway(config) as gateway, Channel(gateway, "reviewer") as watcher:
        try:
            for _ in watcher.watch():
                pass
            expect(False, "the stream ended well")
        except grpc.RpcError as error:
            equal(error.code(), grpc.StatusCode.UNAVAILABLE)
        equal(refusals(gateway, "age_grace_ms"), 1)
        watcher.check()


@claim
def a_client_that_pings_without_end_is_told_so(the_rig):
    config = with_limits(the_rig, "ping_strikes: 1, idle_ms: 600000")
    options = [("grpc.keepalive_time_ms", 300), ("grpc.keepalive_permit_without_calls", 1),
               ("grpc.http2.max_pings_without_data", 0)]
    with the_rig.gateway(config) as gateway, Channel(gateway, "e-office", *options) as eager:
        eager.check()
        wait_until("its connection is cut", lambda: refusals(gateway, "ping_strikes") >= 1)
        contains(gateway.text(), "too_many_pings")
        eager.check()


@claim
def the_gateway_asks_for_signs_of_life(the_rig):
    config = with_limits(the_rig, "keepalive_ms: 1000, keepalive_timeout_ms: 8000")
    with the_rig.gateway(config) as gateway, Channel(gateway, "reviewer") as watcher:
        watch = watcher.watch()
        next(iter(watch))
        time.sleep(11)
        expect(watch.is_active(), "a client that answers was cut")
        equal(refusals(gateway, "keepalive_timeout_ms"), 0)
        watch.cancel()


@claim
def a_limit_out_of_its_bounds_is_named(the_rig):
    code, text = the_rig.refuses(with_limits(the_rig, "ping_interval_ms: 86400001"))
    equal(code, 1)
    contains(text, "spoiled.yaml:", "limits.ping_interval_ms", "86400000")


def main():
    the_rig = rig.Rig("limits")
    second_certificate(the_rig)
    return rig.run(the_rig)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""gRPC reflection by a stock client: what is listed is what is served, the descriptors are
those of the .proto files, and nobody who is not known learns anything."""
import importlib.util
import os
import queue
import shutil
import subprocess
import sys
import time

import grpc
import rig
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from rig import claim, equal, expect

V1, V1ALPHA = "grpc.reflection.v1", "grpc.reflection.v1alpha"
SERVED = ["grpc.health.v1.Health", f"{V1}.ServerReflection", f"{V1ALPHA}.ServerReflection",
          "segel.v1.ApprovalService", "segel.v1.IncidentService", "segel.v1.KeyService",
          "segel.v1.LogService", "segel.v1.MandateService", "segel.v1.PolicyService",
          "segel.v1.SigningService", "segel.v1.StatusService"]
NOT_FOUND, UNIMPLEMENTED = 5, 12


# --- Messages -------------------------------------------------------------------------------

def protoc(*arguments):
    subprocess.run(["protoc", "-I", os.path.join(rig.ROOT, "proto"), *arguments], check=True,
                   cwd=rig.ROOT)


def load_messages(version):
    """By file: a generated package named grpc would hide the library of that name."""
    scratch = os.path.join(rig.BUILD, f"python.reflection.{os.getpid()}")
    os.makedirs(scratch, exist_ok=True)
    name = f"grpc/reflection/{version}/reflection"
    protoc("--python_out", scratch, f"{name}.proto")
    spec = importlib.util.spec_from_file_location(
        f"segel_reflection_{version}", os.path.join(scratch, f"{name}_pb2.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.rmtree(scratch)
    return module


pb = load_messages("v1")
Request, Response = pb.ServerReflectionRequest, pb.ServerReflectionResponse


def extension(kind, number):
    return Request(file_containing_extension=pb.ExtensionRequest(
        containing_type=kind, extension_number=number))


def files_of_the_repository():
    """{name: bytes} as protoc makes them of the .proto files, now."""
    out = os.path.join(rig.BUILD, f"reflection.{os.getpid()}.ds")
    folders = ("segel/v1", "grpc/health/v1", "grpc/reflection/v1", "grpc/reflection/v1alpha")
    names = [f"{folder}/{name}" for folder in folders
             for name in sorted(os.listdir(os.path.join(rig.ROOT, "proto", folder)))]
    protoc("--include_imports", f"--descriptor_set_out={out}", *names)
    with open(out, "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    os.remove(out)
    return {file.name: file.SerializeToString() for file in files}


class Stream:
    """One call: ask() sends a question and waits for its answer."""

    def __init__(self, client, package=V1):
        self.questions = queue.Queue()
        call = client.channel.stream_stream(
            f"/{package}.ServerReflection/ServerReflectionInfo",
            request_serializer=Request.SerializeToString, response_deserializer=None)
        self.call = call(iter(self.questions.get, None), timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def raw(self, request):
        self.questions.put(request)
        return next(self.call)

    def ask(self, request):
        answer = Response.FromString(self.raw(request))
        equal(answer.original_request, request, "original_request")
        equal(answer.valid_host, request.host, "valid_host")
        return answer

    def files(self, request):
        answer = self.ask(request)
        equal(answer.WhichOneof("message_response"), "file_descriptor_response")
        return [descriptor_pb2.FileDescriptorProto.FromString(file)
                for file in answer.file_descriptor_response.file_descriptor_proto]

    def error(self, request):
        answer = self.ask(request)
        equal(answer.WhichOneof("message_response"), "error_response", str(request))
        expect(answer.error_response.error_message, "the error says nothing")
        return answer.error_response.error_code

    def end(self):
        self.questions.put(None)


def by_symbol(name):
    return Request(file_containing_symbol=name)


def by_name(name):
    return Request(file_by_filename=name)


# --- What is told ---------------------------------------------------------------------------

@claim
def what_is_listed_is_what_is_served(_, gateway):
    for package in (V1, V1ALPHA):
        with Stream(gateway.client(), package) as stream:
            answer = stream.ask(Request(list_services="", host="any"))
            equal([s.name for s in answer.list_services_response.service], SERVED, package)


@claim
def both_names_answer_alike(_, gateway):
    asked = [Request(list_services="x"), by_symbol("segel.v1.SigningService"), Request(),
             by_name("segel/v1/nothing.proto"), extension("segel.v1.SignTerms", 1)]
    answers = []
    for package in (V1, V1ALPHA):
        with Stream(gateway.client(), package) as stream:
            answers.append([stream.raw(question) for question in asked])
    equal(answers[0], answers[1], "answers")


@claim
def files_are_those_of_the_repository_byte_for_byte(_, gateway):
    wanted = files_of_the_repository()
    with Stream(gateway.client()) as stream:
        seen = {}
        for service in SERVED:
            for file in stream.files(by_symbol(service)):
                seen[file.name] = file.SerializeToString()
    for name, data in seen.items():
        expect(data == wanted[name], f"{name} differs; the descriptors are not of this tree")
    equal(sorted(seen), ["grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto",
                         "grpc/reflection/v1alpha/reflection.proto",
                         "segel/v1/approvals.proto", "segel/v1/common.proto",
                         "segel/v1/incidents.proto", "segel/v1/keys.proto",
                         "segel/v1/log.proto", "segel/v1/mandates.proto",
                         "segel/v1/policy.proto", "segel/v1/signing.proto",
                         "segel/v1/status.proto"], "files")


@claim
def a_client_that_knows_nothing_can_call(_, gateway):
    client, pool = gateway.client(), descriptor_pool.DescriptorPool()
    with Stream(client) as stream:
        for file in reversed(stream.files(by_symbol("grpc.health.v1.Health"))):
            pool.Add(file)
    method = pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Check")
    kinds = message_factory.MessageFactory(pool)
    request, reply = (kinds.GetPrototype(t) for t in (method.input_type, method.output_type))
    call = client.channel.unary_unary("/grpc.health.v1.Health/Check",
                                      request_serializer=request.SerializeToString,
                                      response_deserializer=reply.FromString)
    equal(call(request(service="segel.v1.LogService"), timeout=10).status, 1, "SERVING")


@claim
def imports_come_along_once_a_stream(_, gateway):
    signing, keys = "segel/v1/signing.proto", "segel/v1/keys.proto"
    with Stream(gateway.client()) as stream:
        equal([f.name for f in stream.files(by_name(signing))],
              [signing, "segel/v1/common.proto"], "first")
        equal([f.name for f in stream.files(by_name(keys))],
              [keys, "segel/v1/approvals.proto"], "common.proto was sent")
        equal([f.name for f in stream.files(by_name(signing))], [signing], "again")
        equal([f.name for f in stream.files(by_name("segel/v1/common.proto"))],
              ["segel/v1/common.proto"], "what is asked for always comes")
    with Stream(gateway.client()) as stream:
        equal([f.name for f in stream.files(by_name(keys))],
              [keys, "segel/v1/common.proto", "segel/v1/approvals.proto"], "another stream")


@claim
def symbols_of_every_kind_are_found(_, gateway):
    here = {"segel.v1.SigningService": "signing", "segel.v1.SigningService.Sign": "signing",
            "segel.v1.SignRequest": "signing", "segel.v1.SignRequest.terms": "signing",
            "segel.v1.HashAlgorithm": "common", "segel.v1.HASH_ALGORITHM_SHA256": "common",
            "segel.v1.Detail": "errors"}
    with Stream(gateway.client()) as stream:
        for name, file in here.items():
            equal(stream.files(by_symbol(name))[0].name, f"segel/v1/{file}.proto", name)
        equal(stream.files(by_symbol(f"{V1}.ServerReflectionRequest.message_request"))[0].name,
              "grpc/reflection/v1/reflection.proto", "a oneof")
        for name in ("", ".", "segel", "segel.v1", ".segel.v1.SigningService",
                     "segel.v1.SigningService.", "segel.v1.signingservice",
                     "segel.v1.SigningService.Sign.x", "segel.v1.SignRequest.terms.key",
                     "segel.v1.HashAlgorithm.HASH_ALGORITHM_SHA256", "segel.lane.v1.Confinement",
                     "x" * 3000):
            equal(stream.error(by_symbol(name)), NOT_FOUND, name)


@claim
def files_are_found_by_their_exact_name_only(_, gateway):
    with Stream(gateway.client()) as stream:
        for name in ("", "signing.proto", "/segel/v1/signing.proto", "segel/v1/../v1/log.proto",
                     "segel/lane/v1/lane.proto", "segel/v1/nothing.proto", "/etc/passwd"):
            equal(stream.error(by_name(name)), NOT_FOUND, name)


@claim
def extensions_are_answered_though_there_are_none(_, gateway):
    with Stream(gateway.client()) as stream:
        equal(stream.error(extension("segel.v1.SignRequest", 1)), NOT_FOUND)
        equal(stream.error(extension("segel.v1.Nothing", 1)), NOT_FOUND)
        equal(stream.error(Request(all_extension_numbers_of_type="segel.v1.Nothing")),
              NOT_FOUND)
        equal(stream.error(Request(all_extension_numbers_of_type="segel.v1.SigningService")),
              NOT_FOUND, "a service is no message")
        kind = "segel.v1.SignRequest"
        answer = stream.ask(Request(all_extension_numbers_of_type=kind))
        numbers = answer.all_extension_numbers_response
        equal((numbers.base_type_name, list(numbers.extension_number)), (kind, []))


@claim
def errors_leave_the_stream_open(_, gateway):
    with Stream(gateway.client()) as stream:
        equal(stream.error(Request(host="nothing asked")), UNIMPLEMENTED)
        equal(stream.error(by_name("no")), NOT_FOUND)
        equal(stream.files(by_name("segel/v1/log.proto"))[0].name, "segel/v1/log.proto",
              "then a file")


# --- Bounds ---------------------------------------------------------------------------------

@claim
def many_questions_at_once_are_answered_in_their_order(_, gateway):
    questions = [by_name(f"{number}.proto") if number % 3 else by_name("segel/v1/keys.proto")
                 for number in range(3000)]
    client = gateway.client()
    call = client.channel.stream_stream(
        f"/{V1}.ServerReflection/ServerReflectionInfo",
        request_serializer=Request.SerializeToString, response_deserializer=Response.FromString)
    answers = call(iter(questions), timeout=60)
    time.sleep(0.3)  # so that answers wait
    equal([answer.original_request for answer in answers], questions, "answers")


@claim
def a_question_that_is_too_long_is_refused(_, gateway):
    stream = Stream(gateway.client())
    refusal = rig.refused(stream.raw, by_symbol("x" * 5000))
    equal(refusal.code, grpc.StatusCode.RESOURCE_EXHAUSTED)
    stream.end()


@claim
def callers_of_every_role_may_ask(_, gateway):
    for name in ("e-office", "reviewer", "officer-1"):
        with Stream(gateway.client(name)) as stream:
            expect(stream.files(by_name("segel/v1/log.proto")), name)


@claim
def callers_that_are_not_known_learn_nothing(the_rig, shared):
    shared.stop()
    config = the_rig.config((r"(name: e-office,? match: )\S+?([,}])", r"\1URI:nobody\2"))
    with the_rig.gateway(config) as other:
        for package in (V1, V1ALPHA):
            stream = Stream(other.client(), package)
            equal(rig.refused(stream.raw, Request(list_services="")).code,
                  grpc.StatusCode.UNAUTHENTICATED, package)
            stream.end()


@claim
def it_can_be_switched_off(the_rig, shared):
    shared.stop()
    config = the_rig.config((r"^policy:", "grpc: {reflection: off}\npolicy:"))
    with the_rig.gateway(config) as gateway:
        for package in (V1, V1ALPHA):
            stream = Stream(gateway.client(), package)
            equal(rig.refused(stream.raw, Request(list_services="")).code,
                  grpc.StatusCode.UNIMPLEMENTED, package)
            stream.end()
        equal(gateway.client().health(), "SERVING", "the rest is served")
    code, text = the_rig.refuses(
        the_rig.config((r"^policy:", "grpc: {reflection: maybe}\npolicy:")))
    equal(code, 1, "exit code")
    rig.contains(text, "'maybe' is not one of off, on")


@claim
def the_end_does_not_wait_for_a_stream_that_is_held_open(the_rig, shared):
    shared.stop()
    with the_rig.gateway() as gateway:
        stream = Stream(gateway.client())
        stream.ask(Request(list_services=""))
        started = time.monotonic()
        equal(gateway.stop(), 0, "exit code")
        expect(time.monotonic() - started < 10, "the end waited for the stream")
        equal(rig.refused(next, stream.call).code, grpc.StatusCode.UNAVAILABLE)
        stream.end()


def main():
    the_rig = rig.Rig("reflection")
    with the_rig.gateway() as gateway:
        return rig.run(the_rig, gateway)


sys.exit(main())

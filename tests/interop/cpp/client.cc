// gRPC's cases with the C++ library.
// usage: client TARGET CA|- [CERT KEY]      prints "ok CASE" or "FAIL CASE: why" for each.
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "grpc/testing/test.grpc.pb.h"

using namespace grpc::testing;
using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using std::chrono::milliseconds;
using std::chrono::system_clock;

// What the library keeps for its own interop client: whether an answer came compressed.
uint32_t grpc_call_test_only_get_message_flags(grpc_call *call);
namespace grpc {
namespace testing {
class InteropClientContextInspector {
  public:
    explicit InteropClientContextInspector(const ClientContext &context) : context_(context) {}
    bool compressed() const {
        constexpr uint32_t kWasCompressed = 0x40000000; // of the message received last
        return (grpc_call_test_only_get_message_flags(context_.call_) & kWasCompressed) != 0;
    }

  private:
    const ClientContext &context_;
};
} // namespace testing
} // namespace grpc

namespace {

constexpr int kLargeAsked = 314159, kLargeSent = 271828;
const std::vector<int> kUploads = {27182, 8, 1828, 45904};
const std::vector<int> kDownloads = {31415, 9, 2653, 58979};
const char kOdd[] = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP "
                    "\U0001f608\t\n";
const char kFirst[] = "x-grpc-test-echo-initial";
const char kLast[] = "x-grpc-test-echo-trailing-bin";

std::shared_ptr<grpc::Channel> channel;
std::unique_ptr<TestService::Stub> stub;

void expect(bool truth, const std::string &what) {
    if (!truth) {
        throw std::runtime_error(what);
    }
}

void expect_status(const Status &status, StatusCode code) {
    expect(status.error_code() == code, "status " + std::to_string(status.error_code()) +
           " '" + status.error_message() + "', wanted " + std::to_string(code));
}

void ok(const Status &status) { expect_status(status, StatusCode::OK); }

struct Context : ClientContext {
    explicit Context(int ms = 20000) {
        set_deadline(system_clock::now() + milliseconds(ms));
    }
};

SimpleRequest large() {
    SimpleRequest request;
    request.set_response_size(kLargeAsked);
    request.mutable_payload()->set_body(std::string(kLargeSent, '\0'));
    return request;
}

StreamingOutputCallRequest asked(int size, int interval_us = 0) {
    StreamingOutputCallRequest request;
    auto *parameters = request.add_response_parameters();
    parameters->set_size(size);
    parameters->set_interval_us(interval_us);
    return request;
}

void unary_of(const SimpleRequest &request, ClientContext &context) {
    SimpleResponse answer;
    ok(stub->UnaryCall(&context, request, &answer));
    expect(answer.payload().body().size() == static_cast<size_t>(request.response_size()),
           "the answer has another size");
}

void empty_unary() {
    Context context;
    Empty answer;
    ok(stub->EmptyCall(&context, Empty(), &answer));
}

void large_unary() {
    Context context;
    unary_of(large(), context);
}

void client_compressed_unary() {
    SimpleRequest request = large();
    request.mutable_expect_compressed()->set_value(true);
    Context probe, zipped, plain;
    SimpleResponse answer;
    expect_status(stub->UnaryCall(&probe, request, &answer), StatusCode::INVALID_ARGUMENT);
    zipped.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    unary_of(request, zipped);
    request.mutable_expect_compressed()->set_value(false);
    plain.set_compression_algorithm(GRPC_COMPRESS_NONE);
    unary_of(request, plain);
}

void server_compressed_unary() {
    for (bool wanted : {true, false}) {
        SimpleRequest request = large();
        request.mutable_response_compressed()->set_value(wanted);
        Context context;
        unary_of(request, context);
        expect(InteropClientContextInspector(context).compressed() == wanted,
               "the compressed flag is not as asked");
    }
}

void client_streaming() {
    Context context;
    StreamingInputCallResponse answer;
    auto writer = stub->StreamingInputCall(&context, &answer);
    for (int size : kUploads) {
        StreamingInputCallRequest request;
        request.mutable_payload()->set_body(std::string(size, '\0'));
        expect(writer->Write(request), "a message was not taken");
    }
    writer->WritesDone();
    ok(writer->Finish());
    expect(answer.aggregated_payload_size() == 74922, "another sum");
}

void client_compressed_streaming() {
    StreamingInputCallRequest request;
    request.mutable_payload()->set_body(std::string(27182, '\0'));
    request.mutable_expect_compressed()->set_value(true);
    Context probe, context;
    StreamingInputCallResponse answer;
    auto first = stub->StreamingInputCall(&probe, &answer);
    first->Write(request);
    first->WritesDone();
    expect_status(first->Finish(), StatusCode::INVALID_ARGUMENT);

    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    auto writer = stub->StreamingInputCall(&context, &answer);
    expect(writer->Write(request), "the compressed message was not taken");
    request.mutable_payload()->set_body(std::string(45904, '\0'));
    request.mutable_expect_compressed()->set_value(false);
    grpc::WriteOptions plain;
    plain.set_no_compression();
    expect(writer->Write(request, plain), "the plain message was not taken");
    writer->WritesDone();
    ok(writer->Finish());
    expect(answer.aggregated_payload_size() == 73086, "another sum");
}

void read_all(grpc::internal::ReaderInterface<StreamingOutputCallResponse> &reader,
              const std::vector<int> &sizes) {
    StreamingOutputCallResponse answer;
    for (int size : sizes) {
        expect(reader.Read(&answer), "an answer is missing");
        expect(answer.payload().body().size() == static_cast<size_t>(size), "another size");
    }
    expect(!reader.Read(&answer), "more answers than asked for");
}

void server_streaming() {
    Context context;
    StreamingOutputCallRequest request;
    for (int size : kDownloads) {
        request.add_response_parameters()->set_size(size);
    }
    auto reader = stub->StreamingOutputCall(&context, request);
    read_all(*reader, kDownloads);
    ok(reader->Finish());
}

void server_compressed_streaming() {
    Context context;
    StreamingOutputCallRequest request;
    for (bool wanted : {true, false}) {
        auto *parameters = request.add_response_parameters();
        parameters->set_size(wanted ? 31415 : 92653);
        parameters->mutable_compressed()->set_value(wanted);
    }
    auto reader = stub->StreamingOutputCall(&context, request);
    StreamingOutputCallResponse answer;
    for (bool wanted : {true, false}) {
        expect(reader->Read(&answer), "an answer is missing");
        expect(InteropClientContextInspector(context).compressed() == wanted,
               "the compressed flag is not as asked");
    }
    expect(!reader->Read(&answer), "more answers than asked for");
    ok(reader->Finish());
}

void ping_pong() {
    Context context;
    auto stream = stub->FullDuplexCall(&context);
    StreamingOutputCallResponse answer;
    for (size_t i = 0; i < kDownloads.size(); i++) {
        StreamingOutputCallRequest request = asked(kDownloads[i]);
        request.mutable_payload()->set_body(std::string(kUploads[i], '\0'));
        expect(stream->Write(request) && stream->Read(&answer), "no answer");
        expect(answer.payload().body().size() == static_cast<size_t>(kDownloads[i]),
               "another size");
    }
    stream->WritesDone();
    read_all(*stream, {});
    ok(stream->Finish());
}

void half_duplex() {
    Context context;
    auto stream = stub->HalfDuplexCall(&context);
    for (int size : kDownloads) {
        expect(stream->Write(asked(size)), "a message was not taken");
    }
    stream->WritesDone();
    read_all(*stream, kDownloads);
    ok(stream->Finish());
}

void empty_stream() {
    Context context;
    auto stream = stub->FullDuplexCall(&context);
    stream->WritesDone();
    read_all(*stream, {});
    ok(stream->Finish());
}

std::string found(const std::multimap<grpc::string_ref, grpc::string_ref> &metadata,
                  const char *name) {
    auto at = metadata.find(name);
    return at == metadata.end() ? "" : std::string(at->second.data(), at->second.size());
}

void custom_metadata() {
    Context context;
    context.AddMetadata(kFirst, "test_initial_metadata_value");
    context.AddMetadata(kLast, "\xab\xab\xab");
    unary_of(large(), context);
    expect(found(context.GetServerInitialMetadata(), kFirst) == "test_initial_metadata_value",
           "the headers lack what was sent");
    expect(found(context.GetServerTrailingMetadata(), kLast) == "\xab\xab\xab",
           "the trailers lack what was sent");
}

void check_status(const char *text) {
    Context unary, duplex;
    SimpleRequest request;
    SimpleResponse answer;
    request.mutable_response_status()->set_code(2);
    request.mutable_response_status()->set_message(text);
    Status status = stub->UnaryCall(&unary, request, &answer);
    expect_status(status, StatusCode::UNKNOWN);
    expect(status.error_message() == text, "another text");

    StreamingOutputCallRequest streamed;
    *streamed.mutable_response_status() = request.response_status();
    auto stream = stub->FullDuplexCall(&duplex);
    stream->Write(streamed);
    stream->WritesDone();
    read_all(*stream, {});
    status = stream->Finish();
    expect_status(status, StatusCode::UNKNOWN);
    expect(status.error_message() == text, "another text of the stream");
}

void status_code_and_message() { check_status("test status message"); }

void special_status_message() { check_status(kOdd); }

void unimplemented_method() {
    Context context;
    Empty answer;
    expect_status(stub->UnimplementedCall(&context, Empty(), &answer),
                  StatusCode::UNIMPLEMENTED);
}

void unimplemented_service() {
    Context context;
    Empty answer;
    expect_status(UnimplementedService::NewStub(channel)->UnimplementedCall(
        &context, Empty(), &answer), StatusCode::UNIMPLEMENTED);
}

void cancel_after_begin() {
    Context context;
    StreamingInputCallResponse answer;
    auto writer = stub->StreamingInputCall(&context, &answer);
    context.TryCancel();
    expect_status(writer->Finish(), StatusCode::CANCELLED);
}

void cancel_after_first_response() {
    Context context;
    auto stream = stub->FullDuplexCall(&context);
    StreamingOutputCallResponse answer;
    expect(stream->Write(asked(31415)) && stream->Read(&answer), "no answer");
    context.TryCancel();
    expect_status(stream->Finish(), StatusCode::CANCELLED);
}

void timeout_on_sleeping_server() {
    Context context(1);
    auto stream = stub->FullDuplexCall(&context);
    stream->Write(asked(31415, 5000000));
    expect_status(stream->Finish(), StatusCode::DEADLINE_EXCEEDED);
}

void too_large_request() {
    Context context;
    SimpleRequest request;
    SimpleResponse answer;
    request.mutable_payload()->set_body(std::string(5 << 20, '\0'));
    expect_status(stub->UnaryCall(&context, request, &answer),
                  StatusCode::RESOURCE_EXHAUSTED);
}

void slow_reader() {
    Context context;
    StreamingOutputCallRequest request;
    for (int i = 0; i < 40; i++) {
        request.add_response_parameters()->set_size(1 << 20);
    }
    auto reader = stub->StreamingOutputCall(&context, request);
    StreamingOutputCallResponse answer;
    int count = 0;
    while (reader->Read(&answer)) {
        count += answer.payload().body().size() == 1 << 20;
        std::this_thread::sleep_for(milliseconds(5));
    }
    ok(reader->Finish());
    expect(count == 40, "answers are missing");
}

void early_error() {
    Context context;
    StreamingInputCallResponse answer;
    auto writer = stub->StreamingInputCall(&context, &answer);
    StreamingInputCallRequest request;
    request.mutable_payload()->set_body(std::string(1000, '\0'));
    request.mutable_expect_compressed()->set_value(true);
    for (int i = 0; i < 2000 && writer->Write(request); i++) {
    }
    expect_status(writer->Finish(), StatusCode::INVALID_ARGUMENT);
}

void many_at_once() {
    struct Call {
        Context context;
        SimpleResponse answer;
        Status status;
        std::unique_ptr<grpc::ClientAsyncResponseReader<SimpleResponse>> reader;
    };
    grpc::CompletionQueue queue;
    std::vector<Call> calls(2000);
    for (size_t i = 0; i < calls.size(); i++) {
        SimpleRequest request;
        request.set_response_size(static_cast<int>(i));
        calls[i].reader = stub->AsyncUnaryCall(&calls[i].context, request, &queue);
        calls[i].reader->Finish(&calls[i].answer, &calls[i].status, &calls[i]);
    }
    void *tag;
    bool fine;
    for (size_t i = 0; i < calls.size(); i++) {
        expect(queue.Next(&tag, &fine), "the queue ended");
    }
    for (size_t i = 0; i < calls.size(); i++) {
        ok(calls[i].status);
        expect(calls[i].answer.payload().body().size() == i, "an answer of another call");
    }
}

#define CASE(name)                                                                           \
    {                                                                                        \
        #name, name                                                                          \
    }
const std::vector<std::pair<const char *, std::function<void()>>> kCases = {
    CASE(empty_unary), CASE(large_unary), CASE(client_compressed_unary),
    CASE(server_compressed_unary), CASE(client_streaming), CASE(client_compressed_streaming),
    CASE(server_streaming), CASE(server_compressed_streaming), CASE(ping_pong),
    CASE(half_duplex), CASE(empty_stream), CASE(custom_metadata),
    CASE(status_code_and_message), CASE(special_status_message), CASE(unimplemented_method),
    CASE(unimplemented_service), CASE(cancel_after_begin), CASE(cancel_after_first_response),
    CASE(timeout_on_sleeping_server), CASE(too_large_request), CASE(slow_reader),
    CASE(early_error), CASE(many_at_once)};

std::string read_file(const char *path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool attempt(const char *name, const std::function<void()> &work) {
    try {
        work();
    } catch (const std::exception &error) {
        std::string why = error.what();
        for (char &letter : why) {
            letter = letter == '\n' ? ' ' : letter;
        }
        std::cout << "FAIL " << name << ": " << why << std::endl;
        return false;
    }
    std::cout << "ok " << name << std::endl;
    return true;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3 && argc != 5) {
        std::cerr << "usage: client TARGET CA|- [CERT KEY]\n";
        return 2;
    }
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = std::string(argv[2]) == "-" ? "" : read_file(argv[2]);
    if (argc == 5) {
        tls.pem_cert_chain = read_file(argv[3]);
        tls.pem_private_key = read_file(argv[4]);
    }
    grpc::ChannelArguments settings;
    settings.SetMaxReceiveMessageSize(-1);
    channel = grpc::CreateCustomChannel(argv[1], tls.pem_root_certs.empty()
        ? grpc::InsecureChannelCredentials() : grpc::SslCredentials(tls), settings);
    stub = TestService::NewStub(channel);
    int failed = 0;
    for (const auto &one : kCases) {
        failed += !attempt(one.first, one.second);
    }
    return failed ? 1 : 0;
}

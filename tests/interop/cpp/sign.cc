// Signs one digest: sign TARGET CA CERT KEY DIGEST-HEX OUT
// CA, CERT and KEY are PEM files of mutual TLS; "-" for all three on a Unix socket.
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include <grpcpp/grpcpp.h>

#include "segel/v1/signing.grpc.pb.h"

using namespace segel::v1;

static std::string read_file(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

static std::string from_hex(const std::string &text) {
    std::string bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

static std::shared_ptr<grpc::ChannelCredentials> credentials(char **files) {
    if (std::string(files[0]) == "-") {
        return grpc::InsecureChannelCredentials();
    }
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = read_file(files[0]);
    tls.pem_cert_chain = read_file(files[1]);
    tls.pem_private_key = read_file(files[2]);
    return grpc::SslCredentials(tls);
}

int main(int argc, char **argv) {
    if (argc != 7) {
        std::cerr << "usage: sign TARGET CA CERT KEY DIGEST-HEX OUT\n";
        return 2;
    }
    auto stub = SigningService::NewStub(grpc::CreateChannel(argv[1], credentials(argv + 2)));

    SignRequest request;
    SignTerms *terms = request.mutable_terms();
    terms->set_key("seal-demo");
    terms->set_profile(SIGNATURE_PROFILE_PADES_B_B);
    terms->set_hash_algorithm(HASH_ALGORITHM_SHA256);
    terms->set_document_class("surat_keterangan");
    terms->set_approval_ref("ND-2026/001");
    terms->set_notice_shown(true);
    terms->set_content_type("application/pdf");
    terms->set_language("en");
    std::random_device random;
    request.mutable_item()->set_request_id(std::to_string(random()) + std::to_string(random()));
    request.mutable_item()->set_digest(from_hex(argv[5]));

    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    SignResponse response;
    grpc::Status status = stub->Sign(&context, request, &response);
    if (!status.ok() || response.result().signature().empty()) {
        std::cerr << status.error_message() << response.result().status().message() << "\n";
        return 1;
    }
    std::ofstream(argv[6], std::ios::binary) << response.result().signature();
    return 0;
}

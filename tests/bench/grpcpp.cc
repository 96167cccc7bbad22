// The yardstick: the service of handoff.c on gRPC C++, in the fastest of its styles, an
// asynchronous server with one completion queue.
//
//   grpcpp --tls DIR   server.pem and server.key in DIR; clients need no certificate
//
// Prints "ready PORT" and serves until its standard input ends.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

std::string contents(const std::string &path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// One call; it makes its successor when it begins and goes when it is answered.
class Call {
  public:
    Call(Health::AsyncService *service, grpc::ServerCompletionQueue *queue)
        : service_(service), queue_(queue), responder_(&context_)
    {
        service_->RequestCheck(&context_, &request_, &responder_, queue_, queue_, this);
    }

    void go_on(bool good)
    {
        if (answered_ || !good) {
            delete this;
            return;
        }
        new Call(service_, queue_);
        HealthCheckResponse response;
        response.set_status(HealthCheckResponse::SERVING);
        answered_ = true;
        responder_.Finish(response, grpc::Status::OK, this);
    }

  private:
    Health::AsyncService *service_;
    grpc::ServerCompletionQueue *queue_;
    grpc::ServerContext context_;
    HealthCheckRequest request_;
    grpc::ServerAsyncResponseWriter<HealthCheckResponse> responder_;
    bool answered_ = false;
};

void serve(grpc::ServerCompletionQueue *queue)
{
    void *tag = nullptr;
    bool good = false;
    while (queue->Next(&tag, &good)) {
        static_cast<Call *>(tag)->go_on(good);
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3 || std::string(argv[1]) != "--tls") {
        std::cerr << "grpcpp: the file's head says what is wanted\n";
        return 1;
    }
    const std::string dir = argv[2];
    grpc::SslServerCredentialsOptions tls;
    tls.pem_key_cert_pairs.push_back(
        {contents(dir + "/server.key"), contents(dir + "/server.pem")});
    Health::AsyncService service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
    builder.RegisterService(&service);
    std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr) {
        std::cerr << "grpcpp: the server does not start\n";
        return 1;
    }
    for (int i = 0; i < 256; i++) {
        new Call(&service, queue.get());
    }
    std::thread thread(serve, queue.get());
    std::cout << "ready " << port << std::endl;
    char rest[64];
    while (read(STDIN_FILENO, rest, sizeof(rest)) > 0) {
    }
    _exit(0);
}

// gRPC C++ as a peer: the protocol's own service by the synchronous interface, in both roles.
//
//   grpc_peer serve                                   Push counts, About answers
//   grpc_peer push TCPPORT SIZE SECONDS hint|plain    one client stream
//
// `hint` sets the buffer hint on each write, which lets gRPC join small messages into one write.
#include "common.h"

#include <grpcpp/grpcpp.h>

#include "mnp.grpc.pb.h"

namespace {

class Service final : public MnpService::Service {
  grpc::Status About(grpc::ServerContext *, const google::protobuf::Empty *,
                     AboutResponse *response) override {
    response->set_name("grpc");
    return grpc::Status::OK;
  }

  grpc::Status Push(grpc::ServerContext *, grpc::ServerReader<PushRequest> *reader,
                    PushResponse *) override {
    PushRequest request;
    uint64_t bytes = 0, messages = 0;
    bool done = false;
    while (reader->Read(&request)) {
      bytes += request.data().size();
      messages += 1;
      done = request.done();
    }
    if (!done) return grpc::Status(grpc::StatusCode::DATA_LOSS, "no done");
    print_received(bytes, messages);
    return grpc::Status::OK;
  }
};

void serve() {
  Service service;
  grpc::ServerBuilder builder;
  int tcp_port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &tcp_port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  if (!server) fail("listen");
  printf("{\"listening\": %d}\n", tcp_port);
  fflush(stdout);
  server->Wait();
}

void push(const char *tcp_port, size_t size, double seconds, bool hint) {
  auto channel = grpc::CreateChannel(std::string("127.0.0.1:") + tcp_port,
                                     grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
    fail("not connected");
  auto stub = MnpService::NewStub(channel);
  grpc::ClientContext context;
  PushResponse response;
  PushRequest request;
  uint64_t messages = 0, batch = 65536 / size + 1;
  auto options = grpc::WriteOptions();
  if (hint) options.set_buffer_hint();
  double used = cpu(), start = now();
  auto writer = stub->Push(&context, &response);
  request.set_session_id("session");
  request.set_task_id("task");
  request.set_data(std::string(size, 'x'));
  do {
    for (uint64_t i = 0; i < batch; i++) {
      if (!writer->Write(request, options)) fail("the stream broke");
      if (messages++ == 0) {
        request.clear_session_id();
        request.clear_task_id();
      }
    }
  } while (now() - start < seconds);
  request.clear_data();
  request.set_done(true);
  writer->WriteLast(request, grpc::WriteOptions());
  auto status = writer->Finish();
  double end = now();
  if (!status.ok()) {
    fprintf(stderr, "push: %s\n", status.error_message().c_str());
    exit(1);
  }
  // The last one, which only says done, is a message too.
  print_sent(messages * size, messages + 1, end - start, cpu() - used);
}

}  // namespace

int main(int count, char **words) {
  end_with_parent();
  std::string mode = count > 1 ? words[1] : "";
  if (mode == "serve") serve();
  else if (mode == "push" && count == 6)
    push(words[2], static_cast<size_t>(atol(words[3])), atof(words[4]),
         std::string(words[5]) == "hint");
  else {
    fprintf(stderr, "grpc_peer: see the head of grpc_peer.cc\n");
    return 64;
  }
  return 0;
}

// Latencies of whatever node speaks the protocol, seen from one gRPC C++ client: the same for all.
//
//   probe about ADDRESS COUNT
//   probe first ADDRESS_IN SESSION_IN ADDRESS_OUT SESSION_OUT COUNT
//       a task each: from the push until the first byte arrives at a pull that waits for it
//   probe cold ...  the same without tasks before the first one that counts
//   probe record ADDRESS_IN SESSION_IN ADDRESS_OUT SESSION_OUT COUNT
//       one task: a record of 100 bytes pushed, until it is pulled; then the next one
//
// What the client itself costs is in every figure.
#include "common.h"

#include <vector>

#include <grpcpp/grpcpp.h>

#include "mnp.grpc.pb.h"

namespace {

constexpr size_t kRecord = 100;
constexpr size_t kWarmUp = 20;
constexpr int kDeadline = 30;

void expect(const grpc::Status &status, const char *what) {
  if (status.ok()) return;
  fprintf(stderr, "%s: %d %s\n", what, status.error_code(), status.error_message().c_str());
  exit(1);
}

std::unique_ptr<MnpService::Stub> stub_for(const std::string &address) {
  auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
    fail("not connected");
  return MnpService::NewStub(channel);
}

void about(const std::string &address, size_t count) {
  auto stub = stub_for(address);
  std::vector<double> seconds;
  for (size_t i = 0; i < count + kWarmUp; i++) {
    grpc::ClientContext context;
    AboutResponse response;
    double start = now();
    auto status = stub->About(&context, google::protobuf::Empty(), &response);
    double took = now() - start;
    expect(status, "About");
    if (i >= kWarmUp) seconds.push_back(took);
  }
  print_latencies(seconds.data(), seconds.size());
}

struct Ends {
  std::unique_ptr<MnpService::Stub> in, out;
  std::string session_in, session_out;
};

// One task through the chain.
struct Run {
  grpc::ClientContext pull_context, push_context;
  PushResponse answer;
  std::unique_ptr<grpc::ClientReader<PullResponse>> pull;
  std::unique_ptr<grpc::ClientWriter<PushRequest>> push;
  PushRequest request;

  Run(Ends &ends, const std::string &task) {
    auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(kDeadline);
    pull_context.set_deadline(deadline);
    push_context.set_deadline(deadline);
    PullRequest wanted;
    wanted.set_session_id(ends.session_out);
    wanted.set_task_id(task);
    pull = ends.out->Pull(&pull_context, wanted);
    request.set_session_id(ends.session_in);
    request.set_task_id(task);
  }

  void receive(size_t wanted) {
    PullResponse response;
    size_t received = 0;
    while (received < wanted) {
      if (!pull->Read(&response)) {
        expect(pull->Finish(), "Pull");
        fail("the pull ended early");
      }
      received += response.data().size();
    }
    errno = 0;
    if (received != wanted) fail("more came than was pushed");
  }

  void finish() {
    expect(push->Finish(), "Push");
    PullResponse response;
    bool done = false;
    while (pull->Read(&response)) done = response.done() && response.data().empty();
    expect(pull->Finish(), "Pull");
    errno = 0;
    if (!done) fail("the pull ended without done");
  }
};

void first(Ends &ends, size_t count, size_t warm_up) {
  std::vector<double> seconds;
  for (size_t i = 0; i < count + warm_up; i++) {
    Run run(ends, "first-" + std::to_string(getpid()) + "-" + std::to_string(i));
    run.request.set_data(std::string(kRecord, 'x'));
    double start = now();
    run.push = ends.in->Push(&run.push_context, &run.answer);
    run.push->Write(run.request);
    // The end follows at once: the reference holds small data back until it comes.
    PushRequest last;
    last.set_done(true);
    run.push->WriteLast(last, grpc::WriteOptions());
    run.receive(kRecord);
    double took = now() - start;
    run.finish();
    if (i >= warm_up) seconds.push_back(took);
  }
  print_latencies(seconds.data(), seconds.size());
}

void record(Ends &ends, size_t count) {
  std::vector<double> seconds;
  Run run(ends, "record-" + std::to_string(getpid()));
  run.push = ends.in->Push(&run.push_context, &run.answer);
  run.push->Write(run.request);
  run.request.Clear();
  run.request.set_data(std::string(kRecord, 'x'));
  for (size_t i = 0; i < count + kWarmUp; i++) {
    double start = now();
    if (!run.push->Write(run.request)) fail("the push broke");
    run.receive(kRecord);
    if (i >= kWarmUp) seconds.push_back(now() - start);
  }
  PushRequest last;
  last.set_done(true);
  run.push->WriteLast(last, grpc::WriteOptions());
  run.finish();
  print_latencies(seconds.data(), seconds.size());
}

}  // namespace

int main(int count, char **words) {
  end_with_parent();
  std::string mode = count > 1 ? words[1] : "";
  if (mode == "about" && count == 4) {
    about(words[2], static_cast<size_t>(atol(words[3])));
  } else if ((mode == "first" || mode == "cold" || mode == "record") && count == 7) {
    Ends ends{stub_for(words[2]), stub_for(words[4]), words[3], words[5]};
    size_t wanted = static_cast<size_t>(atol(words[6]));
    if (mode == "record") record(ends, wanted);
    else first(ends, wanted, mode == "first" ? kWarmUp : 0);
  } else {
    fprintf(stderr, "probe: see the head of probe.cc\n");
    return 64;
  }
  return 0;
}

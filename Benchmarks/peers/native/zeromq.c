// ZeroMQ, PUSH to PULL over TCP, by libzmq's C interface.
//
//   zeromq receive SIZE                      counts messages until an empty one ends a run
//   zeromq send TCPPORT ANSWERPORT SIZE SECONDS
//
// The receiver's count comes back on a second pair of sockets, whose TCP port stands after the first
// one: without it the sender would measure how fast it fills queues.
#include "common.h"

#include <zmq.h>

// Queues in messages: as many as hold about 64 MiB on each side, so that large ones do not become a
// gigabyte of memory, and never fewer than a few.
static int queue_for(size_t size) {
  size_t messages = ((size_t)64 << 20) / size;
  return (int)(messages < 16 ? 16 : messages > 100000 ? 100000 : messages);
}

static void *open_socket(void *context, int kind, int queue) {
  void *it = zmq_socket(context, kind);
  if (!it) fail("zmq_socket");
  zmq_setsockopt(it, ZMQ_SNDHWM, &queue, sizeof queue);
  zmq_setsockopt(it, ZMQ_RCVHWM, &queue, sizeof queue);
  return it;
}

static int bound_port(void *socket) {
  char endpoint[64];
  size_t length = sizeof endpoint;
  if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
      zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length) != 0)
    fail("zmq_bind");
  return atoi(strrchr(endpoint, ':') + 1);
}

static void receive(size_t size) {
  void *context = zmq_ctx_new();
  void *data = open_socket(context, ZMQ_PULL, queue_for(size));
  void *answers = open_socket(context, ZMQ_PUSH, 16);
  int data_port = bound_port(data), answer_port = bound_port(answers);
  printf("{\"listening\": %d, \"answers\": %d}\n", data_port, answer_port);
  fflush(stdout);
  uint64_t count[2] = {0, 0};  // bytes, messages
  zmq_msg_t message;
  zmq_msg_init(&message);
  for (;;) {
    if (zmq_msg_recv(&message, data, 0) < 0) fail("zmq_msg_recv");
    size_t length = zmq_msg_size(&message);
    if (length > 0) {
      count[0] += length;
      count[1] += 1;
      continue;
    }
    if (zmq_send(answers, count, sizeof count, 0) < 0) fail("zmq_send");
    print_received(count[0], count[1]);
    count[0] = count[1] = 0;
  }
}

static void send_for(int data_port, int answer_port, size_t size, double seconds) {
  void *context = zmq_ctx_new();
  void *data = open_socket(context, ZMQ_PUSH, queue_for(size));
  void *answers = open_socket(context, ZMQ_PULL, 16);
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", data_port);
  if (zmq_connect(data, endpoint) != 0) fail("zmq_connect");
  snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", answer_port);
  if (zmq_connect(answers, endpoint) != 0) fail("zmq_connect");
  char *buffer = (char *)malloc(size);
  memset(buffer, 'x', size);
  // The clock is looked at after every 64 KiB, since a small message costs less than a look.
  uint64_t batch = 65536 / size + 1, messages = 0, count[2];
  double used = cpu(), start = now();
  do {
    for (uint64_t i = 0; i < batch; i++)
      if (zmq_send(data, buffer, size, 0) < 0) fail("zmq_send");
    messages += batch;
  } while (now() - start < seconds);
  zmq_send(data, "", 0, 0);
  if (zmq_recv(answers, count, sizeof count, 0) != (int)sizeof count) fail("zmq_recv");
  double end = now();
  errno = 0;
  if (count[0] != messages * size || count[1] != messages)
    fail("the receiver counted other bytes than were sent");
  print_sent(count[0], messages, end - start, cpu() - used);
  fflush(stdout);
  _exit(0);
}

int main(int count, char **words) {
  end_with_parent();
  if (count == 3 && !strcmp(words[1], "receive")) receive((size_t)atol(words[2]));
  else if (count == 6 && !strcmp(words[1], "send"))
    send_for(atoi(words[2]), atoi(words[3]), (size_t)atol(words[4]), atof(words[5]));
  fprintf(stderr, "zeromq: see the head of zeromq.c\n");
  return 64;
}

// Raw TCP and raw pipes: the limits that everything else is measured against.
//
//   raw receive READ_SIZE               counts bytes, connection after connection
//   raw send TCPPORT WRITE_SIZE SECONDS
//   raw relay TCPPORT                   copies each connection to that TCP port, one at a time
//   raw pong | raw ping TCPPORT COUNT   a byte there and back
//   raw record COUNT                    records of 100 bytes to the TCP port on standard input's first
//                                       line, and from there, by relays, back to the one it says
//   raw cat SECONDS                     through /bin/cat and two pipes of 1 MiB
#define _GNU_SOURCE
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

enum { MIB = 1 << 20, RECORD = 100, WARM_UP = 100 };

static char *buffer_of(size_t size) {
  char *buffer = (char *)aligned_alloc(4096, (size + 4095) / 4096 * 4096);
  if (!buffer) fail("memory");
  memset(buffer, 'x', size);
  return buffer;
}

static void receive(size_t read_size) {
  int listener = listen_on_loopback();
  char *buffer = buffer_of(read_size);
  for (;;) {
    int fd = accept_one(listener);
    uint64_t total = 0;
    ssize_t n;
    while ((n = read(fd, buffer, read_size)) > 0) total += (uint64_t)n;
    if (n < 0) fail("read");
    write_all(fd, &total, sizeof total);
    close(fd);
    print_received(total, 0);
  }
}

static void send_for(int tcp_port, size_t write_size, double seconds) {
  char *buffer = buffer_of(write_size);
  int fd = connect_to(tcp_port);
  double used = cpu(), start = now();
  uint64_t total = 0, counted = 0;
  do {
    write_all(fd, buffer, write_size);
    total += write_size;
  } while (now() - start < seconds);
  shutdown(fd, SHUT_WR);
  read_all(fd, &counted, sizeof counted);
  double end = now();
  errno = 0;
  if (counted != total) fail("the receiver counted other bytes than were sent");
  print_sent(total, 0, end - start, cpu() - used);
}

// Empties its socket, up to 1 MiB, before it writes: fewer and larger writes, which is what makes a
// relay fast.
static void relay(int tcp_port) {
  int listener = listen_on_loopback();
  char *buffer = buffer_of(MIB);
  for (;;) {
    int from = accept_one(listener), to = connect_to(tcp_port);
    for (int open = 1; open;) {
      ssize_t n = recv(from, buffer, MIB, 0);
      if (n < 0) fail("recv");
      open = n > 0;
      while (n > 0 && n < MIB) {
        ssize_t more = recv(from, buffer + n, (size_t)(MIB - n), MSG_DONTWAIT);
        if (more < 0 && errno != EAGAIN) fail("recv");
        if (more == 0) open = 0;
        if (more <= 0) break;
        n += more;
      }
      if (n > 0) write_all(to, buffer, (size_t)n);
    }
    shutdown(to, SHUT_WR);
    // The receiver's count goes back; a receiver of records closes without one.
    ssize_t n = read(to, buffer, 64);
    if (n > 0) write_all(from, buffer, (size_t)n);
    close(from);
    close(to);
  }
}

static void pong(void) {
  int listener = listen_on_loopback();
  for (;;) {
    int fd = accept_one(listener);
    char byte;
    while (read(fd, &byte, 1) == 1) write_all(fd, &byte, 1);
    close(fd);
  }
}

static void ping(int out, int in, size_t size, size_t count) {
  double *seconds = (double *)calloc(count, sizeof *seconds);
  char record[RECORD] = {0}, back[RECORD];
  for (size_t i = 0; i < count + WARM_UP; i++) {
    record[0] = (char)i;
    double start = now();
    write_all(out, record, size);
    read_all(in, back, size);
    if (i >= WARM_UP) seconds[i - WARM_UP] = now() - start;
    errno = 0;
    if (memcmp(record, back, size) != 0) fail("other bytes came back");
  }
  print_latencies(seconds, count);
}

static void record(size_t count) {
  int listener = listen_on_loopback(), first_relay = 0;
  if (scanf("%d", &first_relay) != 1) fail("no TCP port on standard input");
  int out = connect_to(first_relay), in = accept_one(listener);
  ping(out, in, RECORD, count);
}

struct reading {
  int fd;
  uint64_t total;
};

static void *read_to_end(void *context) {
  struct reading *reading = (struct reading *)context;
  char *buffer = buffer_of(MIB);
  ssize_t n;
  while ((n = read(reading->fd, buffer, MIB)) > 0) reading->total += (uint64_t)n;
  if (n < 0) fail("read");
  return NULL;
}

static void through_cat(double seconds) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) fail("pipe2");
  if (fcntl(in[1], F_SETPIPE_SZ, MIB) < 0 || fcntl(out[1], F_SETPIPE_SZ, MIB) < 0)
    fail("F_SETPIPE_SZ");
  double used = cpu(), start = now();
  pid_t child = fork();
  if (child == 0) {
    end_with_parent();
    signal(SIGPIPE, SIG_DFL);
    dup2(in[0], 0);
    dup2(out[1], 1);
    execlp("cat", "cat", (char *)NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  struct reading reading = {out[0], 0};
  pthread_t reader;
  if (pthread_create(&reader, NULL, read_to_end, &reading) != 0) fail("pthread_create");
  char *buffer = buffer_of(MIB);
  uint64_t total = 0;
  do {
    write_all(in[1], buffer, MIB);
    total += MIB;
  } while (now() - start < seconds);
  close(in[1]);
  pthread_join(reader, NULL);
  double end = now();
  int status;
  struct rusage of_cat;
  if (wait4(child, &status, 0, &of_cat) != child || status != 0) fail("cat");
  errno = 0;
  if (reading.total != total) fail("other bytes came back");
  double cat = (double)(of_cat.ru_utime.tv_sec + of_cat.ru_stime.tv_sec) +
               (double)(of_cat.ru_utime.tv_usec + of_cat.ru_stime.tv_usec) * 1e-6;
  print_sent(total, 0, end - start, cpu() - used + cat);
}

int main(int count, char **words) {
  end_with_parent();
  const char *mode = count > 1 ? words[1] : "";
  if (!strcmp(mode, "receive") && count == 3) receive((size_t)atol(words[2]));
  else if (!strcmp(mode, "send") && count == 5)
    send_for(atoi(words[2]), (size_t)atol(words[3]), atof(words[4]));
  else if (!strcmp(mode, "relay") && count == 3) relay(atoi(words[2]));
  else if (!strcmp(mode, "pong")) pong();
  else if (!strcmp(mode, "ping") && count == 4) {
    int fd = connect_to(atoi(words[2]));
    ping(fd, fd, 1, (size_t)atol(words[3]));
  } else if (!strcmp(mode, "record") && count == 3) record((size_t)atol(words[2]));
  else if (!strcmp(mode, "cat") && count == 3) through_cat(atof(words[2]));
  else {
    fprintf(stderr, "raw: see the head of raw.c\n");
    return 64;
  }
  return 0;
}

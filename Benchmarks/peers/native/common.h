// What the native peers share: a listener on loopback, exact reads and writes, clocks, percentiles.
//
// Every program here says one JSON line on standard output for each thing that it has to say: first
// {"listening": TCPPORT} where it serves, then one line for each measurement.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "wrong");
  exit(1);
}

// A benchmark that is killed by force cannot end its servers: the kernel does it then.
static inline void end_with_parent(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
}

static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// CPU seconds of this process so far, user and system together.
static inline double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static inline struct sockaddr_in loopback(int tcp_port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)tcp_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline void no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Listens on a free TCP port of loopback, and says which.
static inline int listen_on_loopback(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 16) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) < 0)
    fail("listen");
  printf("{\"listening\": %d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static inline int accept_one(int listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) fail("accept");
  no_delay(fd);
  return fd;
}

static inline int connect_to(int tcp_port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(tcp_port);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  no_delay(fd);
  return fd;
}

static inline void write_all(int fd, const void *from, size_t count) {
  const char *at = (const char *)from;
  while (count > 0) {
    ssize_t n = write(fd, at, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("write");
    at += n;
    count -= (size_t)n;
  }
}

static inline void read_all(int fd, void *to, size_t count) {
  char *at = (char *)to;
  while (count > 0) {
    ssize_t n = read(fd, at, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read");
    if (n == 0) {
      errno = 0;
      fail("the peer ended early");
    }
    at += n;
    count -= (size_t)n;
  }
}

static inline int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Says the percentiles of latencies in seconds, as microseconds.
static inline void print_latencies(double *seconds, size_t count) {
  qsort(seconds, count, sizeof *seconds, compare_doubles);
  printf("{\"count\": %zu, \"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}\n", count,
         seconds[count / 2] * 1e6, seconds[count * 99 / 100] * 1e6, seconds[count - 1] * 1e6);
  fflush(stdout);
}

// What a sender has to say. `messages` is 0 where there are none.
static inline void print_sent(uint64_t bytes, uint64_t messages, double seconds, double used) {
  printf("{\"bytes\": %llu, \"messages\": %llu, \"seconds\": %.6f, \"cpu\": %.6f}\n",
         (unsigned long long)bytes, (unsigned long long)messages, seconds, used);
  fflush(stdout);
}

static inline void print_received(uint64_t bytes, uint64_t messages) {
  printf("{\"bytes\": %llu, \"messages\": %llu}\n", (unsigned long long)bytes,
         (unsigned long long)messages);
  fflush(stdout);
}

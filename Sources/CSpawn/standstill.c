// Whether a program goes on by itself, or only when one of its ports' pipes does.

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CSpawn.h"

// More than that in one group, and it is not told.
enum { MOST_PROCESSES = 256, MOST_PIPES = 256 };

// A thread that sleeps in a read of this pipe, or in a write to it.
struct pipe_wait {
  int process;
  struct headrace_file_id pipe;
};

struct look {
  int processes[MOST_PROCESSES];
  int process_count;
  struct pipe_wait waits[MOST_PIPES];
  int wait_count;
};

// The beginning of a file below /proc as text; its length, or -1.
static ssize_t read_text(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = read(file, text, size - 1);
  close(file);
  if (length >= 0) text[length] = 0;
  return length;
}

// The state and the process group in a stat file; 0 where it cannot be read any more.
static char state_of(const char *path, int *group) {
  char text[512], state;
  int parent;
  if (read_text(path, text, sizeof text) <= 0) return 0;
  // The program's name, in brackets, may itself hold brackets and spaces.
  char *after = strrchr(text, ')');
  if (after == NULL || sscanf(after + 1, " %c %d %d", &state, &parent, group) != 3) return 0;
  return state;
}

// Whether a path leads to a pipe, and to which.
static int pipe_at(const char *path, struct headrace_file_id *pipe) {
  struct stat status;
  if (stat(path, &status) != 0 || !S_ISFIFO(status.st_mode)) return 0;
  *pipe = (struct headrace_file_id){status.st_dev, status.st_ino};
  return 1;
}

static int is_same(struct headrace_file_id a, struct headrace_file_id b) {
  return a.device == b.device && a.inode == b.inode;
}

// Adds a sleep at a descriptor; 0 where that is no pipe.
static int add_wait(struct look *look, int process, unsigned long long descriptor) {
  char path[64];
  struct pipe_wait wait = {.process = process};
  snprintf(path, sizeof path, "/proc/%d/fd/%llu", process, descriptor);
  if (!pipe_at(path, &wait.pipe) || look->wait_count == MOST_PIPES) return 0;
  look->waits[look->wait_count++] = wait;
  return 1;
}

// 1 for a thread that sleeps without a time limit, at a pipe, for another thread or for a child. Polls,
// timers, sockets, locks of files and whatever else may end by itself are none of that.
static int thread_waits(struct look *look, int process, const char *thread) {
  char path[300], text[512];
  int group;
  snprintf(path, sizeof path, "/proc/%d/task/%s/stat", process, thread);
  if (state_of(path, &group) != 'S') return 0;
  snprintf(path, sizeof path, "/proc/%d/task/%s/syscall", process, thread);
  if (read_text(path, text, sizeof text) <= 0) return 0;
  long number;
  unsigned long long a, b, c, d;
  // It says "running" of a thread that does.
  if (sscanf(text, "%ld %llx %llx %llx %llx", &number, &a, &b, &c, &d) != 5) return 0;
  switch (number) {
    case SYS_read:
    case SYS_write:
    case SYS_readv:
    case SYS_writev:
    case SYS_sendfile:
      return add_wait(look, process, a);
    case SYS_splice:
      // Which of the two it sleeps at is not said: both count, and have to.
      return add_wait(look, process, a) && add_wait(look, process, c);
    case SYS_tee:
      return add_wait(look, process, a) && add_wait(look, process, b);
    case SYS_wait4:
    case SYS_waitid:
    case SYS_rt_sigsuspend:
#ifdef SYS_pause
    case SYS_pause:
#endif
      return 1;
    case SYS_futex:
      // The fourth argument is the time limit.
      return d == 0;
    default:
      return 0;
  }
}

static int process_waits(struct look *look, int process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", process);
  DIR *threads = opendir(path);
  if (threads == NULL) return 0;
  int waits = 1;
  struct dirent *entry;
  while (waits && (entry = readdir(threads)) != NULL) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    waits = thread_waits(look, process, entry->d_name);
  }
  closedir(threads);
  return waits;
}

// Whether another process of the group has the pipe open too: then it is one between them.
static int is_shared(const struct look *look, const struct pipe_wait *wait) {
  int shared = 0;
  for (int i = 0; i < look->process_count && !shared; i++) {
    if (look->processes[i] == wait->process) continue;
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/fd", look->processes[i]);
    DIR *folder = opendir(path);
    if (folder == NULL) continue;
    struct dirent *entry;
    while (!shared && (entry = readdir(folder)) != NULL) {
      struct headrace_file_id pipe;
      snprintf(path, sizeof path, "/proc/%d/fd/%s", look->processes[i], entry->d_name);
      shared = pipe_at(path, &pipe) && is_same(pipe, wait->pipe);
    }
    closedir(folder);
  }
  return shared;
}

static int is_port(const struct pipe_wait *wait, const struct headrace_file_id *ports, int count) {
  for (int i = 0; i < count; i++) {
    if (is_same(wait->pipe, ports[i])) return 1;
  }
  return 0;
}

int headrace_stands_still(int group, const struct headrace_file_id *ports, int count) {
  DIR *folder = opendir("/proc");
  struct look *look = calloc(1, sizeof *look);
  int still = folder != NULL && look != NULL;
  struct dirent *entry;
  while (still && (entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    char path[300];
    int member;
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    char state = state_of(path, &member);
    if (state == 0 || member != group || state == 'Z' || state == 'X') continue;
    int process = atoi(entry->d_name);
    still = look->process_count < MOST_PROCESSES && process_waits(look, process);
    if (still) look->processes[look->process_count++] = process;
  }
  int at_ports = 0;
  for (int i = 0; still && i < look->wait_count; i++) {
    int at_port = is_port(&look->waits[i], ports, count);
    at_ports += at_port;
    still = at_port || is_shared(look, &look->waits[i]);
  }
  free(look);
  if (folder != NULL) closedir(folder);
  return still && at_ports > 0;
}

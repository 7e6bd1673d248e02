// Looks at children and process groups, and waits on many pidfds at once.

#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "CSpawn.h"
#include "raw.h"

void headrace_expect_children(void) {
  struct sigaction action;
  if (sigaction(SIGCHLD, NULL, &action) != 0) return;
  if (action.sa_handler != SIG_IGN && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
  signal(SIGCHLD, SIG_DFL);
}

int headrace_child_state(int pid, int reap, int *code, int *signal) {
  siginfo_t info;
  info.si_pid = 0;
  int options = WEXITED | WNOHANG | (reap ? 0 : WNOWAIT);
  while (waitid(P_PID, (id_t)pid, &info, options) < 0)
    if (errno != EINTR) return -errno;
  if (info.si_pid == 0) return 0;
  *code = info.si_code == CLD_EXITED ? info.si_status : 0;
  *signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
  return 1;
}

int headrace_any_ended_child(void) {
  siginfo_t info;
  info.si_pid = 0;
  while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0)
    if (errno != EINTR) return -errno;
  return info.si_pid;
}

int headrace_signal_group(int group, int signal) {
  // kill(-1) is everybody and kill(0) our own group: never by mistake.
  if (group <= 1) return -EINVAL;
  return kill(-group, signal) == 0 ? 0 : -errno;
}

int headrace_group_alive(int group) {
  DIR *folder = opendir("/proc");
  if (folder == NULL) return 1;
  int alive = 0;
  struct dirent *entry;
  while (!alive && (entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) continue;
    text[length] = 0;
    // The program's name, in brackets, may itself hold brackets and spaces.
    char *after = strrchr(text, ')');
    char state;
    int parent, member;
    if (after != NULL && sscanf(after + 1, " %c %d %d", &state, &parent, &member) == 3)
      alive = member == group && state != 'Z' && state != 'X';
  }
  closedir(folder);
  return alive;
}

int headrace_subreaper(int enable) {
  if (enable) return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 1 : -errno;
  int is = 0;
  if (getpid() == 1) return 1;
  if (prctl(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0) != 0) return -errno;
  return is != 0;
}

int headrace_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

int headrace_poller_create(void) {
  int poller = epoll_create1(EPOLL_CLOEXEC);
  return poller < 0 ? -errno : poller;
}

int headrace_poller_add(int poller, int descriptor, int32_t key) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = (uint32_t)key}};
  return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
}

int headrace_poller_remove(int poller, int descriptor) {
  struct epoll_event event = {0};
  return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, &event) == 0 ? 0 : -errno;
}

int headrace_poller_wait(int poller, int32_t *keys, int capacity, int timeout) {
  struct epoll_event events[64];
  int count = epoll_wait(poller, events, capacity < 64 ? capacity : 64, timeout);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) keys[i] = (int32_t)events[i].data.u64;
  return count;
}

// Starts a program so that the keeper knows its process group before it executes.
//
// Not posix_spawn: nothing can be run there between fork and exec, so a node that is killed between
// the return of posix_spawn and the registration would leave a child behind. Here the child itself
// tells the keeper. The child's copy of the lifeline stays open until then, so the keeper cannot
// see the end of the lifeline before it has read of the child.
//
// Otherwise as the C library's posix_spawn does it: clone with CLONE_VM and CLONE_VFORK, so that
// a large node costs nothing to leave, on a stack of its own, with every signal blocked.

#define _GNU_SOURCE
#include "CSpawn.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "keeper.h"
#include "raw.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

// The thread sanitizer replaces `clone` by one that treats a child with shared memory as a forked
// one; glibc exports the same function under this name too.
#ifdef __GLIBC__
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
#else
#define __clone clone
#endif

enum { child_stack = 64 * 1024 };

UNINSTRUMENTED static int failed(struct headrace_spawn *request, int stage, long error) {
  request->stage = stage;
  request->error = (int)-error;
  return 127;
}

/// Puts sources[i] at i. First all of them go above `count`, where no later one overwrites them.
UNINSTRUMENTED static long place_descriptors(const struct headrace_spawn *request) {
  for (int i = 0; i < request->count; i++) {
    long moved = RAW(SYS_fcntl, request->sources[i], F_DUPFD, request->count);
    if (moved < 0) return moved;
    request->scratch[i] = (int)moved;
  }
  for (int i = 0; i < request->count; i++) {
    long placed = RAW(SYS_dup3, request->scratch[i], i, 0);
    if (placed < 0) return placed;
  }
  return 0;
}

/// Tries each candidate, with execvp's idea of which error tells most.
UNINSTRUMENTED static long execute(const struct headrace_spawn *request) {
  long result = -ENOENT;
  for (const char *const *path = request->candidates; *path != NULL; path++) {
    long error = RAW(SYS_execve, *path, request->arguments, request->environment);
    if (error == -EACCES)
      result = error;
    else if (error != -ENOENT && error != -ENOTDIR)
      return error;
  }
  return result;
}

UNINSTRUMENTED static int child(void *argument) {
  struct headrace_spawn *request = argument;
  long error;

  // A keeper that is gone must be an error to report, not a deadly SIGPIPE.
  raw_signal_actions(1);
  if ((error = RAW(SYS_setpgid, 0, 0)) < 0)
    return failed(request, HEADRACE_STAGE_REGISTER, error);
  if (request->lifeline >= 0) {
    int pid = (int)RAW(SYS_getpid);
    if ((error = keeper_write(request->lifeline, HEADRACE_ADD_GROUP, pid, NULL)) < 0)
      return failed(request, HEADRACE_STAGE_REGISTER, error);
  }
  if (request->directory != NULL && (error = RAW(SYS_chdir, request->directory)) < 0)
    return failed(request, HEADRACE_STAGE_DIRECTORY, error);
  if ((error = place_descriptors(request)) < 0)
    return failed(request, HEADRACE_STAGE_DESCRIPTORS, error);
  raw_close_from((unsigned)request->count);
  if (request->open_files != 0) {
    struct rlimit limit;
    if (RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0) {
      limit.rlim_cur = request->open_files;
      (void)RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
    }
  }
  raw_signal_actions(0);
  raw_signal_mask(0);
  return failed(request, HEADRACE_STAGE_EXECUTE, execute(request));
}

int headrace_spawn_program(struct headrace_spawn *request) {
  request->pid = -1;
  request->pidfd = -1;
  request->error = 0;
  request->stage = 0;

  size_t size = child_stack + 4096;
  char *stack = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack + 4096, child_stack, PROT_READ | PROT_WRITE) != 0) {
    request->stage = HEADRACE_STAGE_CLONE;
    request->error = errno;
    if (stack != MAP_FAILED) munmap(stack, size);
    return -request->error;
  }

  // A handler of ours must not run in the child, on our memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  int pid = __clone(child, stack + size, flags | CLONE_PIDFD, request, &request->pidfd);
  if (pid < 0 && errno == EINVAL) pid = __clone(child, stack + size, flags, request);
  int clone_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  munmap(stack, size);

  if (pid < 0) {
    request->stage = HEADRACE_STAGE_CLONE;
    request->error = clone_error;
    return -clone_error;
  }
  if (request->stage != 0) {
    // It never executed: take away its zombie, and its entry in the keeper's table.
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    if (request->lifeline >= 0)
      (void)headrace_keeper_tell(request->lifeline, HEADRACE_REMOVE_GROUP, pid, NULL);
    if (request->pidfd >= 0) close(request->pidfd);
    request->pidfd = -1;
    return -request->error;
  }
  request->pid = pid;
  return 0;
}

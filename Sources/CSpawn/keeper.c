// The keeper: a process that outlives its node by a moment and leaves nothing of it behind.
//
// It holds the read end of the lifeline, a pipe whose write end only the node has. What the node
// (or a child, before it executes) writes there is kept in a table; when the pipe ends, however
// the node ended, every registered process group is killed and every registered folder removed.
//
// It is forked without exec from a process that may have threads, so it only makes system calls.

#define _GNU_SOURCE
#include "keeper.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "CSpawn.h"
#include "raw.h"

enum {
  folder_limit = 64,
  /// A killed process may still be writing: its folder is tried again this often, 10 ms apart.
  removal_attempts = 500,
};

struct keeper {
  int32_t *groups;
  uint64_t group_count;
  uint64_t group_capacity;
  uint64_t folder_count;
  char folders[folder_limit][keeper_path_limit + 1];
  /// What was read and not yet understood.
  uint64_t filled;
  char input[8 * keeper_message_limit];
};

UNINSTRUMENTED static void copy(char *to, const char *from, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) ((volatile char *)to)[i] = from[i];
}

UNINSTRUMENTED static int same(const char *one, const char *other) {
  while (*one != 0 && *one == *other) one++, other++;
  return *one == *other;
}

UNINSTRUMENTED long keeper_write(int lifeline, uint32_t kind, int32_t group, const char *path) {
  char bytes[keeper_message_limit];
  struct keeper_message message = {.kind = kind, .group = group, .length = 0};
  if (path != NULL)
    while (path[message.length] != 0) message.length++;
  if (message.length > keeper_path_limit) return -ENAMETOOLONG;
  copy(bytes, (const char *)&message, sizeof message);
  if (path != NULL) copy(bytes + sizeof message, path, message.length);
  long result;
  do {
    result = RAW(SYS_write, lifeline, bytes, sizeof message + message.length);
  } while (result == -EINTR);
  return result < 0 ? result : 0;
}

UNINSTRUMENTED static void add_group(struct keeper *keeper, int32_t group) {
  if (keeper->group_count == keeper->group_capacity) {
    uint64_t size = keeper->group_capacity * sizeof(int32_t);
    long larger = RAW(SYS_mremap, keeper->groups, size, 2 * size, MREMAP_MAYMOVE, 0);
    // Without memory for the table the group is killed now rather than forgotten.
    if (larger < 0 && larger > -4096) {
      (void)RAW(SYS_kill, -group, SIGKILL);
      return;
    }
    keeper->groups = (int32_t *)larger;
    keeper->group_capacity *= 2;
  }
  keeper->groups[keeper->group_count++] = group;
}

UNINSTRUMENTED static void understand(
    struct keeper *keeper, const struct keeper_message *message, const char *path) {
  switch (message->kind) {
    case HEADRACE_ADD_GROUP:
      if (message->group > 1) add_group(keeper, message->group);
      break;
    case HEADRACE_REMOVE_GROUP:
      // From the end: the youngest groups are the likeliest to go.
      for (uint64_t i = keeper->group_count; i-- > 0;) {
        if (keeper->groups[i] != message->group) continue;
        keeper->groups[i] = keeper->groups[--keeper->group_count];
        break;
      }
      break;
    case HEADRACE_ADD_FOLDER:
      if (keeper->folder_count == folder_limit) break;
      copy(keeper->folders[keeper->folder_count], path, message->length);
      keeper->folders[keeper->folder_count++][message->length] = 0;
      break;
    case HEADRACE_REMOVE_FOLDER: {
      char wanted[keeper_path_limit + 1];
      copy(wanted, path, message->length);
      wanted[message->length] = 0;
      for (uint64_t i = 0; i < keeper->folder_count; i++) {
        if (!same(keeper->folders[i], wanted)) continue;
        if (i != --keeper->folder_count)
          copy(keeper->folders[i], keeper->folders[keeper->folder_count], keeper_path_limit + 1);
        break;
      }
      break;
    }
  }
}

/// Understands every whole message of the input and keeps the rest.
UNINSTRUMENTED static void understand_all(struct keeper *keeper) {
  uint64_t at = 0;
  struct keeper_message message;
  while (keeper->filled - at >= sizeof message) {
    copy((char *)&message, keeper->input + at, sizeof message);
    if (message.length > keeper_path_limit) break;
    if (keeper->filled - at < sizeof message + message.length) break;
    understand(keeper, &message, keeper->input + at + sizeof message);
    at += sizeof message + message.length;
  }
  copy(keeper->input, keeper->input + at, keeper->filled - at);
  keeper->filled -= at;
}

UNINSTRUMENTED static void clean_up(struct keeper *keeper) {
  for (uint64_t i = 0; i < keeper->group_count; i++)
    (void)RAW(SYS_kill, -keeper->groups[i], SIGKILL);
  for (int attempt = 0; attempt < removal_attempts; attempt++) {
    int left = 0;
    for (uint64_t i = 0; i < keeper->folder_count; i++)
      if (raw_remove_tree(keeper->folders[i]) < 0) left = 1;
    if (!left) return;
    struct timespec pause = {.tv_sec = 0, .tv_nsec = 10 * 1000 * 1000};
    (void)RAW(SYS_nanosleep, &pause, NULL);
  }
}

UNINSTRUMENTED static _Noreturn void keep(int lifeline) {
  // Its own session: neither Ctrl-C nor a closed terminal nor a signal to the node's group ends it.
  raw_signal_mask(1);
  raw_signal_actions(1);
  (void)RAW(SYS_setsid);
  (void)RAW(SYS_dup3, lifeline, 0, 0);
  raw_close_from(1);
  (void)RAW(SYS_chdir, "/");
  (void)RAW(SYS_prctl, PR_SET_NAME, "headrace-keeper", 0, 0, 0);

  enum { first_capacity = 1024 };
  int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
  long memory = RAW(SYS_mmap, NULL, sizeof(struct keeper), protection, flags, -1, 0);
  long table = RAW(SYS_mmap, NULL, first_capacity * sizeof(int32_t), protection, flags, -1, 0);
  // The node sees a broken lifeline at its first registration.
  if ((memory < 0 && memory > -4096) || (table < 0 && table > -4096)) RAW(SYS_exit_group, 1);
  struct keeper *keeper = (struct keeper *)memory;
  keeper->groups = (int32_t *)table;
  keeper->group_capacity = first_capacity;

  for (;;) {
    long count = RAW(
        SYS_read, 0, keeper->input + keeper->filled, sizeof keeper->input - keeper->filled);
    if (count == -EINTR) continue;
    if (count <= 0) break;
    keeper->filled += (uint64_t)count;
    understand_all(keeper);
  }
  clean_up(keeper);
  for (;;) RAW(SYS_exit_group, 0);
}

UNINSTRUMENTED int headrace_keeper_start(int *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  // The kernel's own fork, without the C library's fork handlers: they may wait for locks, and the
  // child needs nothing that they repair.
  long child = RAW(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) keep(ends[0]);
  close(ends[0]);
  if (child < 0) {
    close(ends[1]);
    return (int)child;
  }
  *pid = (int)child;
  return ends[1];
}

int headrace_keeper_tell(int lifeline, int kind, int group, const char *path) {
  return (int)keeper_write(lifeline, (uint32_t)kind, group, path);
}

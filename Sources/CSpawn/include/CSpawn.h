// What Swift cannot say: code between fork and exec, the keeper process, raw system calls, the
// allocator.
//
// Every function returns 0 or a positive result on success and a negated errno on failure, unless
// it says otherwise, and may be called from any thread.

#ifndef HEADRACE_CSPAWN_H
#define HEADRACE_CSPAWN_H

#include <stdint.h>

// MARK: Spawning

/// Where in the child a spawn failed.
enum {
  HEADRACE_STAGE_CLONE = 1,
  HEADRACE_STAGE_REGISTER = 2,
  HEADRACE_STAGE_DIRECTORY = 3,
  HEADRACE_STAGE_DESCRIPTORS = 4,
  HEADRACE_STAGE_EXECUTE = 5,
};

struct headrace_spawn {
  /// Paths that are tried in order, as execvp would; ends with NULL.
  const char *const *candidates;
  char *const *arguments;
  char *const *environment;
  /// Entered before the candidates are tried; NULL stays.
  const char *directory;
  /// sources[i] becomes the child's descriptor i; everything from `count` on is closed.
  const int *sources;
  /// Room for `count` numbers that the child may write.
  int *scratch;
  int count;
  /// The keeper's lifeline, to which the child writes its own group before it executes; -1: none.
  int lifeline;
  /// The soft limit of open files that the child gets; 0 keeps the node's.
  uint64_t open_files;

  /// Result: the process, which leads the process group of the same number.
  int pid;
  /// Result: a close-on-exec pidfd, or -1 where the kernel has none.
  int pidfd;
  /// Result of a failure: an errno, and the stage where it happened.
  int error;
  int stage;
};

/// Starts a program in its own process group, with default signal actions and an empty mask.
/// Returns when it has executed, or failed to: then nothing of it is left. Blocks that long.
int headrace_spawn_program(struct headrace_spawn *request);

/// Undoes an ignored SIGCHLD, which a parent may have left us: the ends of children would be lost.
void headrace_expect_children(void);

/// Looks at a child: 1 when it has ended (`code` its exit code, or `signal` what killed it),
/// 0 while it runs. With `reap` the zombie is taken away.
int headrace_child_state(int pid, int reap, int *code, int *signal);

/// Waits for any child to end and returns its pid without reaping it. Blocks.
int headrace_any_ended_child(void);

/// Signals a whole process group; -ESRCH when nothing is left of it.
int headrace_signal_group(int group, int signal);

/// 1 when a process of the group is alive, that is, not a zombie; 0 when none is, by /proc.
int headrace_group_alive(int group);

struct headrace_file_id {
  uint64_t device;
  uint64_t inode;
};

/// 1 when nothing of the group goes on until one of its ports' pipes does: every thread of it sleeps
/// without a time limit, at such a pipe, at a pipe between processes of the group, for another thread or
/// for a child, and at least one at a port. 0 when that is not so, or cannot be told. By /proc.
int headrace_stands_still(int group, const struct headrace_file_id *ports, int count);

/// Makes this process the one that orphaned descendants are handed to. 1 when it is one already,
/// by that or as PID 1, when `enable` is 0.
int headrace_subreaper(int enable);

/// A pipe, both ends close-on-exec: ends[0] reads, ends[1] writes.
int headrace_pipe(int ends[2]);

// MARK: The keeper

/// Forks the keeper and returns the lifeline's write end (close-on-exec); `pid` is the keeper.
int headrace_keeper_start(int *pid);

/// One entry for the keeper, written whole or not at all. `path` only with the folder kinds.
enum {
  HEADRACE_ADD_GROUP = 1,
  HEADRACE_REMOVE_GROUP = 2,
  HEADRACE_ADD_FOLDER = 3,
  HEADRACE_REMOVE_FOLDER = 4,
};
int headrace_keeper_tell(int lifeline, int kind, int group, const char *path);

/// Removes a file, or a folder and all that is in it, without following symbolic links.
/// A path that is not there counts as removed.
int headrace_remove_tree(const char *path);

// MARK: Waiting on many descriptors

int headrace_poller_create(void);
/// Adds a descriptor whose readiness is reported under `key`.
int headrace_poller_add(int poller, int descriptor, int32_t key);
int headrace_poller_remove(int poller, int descriptor);
/// Returns how many keys were written to `keys`; `timeout` in milliseconds, -1 is for ever.
int headrace_poller_wait(int poller, int32_t *keys, int capacity, int timeout);

// MARK: Memory

/// The allocator keeps up to `bytes` of freed memory at the end of each heap instead of giving it
/// back at once, and maps only what is at least `mapped_from` bytes.
void headrace_keep_freed_memory(int bytes, int mapped_from);

// MARK: Disk

/// Gives the room of this part of the file back to the disk; the part reads as zeros from then on.
/// -EOPNOTSUPP where the file system cannot.
int headrace_free_room(int file, int64_t offset, int64_t length);

#endif

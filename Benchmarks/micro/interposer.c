// Counts every allocation of a process, for LD_PRELOAD: counts repeat where seconds do not.
//
//   ALLOCATIONS_FILE=FILE LD_PRELOAD=interposer.so PROGRAM
//
// The counters live in FILE, which must not exist yet: whoever maps it reads them while the program
// runs. The first process that creates it has it; the programs that this one starts inherit the
// environment, and count for nobody. From inside, headrace_allocations() is found by dlsym.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// Under these names glibc exports its own allocator for those who replace it: no dlsym, which
// itself allocates.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

// The file's layout: three 64-bit numbers in the machine's order.
struct counters {
  _Atomic uint64_t allocations;  // what gave new memory; a realloc is one
  _Atomic uint64_t bytes;        // that were asked for
  _Atomic uint64_t frees;
};

static struct counters before_main;
static struct counters *_Atomic counters = &before_main;

__attribute__((constructor)) static void open_file(void) {
  const char *path = getenv("ALLOCATIONS_FILE");
  if (!path) return;
  int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (ftruncate(file, sizeof(struct counters)) == 0) {
    void *page = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) counters = (struct counters *)page;
  }
  close(file);
}

uint64_t headrace_allocations(void) { return counters->allocations; }
uint64_t headrace_allocated_bytes(void) { return counters->bytes; }

// Relaxed: the numbers are compared long after, and order nothing.
static inline void *counted(void *memory, size_t size) {
  struct counters *now = atomic_load_explicit(&counters, memory_order_relaxed);
  atomic_fetch_add_explicit(&now->allocations, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&now->bytes, size, memory_order_relaxed);
  return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size), size); }

void *calloc(size_t count, size_t size) {
  return counted(__libc_calloc(count, size), count * size);
}

void *realloc(void *memory, size_t size) { return counted(__libc_realloc(memory, size), size); }

void *memalign(size_t alignment, size_t size) {
  return counted(__libc_memalign(alignment, size), size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  // As POSIX has it: a power of two, and of pointers at least.
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *made = memalign(alignment, size);
  if (!made) return ENOMEM;
  *memory = made;
  return 0;
}

void free(void *memory) {
  if (memory) {
    struct counters *now = atomic_load_explicit(&counters, memory_order_relaxed);
    atomic_fetch_add_explicit(&now->frees, 1, memory_order_relaxed);
  }
  __libc_free(memory);
}

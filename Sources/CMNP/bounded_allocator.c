#include "CMNP.h"

#include <stdlib.h>

// What malloc itself keeps for each block, so that many small blocks count as what they are.
static const size_t overhead = 16;

static void *bounded_alloc(void *data, size_t size) {
  headrace_bounded_allocator *self = data;
  if (self->exhausted || self->left < overhead || self->left - overhead < size) {
    self->exhausted = 1;
    return NULL;
  }
  void *block = malloc(size == 0 ? 1 : size);
  if (block == NULL) {
    self->exhausted = 1;
    return NULL;
  }
  self->left -= size + overhead;
  return block;
}

static void bounded_free(void *data, void *block) {
  (void)data;
  free(block);
}

void headrace_bounded_allocator_init(headrace_bounded_allocator *self, size_t budget) {
  self->allocator.alloc = bounded_alloc;
  self->allocator.free = bounded_free;
  self->allocator.allocator_data = self;
  self->left = budget;
  self->exhausted = 0;
}

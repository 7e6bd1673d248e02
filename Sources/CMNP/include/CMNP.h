// MNP's messages as C structs, and the allocator that bounds what decoding one may cost.
#ifndef HEADRACE_CMNP_H
#define HEADRACE_CMNP_H

#include "any.pb-c.h"
#include "bridge.pb-c.h"
#include "empty.pb-c.h"
#include "headrace.pb-c.h"
#include "mnp.pb-c.h"

// Memory for one message: malloc until `left` bytes were asked for, then NULL.
//
// protobuf-c keeps every field that it does not know, and 2 bytes on the wire can cost it 80, so
// a message's own size bounds nothing. Memory that is freed does not count back: a message is
// decoded once, and what counts is what it can make us do.
//
// `allocator` points back into the struct, which therefore must not move after the call.
typedef struct headrace_bounded_allocator {
  ProtobufCAllocator allocator;
  size_t left;
  // Whether it said no. A NULL from protobuf-c without that means malformed bytes.
  protobuf_c_boolean exhausted;
} headrace_bounded_allocator;

void headrace_bounded_allocator_init(headrace_bounded_allocator *self, size_t budget);

#endif

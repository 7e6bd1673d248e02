#ifndef HEADRACE_CNGHTTP2_SHIM_H
#define HEADRACE_CNGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>

// Plain 1.52 lacks these two; distributions carry them back with security fixes. SwiftPM cannot
// look before it compiles, so they are weak: absent at run time, they are null.
void nghttp2_option_set_max_continuations(nghttp2_option *option, size_t count)
    __attribute__((weak));
void nghttp2_option_set_stream_reset_rate_limit(nghttp2_option *option,
                                                uint64_t burst, uint64_t rate)
    __attribute__((weak));

/// Limits CONTINUATION frames in a header block and RST_STREAM frames from the
/// peer, where the library that we run with can.
static inline void headrace_nghttp2_limit_floods(nghttp2_option *option,
                                                 size_t continuations,
                                                 uint64_t reset_burst,
                                                 uint64_t reset_rate) {
  if (nghttp2_option_set_max_continuations) {
    nghttp2_option_set_max_continuations(option, continuations);
  }
  if (nghttp2_option_set_stream_reset_rate_limit) {
    nghttp2_option_set_stream_reset_rate_limit(option, reset_burst, reset_rate);
  }
}

#endif

// Pushes small messages as fast as they can be packed: HTTP/2, gRPC and the Push envelope by hand.
//
//   packer TCPPORT SESSION TASK SIZE SECONDS|n=COUNT
//
// Our own commands send what they read, which is large; gRPC's clients pay more for each message
// than a node of ours does. So this is the sender for a node that is to be measured at its limit:
// DATA frames of 64 KiB that are full of messages of SIZE bytes of data, as the windows allow.
#define _GNU_SOURCE
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>

enum { FRAME_HEAD = 9, OUR_FRAME = 65536, FRAMES = 4, INPUT = 1 << 16 };
enum { DATA = 0, HEADERS = 1, RESET = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

static int fd;
static int64_t connection_window = 65535, stream_window = 65535, initial_window = 65535;
static size_t frame_limit = 16384;
static int settings_seen, answered;
static unsigned char input[INPUT];
static size_t input_length;
// Acknowledgements wait here until a whole frame of ours has been written.
static unsigned char replies[4096];
static size_t replies_length;

static uint32_t read32(const unsigned char *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_head(unsigned char *at, size_t length, int type, int flags, uint32_t stream) {
  unsigned char head[FRAME_HEAD] = {
      (unsigned char)(length >> 16), (unsigned char)(length >> 8), (unsigned char)length,
      (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
      (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};
  memcpy(at, head, FRAME_HEAD);
}

static void reply(int type, const unsigned char *payload, size_t length) {
  if (replies_length + FRAME_HEAD + length > sizeof replies) return;
  put_head(replies + replies_length, length, type, ACK, 0);
  if (length) memcpy(replies + replies_length + FRAME_HEAD, payload, length);
  replies_length += FRAME_HEAD + length;
}

static void take_settings(const unsigned char *at, size_t length) {
  for (; length >= 6; at += 6, length -= 6) {
    uint32_t value = read32(at + 2);
    if (at[1] == 4) {
      stream_window += (int64_t)value - initial_window;
      initial_window = value;
    } else if (at[1] == 5) {
      frame_limit = value;
    }
  }
  settings_seen = 1;
  reply(SETTINGS, NULL, 0);
}

static void take_frame(int type, int flags, uint32_t stream, const unsigned char *at, size_t length) {
  errno = 0;
  if (type == SETTINGS && !(flags & ACK)) take_settings(at, length);
  else if (type == PING && !(flags & ACK)) reply(PING, at, length);
  else if (type == WINDOW && stream == 0) connection_window += read32(at) & 0x7fffffff;
  else if (type == WINDOW) stream_window += read32(at) & 0x7fffffff;
  else if (type == RESET) fail("the node reset the stream");
  else if (type == GOAWAY) fail("the node went away");
  if (stream != 0 && type <= HEADERS && (flags & END_STREAM)) answered = 1;
}

// Takes what has come, and waits for it where `wait` says so.
static void take_input(int wait) {
  if (wait) {
    struct pollfd poller = {fd, POLLIN, 0};
    if (poll(&poller, 1, 30000) <= 0) fail("nothing came from the node for 30 s");
  }
  ssize_t n = read(fd, input + input_length, sizeof input - input_length);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) fail("the node closed the connection");
  input_length += (size_t)n;
  size_t at = 0;
  while (input_length - at >= FRAME_HEAD) {
    const unsigned char *head = input + at;
    size_t length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    if (length + FRAME_HEAD > sizeof input) fail("a frame is too large");
    if (input_length - at < FRAME_HEAD + length) break;
    take_frame(head[3], head[4], read32(head + 5) & 0x7fffffff, head + FRAME_HEAD, length);
    at += FRAME_HEAD + length;
  }
  memmove(input, input + at, input_length - at);
  input_length -= at;
}

static void write_vector(struct iovec *vector, int count) {
  while (count > 0) {
    ssize_t n = writev(fd, vector, count);
    if (n < 0 && errno == EAGAIN) {
      struct pollfd poller = {fd, POLLIN | POLLOUT, 0};
      if (poll(&poller, 1, 30000) <= 0) fail("the node took nothing for 30 s");
      if (poller.revents & POLLIN) take_input(0);
      continue;
    }
    if (n < 0) fail("writev");
    for (; count > 0 && (size_t)n >= vector->iov_len; vector++, count--) n -= (ssize_t)vector->iov_len;
    if (count > 0) {
      vector->iov_base = (char *)vector->iov_base + n;
      vector->iov_len -= (size_t)n;
    }
  }
}

static void write_plain(const void *bytes, size_t length) {
  struct iovec one = {(void *)(uintptr_t)bytes, length};
  write_vector(&one, 1);
}

// Sends `length` bytes from `at` as DATA frames, as far as windows, frames and one write go.
static size_t write_data(unsigned char *at, size_t length, int last) {
  while (connection_window <= 0 || stream_window <= 0) take_input(1);
  unsigned char heads[FRAMES][FRAME_HEAD];
  struct iovec vector[2 * FRAMES + 1];
  int count = 0;
  size_t sent = 0, largest = frame_limit < OUR_FRAME ? frame_limit : OUR_FRAME;
  // Replies go between frames: here is such a place.
  if (replies_length > 0) vector[count++] = (struct iovec){replies, replies_length};
  for (int frame = 0; frame < FRAMES && sent < length; frame++) {
    size_t size = length - sent < largest ? length - sent : largest;
    if ((int64_t)size > connection_window) size = (size_t)connection_window;
    if ((int64_t)size > stream_window) size = (size_t)stream_window;
    if (size == 0) break;
    put_head(heads[frame], size, DATA, last && sent + size == length ? END_STREAM : 0, 1);
    vector[count++] = (struct iovec){heads[frame], FRAME_HEAD};
    vector[count++] = (struct iovec){at + sent, size};
    connection_window -= (int64_t)size;
    stream_window -= (int64_t)size;
    sent += size;
  }
  size_t replied = replies_length;
  write_vector(vector, count);
  // More may have come in while the socket was full.
  memmove(replies, replies + replied, replies_length - replied);
  replies_length -= replied;
  return sent;
}

static void write_whole(unsigned char *at, size_t length, int last) {
  while (length > 0) {
    size_t sent = write_data(at, length, last);
    at += sent;
    length -= sent;
  }
}

static unsigned char *put_varint(unsigned char *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (unsigned char)(value | 0x80);
  *at++ = (unsigned char)value;
  return at;
}

static unsigned char *put_field(unsigned char *at, int field, const char *text) {
  *at++ = (unsigned char)(field << 3 | 2);
  at = put_varint(at, strlen(text));
  memcpy(at, text, strlen(text));
  return at + strlen(text);
}

// The message's length of four bytes after its flag, once its end is known.
static size_t close_message(unsigned char *message, const unsigned char *end) {
  size_t length = (size_t)(end - message) - 5;
  unsigned char head[5] = {0, (unsigned char)(length >> 24), (unsigned char)(length >> 16),
                           (unsigned char)(length >> 8), (unsigned char)length};
  memcpy(message, head, 5);
  return length + 5;
}

static unsigned char *put_header(unsigned char *at, const char *name, const char *value) {
  *at++ = 0;  // a literal, not indexed, with its name
  *at++ = (unsigned char)strlen(name);
  memcpy(at, name, strlen(name));
  at += strlen(name);
  *at++ = (unsigned char)strlen(value);
  memcpy(at, value, strlen(value));
  return at + strlen(value);
}

static void open_stream(void) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  unsigned char bytes[512], *at = bytes + FRAME_HEAD;
  write_plain(preface, sizeof preface - 1);
  put_head(bytes, 0, SETTINGS, 0, 0);
  write_plain(bytes, FRAME_HEAD);
  while (!settings_seen) take_input(1);
  *at++ = 0x83;  // :method POST, and :scheme http, both from HPACK's static table
  *at++ = 0x86;
  at = put_header(at, ":path", "/MnpService/Push");
  at = put_header(at, ":authority", "127.0.0.1");
  at = put_header(at, "te", "trailers");
  at = put_header(at, "content-type", "application/grpc");
  put_head(bytes, (size_t)(at - bytes) - FRAME_HEAD, HEADERS, END_HEADERS, 1);
  write_plain(bytes, (size_t)(at - bytes));
}

int main(int count, char **words) {
  end_with_parent();
  if (count != 6) {
    fprintf(stderr, "packer: see the head of packer.c\n");
    return 64;
  }
  size_t size = (size_t)atol(words[4]);
  int counts = strncmp(words[5], "n=", 2) == 0;
  uint64_t wanted = counts ? strtoull(words[5] + 2, NULL, 10) : UINT64_MAX;
  double seconds = counts ? 0 : atof(words[5]);
  fd = connect_to(atoi(words[1]));
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  open_stream();

  // As many whole messages as fill one write, and always the same ones again.
  unsigned char envelope[32], *end = envelope + 5;
  *end++ = 6 << 3 | 2;
  end = put_varint(end, size);
  size_t head = (size_t)(end - envelope), unit = head + size;
  close_message(envelope, end);
  size_t payload = unit - 5;
  envelope[1] = (unsigned char)(payload >> 24);
  envelope[2] = (unsigned char)(payload >> 16);
  envelope[3] = (unsigned char)(payload >> 8);
  envelope[4] = (unsigned char)payload;
  size_t batch = (size_t)FRAMES * OUR_FRAME / unit;
  if (batch == 0) batch = 1;
  unsigned char *messages = (unsigned char *)malloc(batch * unit);
  for (size_t i = 0; i < batch; i++) {
    memcpy(messages + i * unit, envelope, head);
    memset(messages + i * unit + head, 'x', size);
  }

  unsigned char ids[600], done[7] = {0, 0, 0, 0, 2, 5 << 3, 1};
  double used = cpu(), start = now();
  end = put_field(put_field(ids + 5, 1, words[2]), 2, words[3]);
  write_whole(ids, close_message(ids, end), 0);
  uint64_t sent = 0;
  do {
    uint64_t next = wanted - sent < batch ? wanted - sent : batch;
    write_whole(messages, next * unit, 0);
    sent += next;
  } while (counts ? sent < wanted : now() - start < seconds);
  write_whole(done, sizeof done, 1);
  while (!answered) take_input(1);
  print_sent(sent * size, sent, now() - start, cpu() - used);
  return 0;
}

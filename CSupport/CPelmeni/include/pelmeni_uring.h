#ifndef PELMENI_URING_H
#define PELMENI_URING_H

#include <features.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "pelmeni_datagram.h"

// The ring of one worker. Every call comes from the thread that created it.
struct pelmeni_uring;
typedef struct pelmeni_uring pelmeni_uring;

enum { PELMENI_SEND_PIECES = 16 }; // pieces that one gathered send takes at the most

// A completion. `slot` is valid only with the BLOCK flag.
typedef struct {
    uint64_t token;
    int32_t result; // bytes or descriptor, or -errno
    uint16_t slot;  // the posted slot whose block was filled
    uint16_t flags;
} pelmeni_completion;

static const uint16_t PELMENI_MORE = 1;     // the operation stays armed
static const uint16_t PELMENI_BLOCK = 2;    // a posted block was used up
static const uint16_t PELMENI_NONEMPTY = 4; // a hint: the socket holds more bytes
static const uint16_t PELMENI_DESCRIPTORS = 8; // the bytes came with descriptors, which the kernel closed

typedef struct {
    uint32_t entries;     // submission queue
    uint32_t completions; // completion queue
    uint32_t features;    // PELMENI_FEATURE_*: what this ring may use
} pelmeni_uring_options;

// 0 or -errno. Setup flags that the kernel refuses are dropped one by one, and leave `features`.
int pelmeni_uring_create(pelmeni_uring **ring, const pelmeni_uring_options *options);
void pelmeni_uring_destroy(pelmeni_uring *ring);
uint32_t pelmeni_uring_features(const pelmeni_uring *ring);
uint64_t pelmeni_uring_enters(const pelmeni_uring *ring); // io_uring_enter calls so far
uint64_t pelmeni_uring_overflows(const pelmeni_uring *ring); // times the completion queue overflowed

// Provided blocks: `group` 0 to 2, `slots` a power of two up to 32768. Posting stages a block under a slot number;
// publishing makes all staged blocks visible to the kernel with one store.
int pelmeni_uring_group(pelmeni_uring *ring, uint16_t group, uint32_t slots);
void pelmeni_uring_post(pelmeni_uring *ring, uint16_t group, uint16_t slot, void *block, uint32_t bytes);
void pelmeni_uring_publish(pelmeni_uring *ring, uint16_t group);

// Operations. They are staged, and go to the kernel with the next submit. A full queue is flushed, without waiting. 0,
// or -errno when the kernel took no entry.
int pelmeni_uring_accept(pelmeni_uring *ring, int listener, int multishot, uint64_t token);
int pelmeni_uring_connect(pelmeni_uring *ring, int socket, const void *address, socklen_t length, uint64_t token);
// turn_bytes and total_bytes bound a multishot receive (0: unbounded); one-shot where multishot is 0.
int pelmeni_uring_receive(pelmeni_uring *ring, int socket, uint16_t group, int multishot, uint32_t turn_bytes,
                          uint32_t total_bytes, int poll_first, uint64_t token);
// One receive of a Unix stream, as a message, whose flags tell of descriptors. `slot` has one receive at a time.
int pelmeni_uring_receive_message(pelmeni_uring *ring, int socket, uint16_t group, int poll_first, uint32_t slot,
                                  uint64_t token);
// Whether the last such receive of a slot came with descriptors; once.
int pelmeni_uring_message_descriptors(pelmeni_uring *ring, uint32_t slot);
int pelmeni_uring_send(pelmeni_uring *ring, int socket, const void *data, uint32_t length, uint64_t token);
// Room for `count` pieces (at most PELMENI_SEND_PIECES), which the caller fills before it enqueues another operation.
struct iovec *pelmeni_uring_send_gathered(pelmeni_uring *ring, int socket, uint32_t count, uint64_t token);
// Receives datagrams until cancelled, each into a block of `group` with the layout of pelmeni_datagram.h; recvmsg
// multishot, since 6.0. The result is the kernel's without the bytes before the payload.
int pelmeni_uring_receive_datagrams(pelmeni_uring *ring, int socket, uint16_t group, int is_unix, uint64_t token);
// One datagram or train; it never waits. `outgoing` stays in place until its completion.
int pelmeni_uring_send_datagram(pelmeni_uring *ring, int socket, pelmeni_outgoing *outgoing, uint64_t token);
// Completes when the socket is writable.
int pelmeni_uring_await_bytes(pelmeni_uring *ring, int socket, uint64_t token); // or the end, or an error
int pelmeni_uring_await_room(pelmeni_uring *ring, int socket, uint64_t token);
int pelmeni_uring_wake(pelmeni_uring *ring, int event, uint64_t *value, uint64_t token); // reads an eventfd
int pelmeni_uring_cancel(pelmeni_uring *ring, uint64_t target, uint64_t token);

// Submits the staged operations and waits for a completion or the end of the time (0: no wait; INT64_MAX: no limit).
// One io_uring_enter. 0 or -errno; a timeout, EINTR, EAGAIN and EBUSY are no errors. EBADR: completions were lost.
int pelmeni_uring_submit(pelmeni_uring *ring, int64_t wait_nanoseconds);
uint32_t pelmeni_uring_reap(pelmeni_uring *ring, pelmeni_completion *out, uint32_t capacity);

#endif

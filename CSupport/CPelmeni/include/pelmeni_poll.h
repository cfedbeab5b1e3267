#ifndef PELMENI_POLL_H
#define PELMENI_POLL_H

#include <stdint.h>

// Readiness without the numbers of epoll(7).
static const uint32_t PELMENI_POLL_READABLE = 1;
static const uint32_t PELMENI_POLL_WRITABLE = 2;
static const uint32_t PELMENI_POLL_ENDED = 4;  // the other side shut down its write half
static const uint32_t PELMENI_POLL_BROKEN = 8; // error, or hang-up of both halves
static const uint32_t PELMENI_POLL_URGENT = 16; // an urgent byte (tcp(7)) is there, before which a read stops

typedef struct {
    uint64_t token;
    uint32_t readiness;
    uint32_t padding;
} pelmeni_event;

enum { PELMENI_POLL_BATCH = 256 };

int pelmeni_poll_create(void); // descriptor or -errno
// Added once, for every event, edge-triggered; `exclusive` for a listener that several workers share (then
// level-triggered and readable only: an exclusive edge can be lost when the woken worker does not accept).
int pelmeni_poll_add(int poller, int socket, uint64_t token, int exclusive);
// Stops or resumes the report of bytes on an edge-triggered socket; resuming reports unread bytes at once.
int pelmeni_poll_hold(int poller, int socket, uint64_t token, int is_held);
int pelmeni_poll_remove(int poller, int socket);
// The number of events, or -errno (EINTR counts as none). INT64_MAX waits without limit.
int pelmeni_poll_wait(int poller, pelmeni_event *events, int capacity, int64_t wait_nanoseconds);

#endif

#define _GNU_SOURCE
#include "pelmeni_poll.h"
#include "pelmeni_syscall.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>

int pelmeni_poll_create(void) {
    int poller = epoll_create1(EPOLL_CLOEXEC);
    return poller < 0 ? -errno : poller;
}

// Every event, edge-triggered.
static const uint32_t edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;

int pelmeni_poll_add(int poller, int socket, uint64_t token, int exclusive) {
    struct epoll_event event = {
        .events = exclusive ? EPOLLIN | EPOLLEXCLUSIVE : edges,
        .data.u64 = token,
    };
    return epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) < 0 ? -errno : 0;
}

int pelmeni_poll_hold(int poller, int socket, uint64_t token, int is_held) {
    struct epoll_event event = {
        .events = is_held ? edges & ~(uint32_t)EPOLLIN : edges,
        .data.u64 = token,
    };
    return epoll_ctl(poller, EPOLL_CTL_MOD, socket, &event) < 0 ? -errno : 0;
}

int pelmeni_poll_remove(int poller, int socket) {
    return epoll_ctl(poller, EPOLL_CTL_DEL, socket, NULL) < 0 ? -errno : 0;
}

// Rounded up, so that the timer behind the limit is due when the wait ends. epoll_pwait2 (5.11) would be exact, but
// costs a timespec a call and is refused where a sandbox does not know it.
static int milliseconds(int64_t nanoseconds) {
    if (nanoseconds <= 0) { return 0; }
    if (nanoseconds == INT64_MAX) { return -1; }
    int64_t whole = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    return whole > INT_MAX ? INT_MAX : (int)whole;
}

// Shifts instead of branches: every used bit of epoll is at a fixed distance from ours.
static inline uint32_t readiness(uint32_t events) {
    _Static_assert(EPOLLIN == 1 && EPOLLOUT == 2 << 1 && EPOLLRDHUP == 4 << 11 && EPOLLERR == 8 && EPOLLHUP == 8 << 1 &&
                       EPOLLPRI == 16 >> 3,
                   "the distances below");
    return (events & EPOLLIN) | (events & EPOLLOUT) >> 1 | (events & EPOLLRDHUP) >> 11 | (events & EPOLLERR)
           | (events & EPOLLHUP) >> 1 | (events & EPOLLPRI) << 3;
}

int pelmeni_poll_wait(int poller, pelmeni_event *events, int capacity, int64_t wait_nanoseconds) {
    struct epoll_event raw[PELMENI_POLL_BATCH]; // 3 KiB of stack that stay in the cache
    if (capacity > PELMENI_POLL_BATCH) { capacity = PELMENI_POLL_BATCH; }
    // epoll_pwait without a signal mask is epoll_wait, which newer architectures lack.
    long count = pelmeni_syscall(SYS_epoll_pwait, poller, (long)raw, capacity, milliseconds(wait_nanoseconds), 0, 0);
    if (count < 0) { return count == -EINTR ? 0 : (int)count; }
    for (long index = 0; index < count; index++) {
        events[index].token = raw[index].data.u64;
        events[index].readiness = readiness(raw[index].events);
        events[index].padding = 0;
    }
    return (int)count;
}

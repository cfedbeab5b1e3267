#define _GNU_SOURCE
#include "pelmeni_socket.h"
#include "pelmeni_syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
// Not <netinet/tcp.h>: glibc's tcp_info ends before bytes_acked, and the two headers exclude each other.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    KERNEL_KEEP_ALIVE_SECONDS = 7200, // net.ipv4.tcp_keepalive_time, unless somebody changed it
    LONGEST_KEEP_ALIVE_SECONDS = 32767, // the kernel refuses more
    KEEP_ALIVE_PROBES = 4,
};

static int set_number(int socket, int level, int option, int value) {
    return setsockopt(socket, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int pelmeni_socket_open(int family, int nonblocking) {
    int type = SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0);
    int descriptor = socket(family, type, 0);
    return descriptor < 0 ? -errno : descriptor;
}

// Four probes over one more idle time: a vanished peer is noticed after twice the requested time.
static int keep_alive(int socket, int seconds) {
    int result = set_number(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    // Each new connection pays for every call here, so the kernel's defaults are not set again.
    if (result < 0 || seconds == KERNEL_KEEP_ALIVE_SECONDS) { return result; }
    if (seconds > LONGEST_KEEP_ALIVE_SECONDS) { seconds = LONGEST_KEEP_ALIVE_SECONDS; }
    int interval = seconds / KEEP_ALIVE_PROBES;
    result = set_number(socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    if (result == 0) { result = set_number(socket, IPPROTO_TCP, TCP_KEEPINTVL, interval > 0 ? interval : 1); }
    if (result == 0) { result = set_number(socket, IPPROTO_TCP, TCP_KEEPCNT, KEEP_ALIVE_PROBES); }
    return result;
}

static void resize(int socket, int forced, int option, int bytes) {
    if (bytes <= 0 || set_number(socket, SOL_SOCKET, forced, bytes) == 0) { return; }
    set_number(socket, SOL_SOCKET, option, bytes);
}

void pelmeni_socket_resize(int socket, int receive, int send) {
    resize(socket, SO_RCVBUFFORCE, SO_RCVBUF, receive);
    resize(socket, SO_SNDBUFFORCE, SO_SNDBUF, send);
}

// The kernel doubles both for its own bookkeeping (socket(7)).
int pelmeni_socket_room(int socket, int32_t *receive, int32_t *send) {
    int bytes[2] = {0, 0};
    const int options[2] = {SO_RCVBUF, SO_SNDBUF};
    for (int i = 0; i < 2; i++) {
        socklen_t length = sizeof bytes[i];
        if (getsockopt(socket, SOL_SOCKET, options[i], &bytes[i], &length) < 0) { return -errno; }
    }
    *receive = bytes[0] / 2;
    *send = bytes[1] / 2;
    return 0;
}

int pelmeni_socket_configure(int socket, int family, const pelmeni_socket_options *options) {
    pelmeni_socket_resize(socket, options->receive_buffer, options->send_buffer);
    int result = options->urgent_in_line ? set_number(socket, SOL_SOCKET, SO_OOBINLINE, 1) : 0;
    if (family != AF_INET && family != AF_INET6) { return result; }
    if (result == 0 && family == AF_INET6 && options->only_v6 >= 0) {
        result = set_number(socket, IPPROTO_IPV6, IPV6_V6ONLY, options->only_v6 != 0);
    }
    if (result == 0 && options->no_delay) { result = set_number(socket, IPPROTO_TCP, TCP_NODELAY, 1); }
    if (result == 0 && options->keep_alive_seconds > 0) { result = keep_alive(socket, options->keep_alive_seconds); }
    if (result == 0 && options->user_timeout_milliseconds > 0) {
        result = set_number(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)options->user_timeout_milliseconds);
    }
    return result;
}

int pelmeni_socket_bind(int socket, const void *address, socklen_t length, int reuse_address) {
    if (reuse_address) {
        int result = set_number(socket, SOL_SOCKET, SO_REUSEADDR, 1);
        if (result < 0) { return result; }
    }
    return bind(socket, address, length) < 0 ? -errno : 0;
}

int pelmeni_socket_share_port(int socket) {
    return set_number(socket, SOL_SOCKET, SO_REUSEPORT, 1);
}

int pelmeni_socket_listen(int socket, int backlog) {
    return listen(socket, backlog) < 0 ? -errno : 0;
}

// The kernel keeps the port in the socket's hands (Linux 6.18: tcp_disconnect keeps it, as bind locked it), but
// SO_REUSEADDR would let anybody bind it who has the option too, while nobody listens there. With that the port of a
// listener could be taken away by a second start of the same program.
int pelmeni_socket_refuse(int listener) {
    int result = set_number(listener, SOL_SOCKET, SO_REUSEADDR, 0);
    if (result == 0 && shutdown(listener, SHUT_RD) < 0) { result = -errno; }
    return result;
}

int pelmeni_socket_listen_again(int listener, int backlog) {
    int result = set_number(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    return result < 0 ? result : pelmeni_socket_listen(listener, backlog);
}

int pelmeni_socket_accept(int listener, int nonblocking) {
    int descriptor;
    do {
        descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
    } while (descriptor < 0 && errno == EINTR);
    return descriptor < 0 ? -errno : descriptor;
}

int pelmeni_socket_connect(int socket, const void *address, socklen_t length) {
    if (connect(socket, address, length) == 0) { return 0; }
    // An interrupted connect continues by itself, and a second call would only return EALREADY.
    return errno == EINTR ? -EINPROGRESS : -errno;
}

int pelmeni_socket_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0) { return -errno; }
    return -error;
}

int pelmeni_socket_nonblocking(int socket, int on) {
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0) { return -errno; }
    int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (wanted == flags) { return 0; }
    return fcntl(socket, F_SETFL, wanted) < 0 ? -errno : 0;
}

int pelmeni_socket_name(int socket, void *address, socklen_t *length) {
    return getsockname(socket, address, length) < 0 ? -errno : 0;
}

int pelmeni_socket_peer_name(int socket, void *address, socklen_t *length) {
    return getpeername(socket, address, length) < 0 ? -errno : 0;
}

int pelmeni_socket_reaches_itself(int socket, uint16_t port) {
    // Of sockaddr_in and sockaddr_in6 alike the port stands behind the family.
    struct sockaddr_in6 own = {0}, peer = {0};
    socklen_t own_length = sizeof own, peer_length = sizeof peer;
    if (getsockname(socket, (struct sockaddr *)&own, &own_length) < 0) return 0;
    if (own.sin6_port != htons(port)) return 0;
    if (getpeername(socket, (struct sockaddr *)&peer, &peer_length) < 0) return 0;
    return own_length == peer_length && memcmp(&own, &peer, own_length) == 0;
}

ssize_t pelmeni_socket_receive(int socket, void *data, size_t length) {
    long count;
    do {
        count = pelmeni_syscall(SYS_recvfrom, socket, (long)data, (long)length, MSG_DONTWAIT, 0, 0);
    } while (count == -EINTR);
    return count;
}

ssize_t pelmeni_socket_receive_message(int socket, void *data, size_t length, int *has_descriptors) {
    struct iovec piece = {.iov_base = data, .iov_len = length};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    long count;
    do {
        count = pelmeni_syscall(SYS_recvmsg, socket, (long)&message, MSG_DONTWAIT, 0, 0, 0);
    } while (count == -EINTR);
    *has_descriptors = count > 0 && (message.msg_flags & MSG_CTRUNC);
    return count;
}

ssize_t pelmeni_socket_send(int socket, const void *data, size_t length) {
    long count;
    do {
        count = pelmeni_syscall(SYS_sendto, socket, (long)data, (long)length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    } while (count == -EINTR);
    return count;
}

ssize_t pelmeni_socket_send_gathered(int socket, const struct iovec *pieces, int count) {
    if (count < 0) { return -EINVAL; }
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count};
    long sent;
    do {
        sent = pelmeni_syscall(SYS_sendmsg, socket, (long)&message, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0, 0);
    } while (sent == -EINTR);
    return sent;
}

int pelmeni_socket_shutdown_write(int socket) {
    return shutdown(socket, SHUT_WR) < 0 ? -errno : 0;
}

int pelmeni_socket_shutdown_both(int socket) {
    return shutdown(socket, SHUT_RDWR) < 0 ? -errno : 0;
}

int pelmeni_socket_close(int socket) {
    // Linux has freed the descriptor when close(2) returns EINTR: a second close could hit another file.
    return close(socket) < 0 && errno != EINTR ? -errno : 0;
}

int pelmeni_socket_close_reset(int socket) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    int result = setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now) < 0 ? -errno : 0;
    int closed = pelmeni_socket_close(socket);
    return closed < 0 ? closed : result;
}

int64_t pelmeni_socket_outstanding(int socket) {
    int bytes = 0;
    return ioctl(socket, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

int64_t pelmeni_socket_send_buffer(int socket) {
    int bytes = 0;
    socklen_t length = sizeof bytes;
    return getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, &length) < 0 ? -errno : bytes;
}

int64_t pelmeni_socket_acknowledged(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) { return -errno; }
    // Kernels before 4.1, and systems that only resemble Linux, return a shorter record.
    size_t needed = offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
    return length < needed ? -ENOSYS : (int64_t)info.tcpi_bytes_acked;
}

int64_t pelmeni_socket_sent_milliseconds_ago(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ? -errno : (int64_t)info.tcpi_last_data_sent;
}

int pelmeni_socket_gone(int socket) {
    enum { closed = 7 }; // TCP_CLOSE, which only <netinet/tcp.h> names
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) { return -errno; }
    return info.tcpi_state == closed;
}

// SIOCINQ counts up to an urgent byte, and is 0 at one (tcp(7)).
int pelmeni_socket_unread(int socket) {
    int bytes = 0;
    int is_at_mark = 0;
    return (ioctl(socket, SIOCINQ, &bytes) == 0 && bytes > 0) ||
           (ioctl(socket, SIOCATMARK, &is_at_mark) == 0 && is_at_mark);
}

// poll(2) leaves the error for the next receive; SO_ERROR would clear it.
static int has_event(int socket, short events) {
    struct pollfd asked = {.fd = socket, .events = (short)(POLLRDHUP | (events & (POLLIN | POLLPRI)))};
    int count;
    do {
        count = poll(&asked, 1, 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0) { return -errno; }
    return asked.revents & POLLNVAL ? -EBADF : (asked.revents & events) != 0;
}

int pelmeni_socket_broken(int socket) { return has_event(socket, POLLERR); }

int pelmeni_socket_over(int socket) { return has_event(socket, POLLERR | POLLHUP | POLLRDHUP); }

int pelmeni_socket_stirs(int socket) {
    return has_event(socket, POLLIN | POLLPRI | POLLERR | POLLHUP | POLLRDHUP);
}

// Blocking on purpose: io_uring completes a read of a non-blocking eventfd with EAGAIN instead of waiting. No call here
// can block all the same, see pelmeni_event_take; a write waits only at 2^64 - 2 signals.
int pelmeni_event_create(void) {
    int event = eventfd(0, EFD_CLOEXEC);
    return event < 0 ? -errno : event;
}

int pelmeni_event_signal(int event) {
    uint64_t one = 1;
    ssize_t count;
    do {
        count = write(event, &one, sizeof one);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}

// 1 when there was a signal, otherwise 0.
int pelmeni_event_take(int event) {
    uint64_t value = 0;
    struct iovec piece = {.iov_base = &value, .iov_len = sizeof value};
    ssize_t count;
    do {
        count = preadv2(event, &piece, 1, -1, RWF_NOWAIT); // an eventfd knows RWF_NOWAIT since 5.8
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
        struct pollfd readable = {.fd = event, .events = POLLIN};
        if (poll(&readable, 1, 0) <= 0) { return 0; }
        count = read(event, &value, sizeof value);
    }
    if (count < 0) { return errno == EAGAIN ? 0 : -errno; }
    return 1;
}

int pelmeni_timer_create(void) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return timer < 0 ? -errno : timer;
}

int pelmeni_timer_set(int timer, uint64_t deadline) {
    struct itimerspec time = {.it_value = {.tv_sec = (time_t)(deadline / 1000000000),
                                           .tv_nsec = (long)(deadline % 1000000000)}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL) < 0 ? -errno : 0;
}

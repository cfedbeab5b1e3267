#ifndef PELMENI_SOCKET_H
#define PELMENI_SOCKET_H

#include <features.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

// Every call returns a descriptor, a count or 0, or -errno. Sockets are close-on-exec.

typedef struct {
    int32_t no_delay;                  // TCP_NODELAY
    int32_t keep_alive_seconds;        // SO_KEEPALIVE with TCP_KEEPIDLE; 0 is off
    uint32_t user_timeout_milliseconds; // TCP_USER_TIMEOUT; 0 is the kernel's own
    int32_t only_v6;                   // -1: leave; 0: dual stack; 1: IPv6 only
    int32_t urgent_in_line;            // SO_OOBINLINE: an urgent byte stays in the stream; Unix sockets too
    int32_t receive_buffer;            // as pelmeni_socket_resize
    int32_t send_buffer;
} pelmeni_socket_options;

int pelmeni_socket_open(int family, int nonblocking);
int pelmeni_socket_configure(int socket, int family, const pelmeni_socket_options *options);
// SO_RCVBUF and SO_SNDBUF in bytes of payload; 0 leaves a buffer to the kernel. Beyond net.core.rmem_max and wmem_max
// only with CAP_NET_ADMIN. Before a bind or a connect: TCP derives its window scale from the receive buffer (tcp(7)).
void pelmeni_socket_resize(int socket, int receive, int send);
int pelmeni_socket_room(int socket, int32_t *receive, int32_t *send); // what they are
int pelmeni_socket_bind(int socket, const void *address, socklen_t length, int reuse_address);
int pelmeni_socket_share_port(int socket); // SO_REUSEPORT
int pelmeni_socket_listen(int socket, int backlog);
// Of a TCP listener on a port that was named when it was bound, with SO_REUSEADDR and SO_REUSEPORT: connects are
// refused, and those in its backlog reset, until it listens again. The port stays its own.
int pelmeni_socket_refuse(int listener);
int pelmeni_socket_listen_again(int listener, int backlog);
int pelmeni_socket_accept(int listener, int nonblocking);
int pelmeni_socket_connect(int socket, const void *address, socklen_t length); // -EINPROGRESS is usual
int pelmeni_socket_error(int socket);                                          // SO_ERROR as -errno, or 0
int pelmeni_socket_nonblocking(int socket, int on);
int pelmeni_socket_name(int socket, void *address, socklen_t *length);
int pelmeni_socket_peer_name(int socket, void *address, socklen_t *length);
// 1 when the socket is connected to itself; `port` is the one that it was connected to
int pelmeni_socket_reaches_itself(int socket, uint16_t port);
ssize_t pelmeni_socket_receive(int socket, void *data, size_t length);            // never blocks
// The same for a Unix stream. Descriptors that come with the bytes (SCM_RIGHTS) find no room: the kernel closes them.
ssize_t pelmeni_socket_receive_message(int socket, void *data, size_t length, int *has_descriptors);
ssize_t pelmeni_socket_send(int socket, const void *data, size_t length);         // never blocks, no SIGPIPE
ssize_t pelmeni_socket_send_gathered(int socket, const struct iovec *pieces, int count);
int pelmeni_socket_shutdown_write(int socket);
int pelmeni_socket_shutdown_both(int socket);
int pelmeni_socket_close(int socket);
int pelmeni_socket_close_reset(int socket);    // SO_LINGER {1, 0}, then close
// SIOCOUTQ: bytes that the other side has not acknowledged; on a Unix socket, memory of bytes that its receivers have
// not read
int64_t pelmeni_socket_outstanding(int socket);
int64_t pelmeni_socket_send_buffer(int socket); // SO_SNDBUF, as the kernel counts it
int64_t pelmeni_socket_acknowledged(int socket); // TCP_INFO bytes_acked; -errno where there is none
int64_t pelmeni_socket_sent_milliseconds_ago(int socket); // TCP_INFO last_data_sent; -errno where there is none
// 1 when a TCP connection is over: TCP_INFO, TCP_CLOSE; not after an end in order
int pelmeni_socket_gone(int socket);
// 1 when an end, a reset or another error is pending: poll(2), POLLRDHUP, POLLHUP or POLLERR
int pelmeni_socket_over(int socket);
int pelmeni_socket_stirs(int socket); // 1 when anything came: bytes, an end or an error
int pelmeni_socket_unread(int socket); // 1 when bytes, or an urgent one and what is behind it, wait to be received
int pelmeni_socket_broken(int socket); // 1 when an error such as a reset is pending: poll(2), POLLERR
int pelmeni_event_create(void);                  // eventfd, non-blocking where used with epoll
int pelmeni_event_signal(int event);
int pelmeni_event_take(int event);

// A timerfd on the monotonic clock. `deadline` is in nanoseconds since that clock's start; 0 disarms it.
int pelmeni_timer_create(void);
int pelmeni_timer_set(int timer, uint64_t deadline);

#endif

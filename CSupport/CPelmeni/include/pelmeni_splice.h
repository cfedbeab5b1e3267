#ifndef PELMENI_SPLICE_H
#define PELMENI_SPLICE_H

#include <stddef.h>
#include <stdint.h>

// Moves bytes from one socket to another through a kernel pipe: its pages change hands, and nothing is copied.

// Both ends never block. 0, or -errno; -EPERM too when the user's pipes hold so many pages that this one would be tiny
// (pipe(7), pipe-user-pages-soft).
int pelmeni_pipe_open(int *fill, int *drain, int bytes);

typedef struct {
    int64_t received; // bytes that left the first socket
    int64_t sent;     // bytes that the second one took
    int32_t receive_error; // -EAGAIN: nothing is left to receive; another -errno; or 0
    int32_t send_error;    // -EAGAIN: the second socket is full; another -errno; or 0
    int32_t is_ended;      // the first socket's stream has ended
    int32_t needs_receive; // -EAGAIN though there are bytes, which only recv(2) gets at: an urgent one is next
                           // (tcp(7)), or the kernel had no page for a pipe's place
} pelmeni_spliced;

// Empties the pipe, which holds `inside` bytes, into `to`; then fills and empties it in turn until one side has no
// more, or `most` bytes were received. A pipe with bytes is never filled, so -EAGAIN always means the socket. Before an
// urgent byte splice(2) returns -EAGAIN, and 0 once an end came behind that byte (measured on 6.18), so neither result
// is trusted.
//
//   from         -1: the pipe is only emptied
//   is_blocking  the sockets are in blocking mode. A splice goes by the socket's mode alone (splice(2):
//                SPLICE_F_NONBLOCK is the pipe's), so they are switched for the time of the call.
//
// splice(2) has no MSG_NOSIGNAL: a stream without a reader raises SIGPIPE on the thread, which must block it, as all
// threads of the engine do.
pelmeni_spliced pelmeni_splice(int from, int to, int fill, int drain, size_t inside, size_t most, int is_blocking);

#endif

#define _GNU_SOURCE
#include "pelmeni_splice.h"
#include "pelmeni_socket.h"
#include "pelmeni_syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int pelmeni_pipe_open(int *fill, int *drain, int bytes) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
    // Refused over the user's soft limit of pages; the default 64 KiB of a pipe do too.
    fcntl(ends[1], F_SETPIPE_SZ, bytes);
    int capacity = fcntl(ends[1], F_GETPIPE_SZ);
    if (capacity < 64 << 10) {
        close(ends[0]);
        close(ends[1]);
        return -EPERM;
    }
    *fill = ends[1];
    *drain = ends[0];
    return 0;
}

static long splice_once(int from, int to, size_t most) {
    long moved;
    do {
        moved = pelmeni_syscall(SYS_splice, from, 0, to, 0, (long)most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    } while (moved == -EINTR);
    return moved;
}

static void move(pelmeni_spliced *it, int from, int to, int fill, int drain, size_t inside, size_t most) {
    int is_again = 0;
    for (;;) {
        while (inside > 0) {
            long sent = splice_once(drain, to, inside);
            if (sent <= 0) {
                it->send_error = sent < 0 ? (int32_t)sent : -EAGAIN;
                return;
            }
            inside -= (size_t)sent;
            it->sent += sent;
        }
        if (from < 0 || it->received >= (int64_t)most) return;
        long received = splice_once(from, fill, most - (size_t)it->received);
        if (received <= 0) {
            int is_dry = received == 0 || received == -EAGAIN;
            if (is_dry && pelmeni_socket_unread(from)) {
                // The bytes may have come since; if not, splice does not take them.
                if (is_again) {
                    it->needs_receive = 1;
                    received = -EAGAIN;
                } else {
                    is_again = 1;
                    continue;
                }
            }
            it->receive_error = (int32_t)received;
            it->is_ended = received == 0;
            return;
        }
        is_again = 0;
        inside = (size_t)received;
        it->received += received;
    }
}

// A socket has no other status flags that F_SETFL could change.
static void set_blocking(int socket, int is_blocking) {
    if (socket >= 0) pelmeni_syscall(SYS_fcntl, socket, F_SETFL, O_RDWR | (is_blocking ? 0 : O_NONBLOCK), 0, 0, 0);
}

pelmeni_spliced pelmeni_splice(int from, int to, int fill, int drain, size_t inside, size_t most, int is_blocking) {
    pelmeni_spliced it = {0};
    if (is_blocking) {
        set_blocking(from, 0);
        set_blocking(to, 0);
    }
    move(&it, from, to, fill, drain, inside, most);
    if (is_blocking) {
        set_blocking(from, 1);
        set_blocking(to, 1);
    }
    return it;
}

#define _GNU_SOURCE
#include "pelmeni_batch.h"
#include "pelmeni_socket.h"
#include "pelmeni_syscall.h"

#include <linux/aio_abi.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct pelmeni_batch {
    aio_context_t context; // 0: none
    int refusal;
    struct iocb writes[PELMENI_BATCH_WRITES];
    struct iocb *order[PELMENI_BATCH_WRITES];
    struct io_event events[PELMENI_BATCH_WRITES];
};

// A socket connected to itself.
static int open_loop(void) {
    int own = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (own < 0) return -errno;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    if (bind(own, (struct sockaddr *)&here, length) < 0 || getsockname(own, (struct sockaddr *)&here, &length) < 0 ||
        connect(own, (struct sockaddr *)&here, length) < 0) {
        int error = -errno;
        close(own);
        return error;
    }
    return own;
}

// Whether two writes are complete when their submit returns, whole and in order. A sandbox may accept the calls but not
// write to sockets, or write later.
static int try_writes(pelmeni_batch *self, int own) {
    char sent[2] = {1, 2}, came[2] = {0, 0};
    for (int i = 0; i < 2; i++) pelmeni_batch_set(self, i, own, &sent[i], 1);
    long result = pelmeni_syscall(SYS_io_submit, (long)self->context, 2, (long)self->order, 0, 0, 0);
    if (result < 0) return (int)result;
    struct timespec at_once = {0, 0};
    result = pelmeni_syscall(SYS_io_getevents, (long)self->context, 0, 2, (long)self->events, (long)&at_once, 0);
    if (result < 0) return (int)result;
    if (result != 2) return -EOPNOTSUPP;
    for (int i = 0; i < 2; i++) {
        if (self->events[i].res != 1) return -EOPNOTSUPP;
        if (recv(own, &came[i], 1, MSG_DONTWAIT) != 1 || came[i] != sent[i]) return -EOPNOTSUPP;
    }
    return 0;
}

static int open_context(pelmeni_batch *self) {
    int own = open_loop();
    if (own < 0) return own;
    long result = pelmeni_syscall(SYS_io_setup, PELMENI_BATCH_WRITES, (long)&self->context, 0, 0, 0, 0);
    if (result < 0) self->context = 0;
    if (result == 0) result = try_writes(self, own);
    close(own);
    return (int)result;
}

static void close_context(pelmeni_batch *self) {
    if (self->context) pelmeni_syscall(SYS_io_destroy, (long)self->context, 0, 0, 0, 0, 0);
    self->context = 0;
}

pelmeni_batch *pelmeni_batch_create(int asks_kernel) {
    pelmeni_batch *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    for (int i = 0; i < PELMENI_BATCH_WRITES; i++) {
        self->writes[i].aio_lio_opcode = IOCB_CMD_PWRITE;
        self->writes[i].aio_data = (uint64_t)i;
        self->order[i] = &self->writes[i];
    }
    if (!asks_kernel) return self;
    self->refusal = open_context(self);
    if (self->refusal < 0) close_context(self);
    return self;
}

void pelmeni_batch_destroy(pelmeni_batch *self) {
    close_context(self);
    free(self);
}

int pelmeni_batch_refusal(const pelmeni_batch *self) { return self->refusal; }

void pelmeni_batch_set(pelmeni_batch *self, int index, int socket, const void *data, size_t length) {
    struct iocb *write = &self->writes[index];
    write->aio_fildes = (uint32_t)socket;
    write->aio_buf = (uint64_t)(uintptr_t)data;
    write->aio_nbytes = length;
}

static void write_alone(const pelmeni_batch *self, int index, int32_t *results) {
    const struct iocb *it = &self->writes[index];
    const void *data = (const void *)(uintptr_t)it->aio_buf;
    results[index] = (int32_t)pelmeni_socket_send((int)it->aio_fildes, data, it->aio_nbytes);
}

// The results of the `count` writes from `first` on. They are complete, so the call does not wait.
static void collect(pelmeni_batch *self, int first, long count, int32_t *results) {
    for (long i = 0; i < count; i++) results[first + i] = -EIO; // for those nothing is told of: there are none
    while (count > 0) {
        long came = pelmeni_syscall(SYS_io_getevents, (long)self->context, count, count, (long)self->events, 0, 0);
        if (came == -EINTR) continue;
        if (came <= 0) return;
        for (long i = 0; i < came; i++) results[self->events[i].data] = (int32_t)self->events[i].res;
        count -= came;
    }
}

void pelmeni_batch_write(pelmeni_batch *self, int count, int32_t *results) {
    int next = 0;
    // A single write is cheaper as a call of its own.
    while (self->context && count - next > 1) {
        long order = (long)(self->order + next);
        long taken = pelmeni_syscall(SYS_io_submit, (long)self->context, count - next, order, 0, 0, 0);
        if (taken > 0) {
            collect(self, next, taken, results);
            next += (int)taken;
            continue;
        }
        write_alone(self, next++, results); // refused before it was tried: no memory, or a bad descriptor
    }
    for (; next < count; next++) write_alone(self, next, results);
}

#ifndef PELMENI_BATCH_H
#define PELMENI_BATCH_H

#include <stddef.h>
#include <stdint.h>

// Writes to many sockets in one system call, over a kernel's asynchronous I/O (io_submit(2), Linux 2.6; not io_uring).
// A socket's write never waits there: it is complete when the call returns. Where the kernel or a filter of system
// calls lacks it, or its limit (fs.aio-max-nr) is reached, each write is a send(2) of its own, with the same results.
//
// The sockets must be non-blocking, and SIGPIPE blocked: a write cannot say MSG_NOSIGNAL.

enum { PELMENI_BATCH_WRITES = 64 };

typedef struct pelmeni_batch pelmeni_batch;

// NULL: no memory. Without `asks_kernel` every write is a call of its own.
pelmeni_batch *pelmeni_batch_create(int asks_kernel);
// Takes some 30 ms after a call to the kernel, which waits until no processor can be in a call of the context.
void pelmeni_batch_destroy(pelmeni_batch *batch);
// 0, or the -errno with which the kernel refused.
int pelmeni_batch_refusal(const pelmeni_batch *batch);

// The write at `index`. The bytes stay in place until pelmeni_batch_write.
void pelmeni_batch_set(pelmeni_batch *batch, int index, int socket, const void *data, size_t length);
// Makes the first `count` writes, in order; `results` gets bytes or -errno of each.
void pelmeni_batch_write(pelmeni_batch *batch, int count, int32_t *results);

#endif

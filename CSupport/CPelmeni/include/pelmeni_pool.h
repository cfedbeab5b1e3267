#ifndef PELMENI_POOL_H
#define PELMENI_POOL_H

#include <stdint.h>

// The pool of the calling thread: a block is taken and released by its worker alone. NULL elsewhere.
void *pelmeni_pool_of_thread(void);
void pelmeni_pool_set_thread(void *pool);

// Leases that other threads end: a list under a lock, which the worker empties.
typedef struct pelmeni_returns pelmeni_returns;

// NULL when memory runs out.
pelmeni_returns *pelmeni_returns_create(void);
// Adds a block. 1: the list has an owner. 0: the pool was given up, and others still hold blocks.
// -1: the pool was given up, and this was the last block: the caller frees both.
int pelmeni_returns_add(pelmeni_returns *returns, uint32_t block);
// Takes one block out, or UINT32_MAX.
uint32_t pelmeni_returns_take(pelmeni_returns *returns);
// Whether there is a block to take, without the lock.
int pelmeni_returns_pending(const pelmeni_returns *returns);
// The worker gives the pool up while others hold so many leases, those in the list included. 1: all of
// them came back, and the caller frees the pool.
int pelmeni_returns_give_up(pelmeni_returns *returns, int64_t leases);
void pelmeni_returns_free(pelmeni_returns *returns);

// Memory of a buffer that no block holds. Aborts without memory, as Swift's allocations do.
void *pelmeni_bytes_take(uint64_t bytes) __attribute__((returns_nonnull));
void pelmeni_bytes_give_back(void *bytes);

#endif

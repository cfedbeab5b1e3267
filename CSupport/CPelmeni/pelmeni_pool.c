#include "pelmeni_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Initial-exec: a load at a fixed offset of the thread pointer. The library is linked statically.
static __thread void *thread_pool __attribute__((tls_model("initial-exec")));

void *pelmeni_pool_of_thread(void) { return thread_pool; }

void pelmeni_pool_set_thread(void *pool) { thread_pool = pool; }

// Not inlined: the one place where a worker allocates and frees, for what hooks make and hold.
__attribute__((noinline)) void *pelmeni_bytes_take(uint64_t bytes) {
    void *memory = malloc(bytes);
    if (memory == NULL) { abort(); }
    return memory;
}

__attribute__((noinline)) void pelmeni_bytes_give_back(void *bytes) { free(bytes); }

struct pelmeni_returns {
    pthread_mutex_t lock;
    uint32_t *blocks;
    size_t capacity;
    size_t count; // read without the lock by pelmeni_returns_pending
    int is_given_up;
    int64_t outstanding; // leases still out, once given up
};

pelmeni_returns *pelmeni_returns_create(void) {
    pelmeni_returns *returns = calloc(1, sizeof *returns);
    if (returns != NULL) { pthread_mutex_init(&returns->lock, NULL); }
    return returns;
}

// Grows as memory of hooks does: a worker that copies a block of another one returns it here.
static void make_room(pelmeni_returns *returns) {
    if (returns->count < returns->capacity) { return; }
    size_t capacity = returns->capacity == 0 ? 64 : 2 * returns->capacity;
    uint32_t *blocks = pelmeni_bytes_take(capacity * sizeof *blocks);
    if (returns->blocks != NULL) {
        memcpy(blocks, returns->blocks, returns->count * sizeof *blocks);
        pelmeni_bytes_give_back(returns->blocks);
    }
    returns->blocks = blocks;
    returns->capacity = capacity;
}

int pelmeni_returns_add(pelmeni_returns *returns, uint32_t block) {
    int result = 1;
    pthread_mutex_lock(&returns->lock);
    if (returns->is_given_up) {
        returns->outstanding -= 1;
        result = returns->outstanding == 0 ? -1 : 0;
    } else {
        make_room(returns);
        returns->blocks[returns->count] = block;
        __atomic_store_n(&returns->count, returns->count + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&returns->lock);
    return result;
}

uint32_t pelmeni_returns_take(pelmeni_returns *returns) {
    uint32_t block = UINT32_MAX;
    pthread_mutex_lock(&returns->lock);
    if (returns->count > 0) {
        block = returns->blocks[returns->count - 1];
        __atomic_store_n(&returns->count, returns->count - 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&returns->lock);
    return block;
}

int pelmeni_returns_pending(const pelmeni_returns *returns) {
    return __atomic_load_n(&returns->count, __ATOMIC_ACQUIRE) > 0;
}

int pelmeni_returns_give_up(pelmeni_returns *returns, int64_t leases) {
    pthread_mutex_lock(&returns->lock);
    returns->is_given_up = 1;
    returns->outstanding = leases - (int64_t)returns->count;
    int is_over = returns->outstanding == 0;
    pthread_mutex_unlock(&returns->lock);
    return is_over;
}

void pelmeni_returns_free(pelmeni_returns *returns) {
    pthread_mutex_destroy(&returns->lock);
    if (returns->blocks != NULL) { pelmeni_bytes_give_back(returns->blocks); }
    pelmeni_bytes_give_back(returns);
}

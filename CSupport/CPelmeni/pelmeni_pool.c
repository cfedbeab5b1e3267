#include "pelmeni_pool.h"
#include "pelmeni_socket.h"

#include <pthread.h>
#include <stdlib.h>

// Initial-exec: a load at a fixed offset of the thread pointer. The library is linked statically.
static __thread void *thread_pool __attribute__((tls_model("initial-exec")));

void *pelmeni_pool_of_thread(void) { return thread_pool; }

void pelmeni_pool_set_thread(void *pool) { thread_pool = pool; }

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

static int has_room(pelmeni_returns *returns) {
    if (returns->count < returns->capacity) { return 1; }
    size_t capacity = returns->capacity == 0 ? 64 : 2 * returns->capacity;
    uint32_t *blocks = realloc(returns->blocks, capacity * sizeof *blocks);
    if (blocks == NULL) { return 0; }
    returns->blocks = blocks;
    returns->capacity = capacity;
    return 1;
}

int pelmeni_returns_add(pelmeni_returns *returns, uint32_t block) {
    int result = 1;
    pthread_mutex_lock(&returns->lock);
    if (returns->is_given_up) {
        returns->outstanding -= 1;
        result = returns->outstanding == 0 ? -1 : 0;
    } else {
        if (!has_room(returns)) { abort(); }
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
    free(returns->blocks);
    free(returns);
}

// Not inlined: the one place where a worker allocates and frees, for what hooks make and hold.
__attribute__((noinline)) void *pelmeni_bytes_take(uint64_t bytes) {
    void *memory = malloc(bytes);
    if (memory == NULL) { abort(); }
    return memory;
}

__attribute__((noinline)) void pelmeni_bytes_give_back(void *bytes) { free(bytes); }

typedef struct answer_node {
    pelmeni_answer answer;
    struct answer_node *next;
} answer_node;

struct pelmeni_answers {
    pthread_mutex_t lock;
    answer_node *first, *last;
    int64_t count; // read without the lock by pelmeni_answers_pending
    int is_closed;
    int event;
};

pelmeni_answers *pelmeni_answers_create(int event) {
    pelmeni_answers *answers = calloc(1, sizeof *answers);
    if (answers == NULL) { abort(); }
    pthread_mutex_init(&answers->lock, NULL);
    answers->event = event;
    return answers;
}

int pelmeni_answers_add(pelmeni_answers *answers, const pelmeni_answer *answer) {
    answer_node *node = pelmeni_bytes_take(sizeof *node);
    node->answer = *answer;
    node->next = NULL;
    pthread_mutex_lock(&answers->lock);
    int is_open = !answers->is_closed;
    if (is_open) {
        if (answers->last == NULL) { answers->first = node; } else { answers->last->next = node; }
        answers->last = node;
        __atomic_store_n(&answers->count, answers->count + 1, __ATOMIC_RELEASE);
        // Under the lock: the descriptor is open until the queue is closed.
        if (answers->event >= 0) { (void)pelmeni_event_signal(answers->event); }
    }
    pthread_mutex_unlock(&answers->lock);
    if (!is_open) { pelmeni_bytes_give_back(node); }
    return is_open;
}

int pelmeni_answers_take(pelmeni_answers *answers, pelmeni_answer *answer) {
    pthread_mutex_lock(&answers->lock);
    answer_node *node = answers->first;
    if (node != NULL) {
        answers->first = node->next;
        if (answers->first == NULL) { answers->last = NULL; }
        __atomic_store_n(&answers->count, answers->count - 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&answers->lock);
    if (node == NULL) { return 0; }
    *answer = node->answer;
    pelmeni_bytes_give_back(node);
    return 1;
}

int pelmeni_answers_pending(const pelmeni_answers *answers) {
    return __atomic_load_n(&answers->count, __ATOMIC_ACQUIRE) > 0;
}

void pelmeni_answers_close(pelmeni_answers *answers) {
    pthread_mutex_lock(&answers->lock);
    answers->is_closed = 1;
    pthread_mutex_unlock(&answers->lock);
}

void pelmeni_answers_free(pelmeni_answers *answers) {
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

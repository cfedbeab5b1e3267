#include "pelmeni_answers.h"
#include "pelmeni_pool.h"
#include "pelmeni_socket.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct answer_node {
    pelmeni_answer answer;
    struct answer_node *next;
} answer_node;

typedef struct job_entry {
    void *job;
    void *executor;
} job_entry;

// First in, first out: a ring of entries.
typedef struct job_list {
    job_entry *entries;
    size_t capacity, first;
    size_t count; // of the remote list, read without the lock
} job_list;

struct pelmeni_answers {
    pthread_mutex_t lock;
    answer_node *first, *last;
    size_t count; // read without the lock
    job_list remote;
    job_list local; // of the worker's thread alone
    pelmeni_job_runner runner;
    void *context;
    int is_closed;
    int event;
};

static __thread pelmeni_answers *thread_answers __attribute__((tls_model("initial-exec")));

pelmeni_answers *pelmeni_answers_create(int event, pelmeni_job_runner runner, void *context) {
    pelmeni_answers *answers = calloc(1, sizeof *answers);
    if (answers == NULL) { abort(); }
    pthread_mutex_init(&answers->lock, NULL);
    answers->event = event;
    answers->runner = runner;
    answers->context = context;
    return answers;
}

void pelmeni_answers_set_thread(pelmeni_answers *answers) { thread_answers = answers; }

int pelmeni_answers_pending(const pelmeni_answers *answers) {
    return answers->local.count > 0 || __atomic_load_n(&answers->count, __ATOMIC_ACQUIRE) > 0
        || __atomic_load_n(&answers->remote.count, __ATOMIC_ACQUIRE) > 0;
}

// Under the lock: the descriptor is open until the queue is closed. The worker empties a queue after
// each signal, or looks again by itself, so that only the first entry needs one.
static void wake(pelmeni_answers *answers, int is_first) {
    if (is_first && answers->event >= 0 && thread_answers != answers) {
        (void)pelmeni_event_signal(answers->event);
    }
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
        wake(answers, answers->count == 1);
    }
    pthread_mutex_unlock(&answers->lock);
    if (!is_open) { pelmeni_bytes_give_back(node); }
    return is_open;
}

int pelmeni_answers_take(pelmeni_answers *answers, pelmeni_answer *answer) {
    if (__atomic_load_n(&answers->count, __ATOMIC_ACQUIRE) == 0) { return 0; }
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

static void append(job_list *list, job_entry entry) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        job_entry *entries = pelmeni_bytes_take(capacity * sizeof *entries);
        for (size_t index = 0; index < list->count; index += 1) {
            entries[index] = list->entries[(list->first + index) % list->capacity];
        }
        if (list->entries != NULL) { pelmeni_bytes_give_back(list->entries); }
        list->entries = entries;
        list->capacity = capacity;
        list->first = 0;
    }
    list->entries[(list->first + list->count) % list->capacity] = entry;
    __atomic_store_n(&list->count, list->count + 1, __ATOMIC_RELEASE);
}

static int pop(job_list *list, job_entry *entry) {
    if (list->count == 0) { return 0; }
    *entry = list->entries[list->first];
    list->first = (list->first + 1) % list->capacity;
    __atomic_store_n(&list->count, list->count - 1, __ATOMIC_RELEASE);
    return 1;
}

int pelmeni_jobs_add(pelmeni_answers *answers, void *job, void *executor) {
    job_entry entry = {job, executor};
    if (thread_answers == answers) {
        append(&answers->local, entry);
        return 1;
    }
    pthread_mutex_lock(&answers->lock);
    int is_open = !answers->is_closed;
    if (is_open) {
        append(&answers->remote, entry);
        wake(answers, answers->remote.count == 1);
    }
    pthread_mutex_unlock(&answers->lock);
    return is_open;
}

static void fetch_remote(pelmeni_answers *answers) {
    if (__atomic_load_n(&answers->remote.count, __ATOMIC_ACQUIRE) == 0) { return; }
    pthread_mutex_lock(&answers->lock);
    job_entry entry;
    while (pop(&answers->remote, &entry)) { append(&answers->local, entry); }
    pthread_mutex_unlock(&answers->lock);
}

// Not inlined: the one place where a worker runs jobs of tasks.
__attribute__((noinline)) void pelmeni_jobs_run(pelmeni_answers *answers) {
    fetch_remote(answers);
    job_entry entry;
    for (size_t left = answers->local.count; left > 0 && pop(&answers->local, &entry); left -= 1) {
        answers->runner(answers->context, entry.job, entry.executor);
    }
}

int pelmeni_jobs_take(pelmeni_answers *answers, void **job, void **executor) {
    fetch_remote(answers);
    job_entry entry;
    if (!pop(&answers->local, &entry)) { return 0; }
    *job = entry.job;
    *executor = entry.executor;
    return 1;
}

void pelmeni_answers_close(pelmeni_answers *answers) {
    pthread_mutex_lock(&answers->lock);
    answers->is_closed = 1;
    pthread_mutex_unlock(&answers->lock);
}

static void free_list(job_list *list) {
    if (list->entries != NULL) { pelmeni_bytes_give_back(list->entries); }
}

void pelmeni_answers_free(pelmeni_answers *answers) {
    free_list(&answers->remote);
    free_list(&answers->local);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

#ifndef PELMENI_ANSWERS_H
#define PELMENI_ANSWERS_H

#include <stdint.h>

// The answer of an asynchronous hook: a verdict, and the fields of a buffer.
typedef struct pelmeni_answer {
    uint64_t number;
    uint8_t verdict;
    uint8_t has_row;
    uint8_t reason_count;
    uint32_t block;
    void *start;
    void *pool;
    int64_t count;
    int64_t headroom;
    int64_t tailroom;
    uint8_t reason[200];
} pelmeni_answer;

// The way of asynchronous hooks to one worker: their answers, and the jobs of their tasks.
typedef struct pelmeni_answers pelmeni_answers;

// Runs a job on the worker's thread, for an executor; the executor's reference is the runner's.
typedef void (*pelmeni_job_runner)(void *context, void *job, void *executor);

// `event` is signalled when another thread adds to an empty queue; negative is none. Aborts without
// memory.
pelmeni_answers *pelmeni_answers_create(int event, pelmeni_job_runner runner, void *context)
    __attribute__((returns_nonnull));
// The calling thread is the worker's: what it adds itself needs no signal. NULL: it is no worker's.
void pelmeni_answers_set_thread(pelmeni_answers *answers);
// Whether there is an answer or a job to take, without the lock. On the worker's thread.
int pelmeni_answers_pending(const pelmeni_answers *answers);

// Adds an answer; 0 when the queue is closed.
int pelmeni_answers_add(pelmeni_answers *answers, const pelmeni_answer *answer);
// Takes the oldest answer; 0 when there is none.
int pelmeni_answers_take(pelmeni_answers *answers, pelmeni_answer *answer);

// Adds a job; 0 when the queue is closed. The queue takes over a reference of the executor.
int pelmeni_jobs_add(pelmeni_answers *answers, void *job, void *executor);
// Runs the jobs that are there now, and not those that they add. On the worker's thread.
void pelmeni_jobs_run(pelmeni_answers *answers);
// Takes a job that will not be run, once the queue is closed; 0 when there is none.
int pelmeni_jobs_take(pelmeni_answers *answers, void **job, void **executor);

// The worker has ended: nothing is added any more.
void pelmeni_answers_close(pelmeni_answers *answers);
void pelmeni_answers_free(pelmeni_answers *answers);

#endif

#ifndef PELMENI_COUNTER_H
#define PELMENI_COUNTER_H

#include <stdint.h>

// A counter has one writing thread and any number of readers: a relaxed load and store, plain moves on
// every machine, is enough; a locked add is not needed.
static inline __attribute__((always_inline)) void pelmeni_counter_add(uint64_t *counter, uint64_t amount) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

static inline __attribute__((always_inline)) void pelmeni_counter_set(uint64_t *counter, uint64_t value) {
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline __attribute__((always_inline)) uint64_t pelmeni_counter_get(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

// For a number that several workers change: the open sessions of a pair. Returns the value after the change.
static inline __attribute__((always_inline)) int64_t pelmeni_shared_add(int64_t *counter, int64_t amount) {
    return __atomic_add_fetch(counter, amount, __ATOMIC_RELAXED);
}

static inline __attribute__((always_inline)) int64_t pelmeni_shared_get(const int64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif

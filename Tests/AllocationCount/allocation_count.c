#include "allocation_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

// The C library's own, by the names that it has besides.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

// Without a function behind it, which might allocate.
static _Thread_local _Bool is_marked __attribute__((tls_model("initial-exec")));
static atomic_ulong allocations;

static void note(void) {
    if (is_marked) atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

void allocation_count_mark(void) { is_marked = 1; }

unsigned long allocation_count(void) {
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}

// A sanitizer has replacements of its own.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    note();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **place, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (!memory) return ENOMEM;
    *place = memory;
    return 0;
}

#endif

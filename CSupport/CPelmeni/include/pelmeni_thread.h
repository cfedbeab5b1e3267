#ifndef PELMENI_THREAD_H
#define PELMENI_THREAD_H

#include <features.h>
#include <stdint.h>

uint64_t pelmeni_monotonic_nanoseconds(void);
int pelmeni_thread_name(const char *name);            // of the calling thread, 15 bytes
int pelmeni_thread_pin(int processor);                // the calling thread; 0 or -errno
int pelmeni_thread_clock(uint64_t thread, int32_t *clock); // CPU clock of a pthread_t
int64_t pelmeni_clock_nanoseconds(int32_t clock);
int pelmeni_usable_processors(int32_t *list, int capacity); // the affinity mask: how many, and which
int pelmeni_quota_processors(void);                   // cgroup CPU quota rounded up, v2 or v1; 0: no quota
int pelmeni_descriptor_limit(uint64_t *soft, uint64_t *hard);
int pelmeni_descriptor_limit_raise(void);             // soft to hard; 0 or -errno
int pelmeni_descriptors_open(void);                   // open descriptors of the process, or -errno
void *pelmeni_memory_map(uint64_t bytes);             // zeroed, page-aligned, touched on demand; NULL on failure
void pelmeni_memory_unmap(void *memory, uint64_t bytes);
// Zeros again, and no memory until touched. The kernel rounds the end up: what else is in the last page is lost too.
void pelmeni_memory_discard(void *memory, uint64_t bytes);
uint64_t pelmeni_page_bytes(void);

#endif

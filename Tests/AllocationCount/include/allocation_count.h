#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

// Counts the allocations of marked threads: a program that links this has malloc and its kin
// replaced by those of the C library with a counter before them.

// From now on the calling thread's allocations are counted.
void allocation_count_mark(void);

// Allocations of all marked threads so far.
unsigned long allocation_count(void);

#endif

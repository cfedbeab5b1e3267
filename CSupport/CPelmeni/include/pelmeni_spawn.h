#ifndef PELMENI_SPAWN_H
#define PELMENI_SPAWN_H

#include <features.h>

// What Swift cannot import of posix_spawn(3): the calls stand behind _GNU_SOURCE.

// Closes every descriptor from `first` on in the child, at this place among its actions, a posix_spawn_file_actions_t.
// 0 or -errno. A C library without that action (glibc before 2.34) is told to close those that are open now.
int pelmeni_spawn_close_from(void *actions, int first);

// A pipe, its reading end first, whose ends are close-on-exec from the start: no child that another thread starts
// meanwhile gets one. 0 or -errno.
int pelmeni_spawn_pipe(int ends[2]);

#endif

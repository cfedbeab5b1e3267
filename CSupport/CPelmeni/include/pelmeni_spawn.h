#ifndef PELMENI_SPAWN_H
#define PELMENI_SPAWN_H

#include <features.h>

// The parts of posix_spawn(3) that Swift cannot import: the calls stand behind _GNU_SOURCE.

// Closes every descriptor from `first` on in the child, at this place among its actions, a posix_spawn_file_actions_t.
// 0 or -errno. Without that action (glibc before 2.34) it closes the descriptors that are open now.
int pelmeni_spawn_close_from(void *actions, int first);

// A pipe, reading end first, close-on-exec from its creation: no child that another thread starts meanwhile gets an
// end. 0 or -errno.
int pelmeni_spawn_pipe(int ends[2]);

#endif

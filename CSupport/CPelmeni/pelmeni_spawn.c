#define _GNU_SOURCE
#include "pelmeni_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)

int pelmeni_spawn_close_from(void *actions, int first) {
    return -posix_spawn_file_actions_addclosefrom_np(actions, first);
}

#else

#include <dirent.h>
#include <stdlib.h>

int pelmeni_spawn_close_from(void *actions, int first) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) { return -errno; }
    int error = 0;
    struct dirent *entry;
    while (error == 0 && (entry = readdir(folder)) != NULL) {
        char *end;
        long descriptor = strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || *end != '\0' || descriptor < first) { continue; }
        // The descriptor of the folder itself is closed by then, which is no error:
        // posix_spawn_file_actions_addclose(3).
        error = posix_spawn_file_actions_addclose(actions, (int)descriptor);
    }
    closedir(folder);
    return -error;
}

#endif

int pelmeni_spawn_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
}

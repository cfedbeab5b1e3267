#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "include/pelmeni_file.h"

enum { LOCK_TICK_MILLISECONDS = 5, FCHMODAT2 = 452 }; // the call's number is the same everywhere

int pelmeni_folder_lock(const char *folder, int patience_milliseconds) {
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) { return -errno; }
    for (int waited = 0;; waited += LOCK_TICK_MILLISECONDS) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) { return descriptor; }
        int error = errno;
        if (error != EINTR && (error != EWOULDBLOCK || waited >= patience_milliseconds)) {
            close(descriptor);
            return -error;
        }
        struct timespec tick = {0, LOCK_TICK_MILLISECONDS * 1000000L};
        nanosleep(&tick, NULL);
    }
}

void pelmeni_folder_unlock(int descriptor) {
    flock(descriptor, LOCK_UN);
    close(descriptor);
}

int pelmeni_file_hold(const char *path) {
    int descriptor = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int pelmeni_file_is_socket(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

int pelmeni_file_is_same(int descriptor, const char *path) {
    struct stat held;
    struct stat there;
    return fstat(descriptor, &held) == 0 && lstat(path, &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

int pelmeni_file_mode(int descriptor, unsigned int mode) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) { return -errno; }
    if ((status.st_mode & 07777) == mode) { return 0; }
    if (syscall(FCHMODAT2, descriptor, "", mode, AT_EMPTY_PATH) == 0) { return 0; }
    // Before 6.6, or under a filter that does not know the call (ENOSYS or EPERM): the link of an open descriptor leads
    // to the file itself, whatever its name refers to now.
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    return chmod(link, (mode_t)mode) == 0 ? 0 : -errno;
}

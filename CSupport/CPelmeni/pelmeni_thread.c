#define _GNU_SOURCE
#include "pelmeni_thread.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PROCESSORS = 1 << 16 };

uint64_t pelmeni_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int pelmeni_thread_name(const char *name) {
    char kept[16] = {0}; // the kernel refuses a longer one instead of cutting it
    strncpy(kept, name, sizeof kept - 1);
    return -pthread_setname_np(pthread_self(), kept);
}

int pelmeni_thread_pin(int processor) {
    if (processor < 0 || processor >= MOST_PROCESSORS) { return -EINVAL; }
    cpu_set_t *set = CPU_ALLOC((size_t)processor + 1);
    if (set == NULL) { return -ENOMEM; }
    size_t bytes = CPU_ALLOC_SIZE((size_t)processor + 1);
    CPU_ZERO_S(bytes, set);
    CPU_SET_S((size_t)processor, bytes, set);
    int result = sched_setaffinity(0, bytes, set) < 0 ? -errno : 0;
    CPU_FREE(set);
    return result;
}

int pelmeni_thread_clock(uint64_t thread, int32_t *clock) {
    clockid_t identifier;
    int error = pthread_getcpuclockid((pthread_t)thread, &identifier);
    if (error == 0) { *clock = identifier; }
    return -error;
}

int64_t pelmeni_clock_nanoseconds(int32_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) < 0) { return -errno; }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int list_processors(const cpu_set_t *set, size_t bytes, size_t limit, int32_t *list, int capacity) {
    int count = 0;
    for (size_t processor = 0; processor < limit; processor++) {
        if (!CPU_ISSET_S(processor, bytes, set)) { continue; }
        if (count < capacity) { list[count] = (int32_t)processor; }
        count++;
    }
    return count;
}

int pelmeni_usable_processors(int32_t *list, int capacity) {
    // The kernel returns EINVAL while the set is smaller than its own, so the set grows until it fits.
    for (size_t limit = CPU_SETSIZE; limit <= MOST_PROCESSORS; limit *= 2) {
        cpu_set_t *set = CPU_ALLOC(limit);
        if (set == NULL) { return -ENOMEM; }
        size_t bytes = CPU_ALLOC_SIZE(limit);
        CPU_ZERO_S(bytes, set);
        int result = sched_getaffinity(0, bytes, set) < 0 ? -errno : list_processors(set, bytes, limit, list, capacity);
        CPU_FREE(set);
        if (result != -EINVAL) { return result; }
    }
    return -EINVAL;
}

// The quota of one group, in whole processors rounded up; 0 without one.
static int group_quota(const char *folder, int version) {
    char path[PATH_MAX + 32];
    long long quota = -1, period = 0;
    snprintf(path, sizeof path, "%s/%s", folder, version == 2 ? "cpu.max" : "cpu.cfs_quota_us");
    FILE *file = fopen(path, "re");
    if (file == NULL) { return 0; }
    // "max 100000" leaves the quota unchanged: it begins with no number.
    if (fscanf(file, "%lld %lld", &quota, &period) < 1) { quota = -1; }
    fclose(file);
    if (version == 1) {
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        file = fopen(path, "re");
        if (file == NULL) { return 0; }
        if (fscanf(file, "%lld", &period) != 1) { period = 0; }
        fclose(file);
    }
    if (quota <= 0 || period <= 0) { return 0; }
    long long whole = quota / period + (quota % period != 0);
    return whole > INT_MAX ? INT_MAX : (int)whole;
}

static int smaller_quota(int left, int right) {
    if (left == 0) { return right; }
    return right == 0 || left < right ? left : right;
}

// From the group up to the mount point of the hierarchy, as each parent limits its children. A container that sees its
// path from outside (cgroup v1 without a namespace) has its own group at the mount point itself: the walk skips missing
// folders, and ends at that one.
static int hierarchy_quota(const char *mount, const char *group, int version) {
    char folder[PATH_MAX];
    size_t root = strlen(mount);
    if (strstr(group, "/..") != NULL) { group = ""; } // a group outside the namespace cannot be seen
    if (snprintf(folder, sizeof folder, "%s%s", mount, group) >= (int)sizeof folder) { return 0; }
    int least = 0;
    for (;;) {
        least = smaller_quota(least, group_quota(folder, version));
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= root || slash == NULL || slash < folder + root) { return least; }
        *slash = '\0';
    }
}

// A line of /proc/self/cgroup: "0::/path" is v2, "4:cpu,cpuacct:/path" a hierarchy of v1.
static int line_quota(char *line) {
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL) { return 0; }
    *group++ = '\0';
    controllers++;
    if (*controllers == '\0') {
        return smaller_quota(hierarchy_quota("/sys/fs/cgroup", group, 2),
                             hierarchy_quota("/sys/fs/cgroup/unified", group, 2)); // v1 and v2 side by side
    }
    char mount[PATH_MAX];
    snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", controllers);
    char *rest = NULL;
    for (char *name = strtok_r(controllers, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        if (strcmp(name, "cpu") != 0) { continue; }
        return smaller_quota(hierarchy_quota("/sys/fs/cgroup/cpu", group, 1), hierarchy_quota(mount, group, 1));
    }
    return 0;
}

int pelmeni_quota_processors(void) {
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) { return 0; }
    char *line = NULL;
    size_t room = 0;
    int least = 0;
    while (getline(&line, &room, file) > 0) { least = smaller_quota(least, line_quota(line)); }
    free(line);
    fclose(file);
    return least;
}

int pelmeni_descriptor_limit(uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) { return -errno; }
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int pelmeni_descriptor_limit_raise(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) { return -errno; }
    if (limit.rlim_cur == limit.rlim_max) { return 0; }
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

int pelmeni_descriptors_open(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) { return -errno; }
    int count = -1; // the one that reads the folder does not count
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') { count++; }
    }
    closedir(folder);
    return count;
}

void *pelmeni_memory_map(uint64_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void pelmeni_memory_unmap(void *memory, uint64_t bytes) {
    if (memory != NULL) { munmap(memory, bytes); }
}

void pelmeni_memory_discard(void *memory, uint64_t bytes) {
    // A refusal leaves the pages as they are, which is right too.
    madvise(memory, bytes, MADV_DONTNEED);
}

uint64_t pelmeni_page_bytes(void) { return (uint64_t)sysconf(_SC_PAGESIZE); }

#ifndef PELMENI_SYSCALL_H
#define PELMENI_SYSCALL_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

// A system call without the C library's wrapper, for the calls of each message. The wrappers of recv, send and
// epoll_wait are cancellation points: once a process has a second thread, glibc 2.36 switches asynchronous cancellation
// on and off around each call, two atomic operations and some 90 instructions in vain: no thread of the engine is ever
// cancelled. The result is the kernel's: below 0 it is -errno.
static inline long pelmeni_syscall(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__) && defined(__LP64__)
    long result;
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "memory");
    return first;
#else
    long result = syscall(number, a, b, c, d, e, f); // not a cancellation point either
    return result < 0 ? -errno : result;
#endif
}

#endif

#ifndef PELMENI_NETWORK_H
#define PELMENI_NETWORK_H

#include <features.h>
#include <stddef.h>
#include <stdint.h>

// A network namespace of the process's own, with only a loopback, for a benchmark.

enum { PELMENI_CONGESTION_BYTES = 16 }; // the kernel's TCP_CA_NAME_MAX, the end included

// The step of a failure.
enum {
    PELMENI_NETWORK_TRIAL = 1, // starting the process that tries first
    PELMENI_NETWORK_NAMESPACE,
    PELMENI_NETWORK_IDENTITY, // user and group inside of a user namespace
    PELMENI_NETWORK_LOOPBACK,
    PELMENI_NETWORK_CONGESTION,
};

// Leaves the machine's network for a new one, in which connections over the loopback use this congestion control. Call
// it before there is a second thread. 0, or -errno with the step: then nothing has changed.
int pelmeni_network_enter(const char *congestion, int32_t *step);
// For connections over 127.0.0.0/8 that begin from now on; 0, or -EINVAL where the kernel lacks it.
int pelmeni_network_congestion_set(const char *name);
// The congestion control of both ends of a connection over 127.0.0.1; 0 or -errno, -EPROTO where they differ.
int pelmeni_network_congestion_get(char name[PELMENI_CONGESTION_BYTES]);

#endif

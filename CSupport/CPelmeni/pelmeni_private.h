#ifndef PELMENI_PRIVATE_H
#define PELMENI_PRIVATE_H

#include <features.h>
#include <stdint.h>
#include <sys/socket.h>

// What the files of the shim share with one another, and Swift does not see.

// A listener that this process can reach: loopback TCP, or a nameless unix socket where there is no loopback.
// The descriptor, or -errno; the address is where to connect to.
int pelmeni_loopback_listen(struct sockaddr_storage *address, socklen_t *length);

// Moves bytes with pelmeni_uring_* and these features, and verifies them. 0 or -errno; -EIO: they came out wrong.
int pelmeni_self_test(uint32_t features);

#endif

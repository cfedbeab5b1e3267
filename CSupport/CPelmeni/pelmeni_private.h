#ifndef PELMENI_PRIVATE_H
#define PELMENI_PRIVATE_H

#include <features.h>
#include <stdint.h>
#include <sys/socket.h>

// Since Linux 6.15; liburing has them since 2.10.
#define PELMENI_IORING_ENTER_NO_IOWAIT (1u << 7)
#define PELMENI_IORING_FEAT_NO_IOWAIT (1u << 17)

// Declarations that the files of the shim share, hidden from Swift.

// A listener that this process can reach: loopback TCP, or a nameless unix socket without a loopback. Returns the
// descriptor, or -errno; the address is the one to connect to.
int pelmeni_loopback_listen(struct sockaddr_storage *address, socklen_t *length);

// Moves bytes with pelmeni_uring_* and these features, and verifies them. 0 or -errno; -EIO: wrong bytes.
int pelmeni_self_test(uint32_t features);

#endif

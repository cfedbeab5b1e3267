#ifndef PELMENI_DATAGRAM_H
#define PELMENI_DATAGRAM_H

#include <features.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

// A block that holds a received datagram, or a train of them, begins with what io_uring's multishot recvmsg writes, and
// so does one that recvmmsg(2) filled: a head of 16 bytes, the sender's name, control messages, and the payload at
// PELMENI_DATAGRAM_PAYLOAD. A UDP name takes 32 bytes, which leaves 80 to the control messages; a Unix one takes all
// 112.
enum {
    PELMENI_DATAGRAM_NAME = 16,
    PELMENI_DATAGRAM_NAME_UDP = 32,
    PELMENI_DATAGRAM_NAME_UNIX = 112,
    PELMENI_DATAGRAM_PAYLOAD = 128,
    PELMENI_DATAGRAM_BATCH = 32, // datagrams that one recvmmsg or sendmmsg moves at the most
};

typedef struct {
    uint32_t name_length;
    uint32_t control_length;
    uint32_t payload_length; // of the datagram as it came; more than was stored when it was cut
    uint32_t flags;          // msg_flags
} pelmeni_datagram_head;

// Where a datagram was sent to, from IP_PKTINFO or IPV6_PKTINFO. `family` 0: not known.
typedef struct {
    uint16_t family; // 4 or 6
    uint16_t padding;
    uint32_t interface;
    uint8_t address[16]; // network order
} pelmeni_local;

// What the control messages of a block say.
typedef struct {
    uint32_t segment; // UDP_GRO: bytes of each datagram of a train but the last one; 0: a single one
    uint32_t is_cut;  // MSG_TRUNC or MSG_CTRUNC: the datagram, or what is known of it, is not whole
    pelmeni_local local;
} pelmeni_datagram_facts;

pelmeni_datagram_facts pelmeni_datagram_read(const void *block, int is_unix);
// Writes a head, a name and control messages as the kernel would: for rings that are not the kernel's.
void pelmeni_datagram_write(void *block, int is_unix, const void *name, uint32_t name_length, uint32_t payload_length,
                            const pelmeni_datagram_facts *facts);

// One datagram, or a train of equal ones, on its way out. It stays in place until its send has ended.
typedef struct {
    struct msghdr message;
    struct iovec piece;
    uint8_t control[80]; // UDP_SEGMENT and IPV6_PKTINFO
    uint8_t name[112];
} pelmeni_outgoing;

// `segment` 0: one datagram. `name_length` 0: the socket is connected. `local` NULL: the kernel chooses.
void pelmeni_outgoing_set(pelmeni_outgoing *outgoing, void *data, size_t length, uint32_t segment, const void *name,
                          uint32_t name_length, const pelmeni_local *local);
// One datagram of a train: to the same name, and from the same address.
void pelmeni_outgoing_part(pelmeni_outgoing *outgoing, const pelmeni_outgoing *train, void *data, size_t length);

// Every call returns a descriptor, a count or 0, or -errno. None waits.
int pelmeni_datagram_open(int family, int nonblocking);
// UDP_GRO, and with `tells_local` IP_PKTINFO and IPV6_RECVPKTINFO. `only_v6`: -1: leave; 0: dual stack; 1: IPv6 only.
int pelmeni_datagram_configure(int socket, int family, int tells_local, int only_v6);
// Asks for a receive buffer, of which the kernel grants net.core.rmem_max; with `force` all of it, to a process that
// may.
void pelmeni_datagram_widen(int socket, int bytes, int force);
int pelmeni_datagram_room(int socket); // what it is
// A larger send buffer, as far as the kernel grants it: what receivers on a Unix socket have not read counts against
// it. Its size, or -errno.
int64_t pelmeni_datagram_widen_answers(int socket);
int pelmeni_datagram_name(int socket); // an abstract name that the kernel chooses; Unix sockets only
// One datagram or train of a connected socket, without its sender's name: payload bytes, or -errno.
ssize_t pelmeni_datagram_receive_one(int socket, int is_unix, void *block, size_t block_bytes);
// One datagram or train into each of `count` blocks (at most PELMENI_DATAGRAM_BATCH) of `block_bytes`; how many came.
// Payload bytes of each are left in `results`.
int pelmeni_datagram_receive(int socket, int is_unix, void *const *blocks, int count, size_t block_bytes,
                             int32_t *results);
ssize_t pelmeni_datagram_send(int socket, const pelmeni_outgoing *outgoing);
// At most PELMENI_DATAGRAM_BATCH; how many went out before the first that did not, or -errno of the first.
int pelmeni_datagram_send_many(int socket, pelmeni_outgoing *const *outgoing, int count);

#endif

#ifndef PELMENI_DATAGRAM_H
#define PELMENI_DATAGRAM_H

#include <features.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

// A block with a received datagram, or a train, has the layout of io_uring's multishot recvmsg, also when recvmmsg(2)
// filled it: a head of 16 bytes, the sender's name, control messages, and the payload at PELMENI_DATAGRAM_PAYLOAD. A
// UDP name takes 32 bytes, which leaves 96 to the control messages: UDP_GRO, and IPV6_PKTINFO and IP_PKTINFO of a
// dual-stack socket. A Unix name has all of it.
enum {
    PELMENI_DATAGRAM_NAME = 16,
    PELMENI_DATAGRAM_NAME_UDP = 32,
    PELMENI_DATAGRAM_NAME_UNIX = 128,
    PELMENI_DATAGRAM_PAYLOAD = 144,
    PELMENI_DATAGRAM_BATCH = 32, // datagrams that one recvmmsg or sendmmsg moves at the most
};

typedef struct {
    uint32_t name_length;
    uint32_t control_length;
    uint32_t payload_length; // of the datagram as it came; more than was stored when it was cut
    uint32_t flags;          // msg_flags
} pelmeni_datagram_head;

// The unicast address of this host that answers a datagram, from IP_PKTINFO or IPV6_PKTINFO. `family` 0: unknown; 6: a
// genuine IPv6 address, since datagrams over IPv4 are told by IP_PKTINFO on dual-stack sockets too.
typedef struct {
    uint16_t family; // 4 or 6
    uint16_t padding;
    uint32_t interface;
    uint8_t address[16]; // network order
} pelmeni_local;

// The control messages of a block.
typedef struct {
    uint32_t segment; // UDP_GRO: bytes of each datagram of a train but the last one; 0: a single one
    uint32_t is_cut;  // the datagram, or on an IP socket what is known of it, is not whole
    uint32_t has_descriptors; // it came with descriptors (SCM_RIGHTS), and without room for them: they are closed
    uint32_t is_for_many; // sent to a group or a broadcast address: every socket bound to the port has it
    pelmeni_local local;
} pelmeni_datagram_facts;

pelmeni_datagram_facts pelmeni_datagram_read(const void *block, int is_unix);
// Writes a head, a name and control messages as the kernel would, for rings without a kernel.
void pelmeni_datagram_write(void *block, int is_unix, const void *name, uint32_t name_length, uint32_t payload_length,
                            const pelmeni_datagram_facts *facts);

// One datagram, or a train of equal ones, in flight. It stays in place until its send has ended.
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
// SOCK_DGRAM or SOCK_RAW of a protocol.
int pelmeni_datagram_open_kind(int family, int is_raw, int protocol, int nonblocking);
// A raw ICMP socket gets messages of one type alone: icmp(7) and RFC 3542, section 3.2.
int pelmeni_datagram_filter(int socket, int family, int type);
// UDP_GRO, and with `tells_local` IP_PKTINFO and IPV6_RECVPKTINFO. `only_v6`: -1: leave; 0: dual stack; 1: IPv6 only.
int pelmeni_datagram_configure(int socket, int family, int tells_local, int only_v6);
// Sets a receive buffer. The kernel grants up to net.core.rmem_max.
void pelmeni_datagram_widen(int socket, int bytes);
// Datagrams leave with DF, whatever the kernel knows of the path (IP_PMTUDISC_PROBE): one beyond the interface's MTU
// fails with EMSGSIZE, and none is cut.
int pelmeni_datagram_keep_df(int socket, int family);
// Joins the group of an IPv4 or IPv6 address on an interface; 0: the kernel chooses by its routes.
int pelmeni_datagram_join(int socket, const void *group, uint32_t interface);
// From now on the socket receives from groups that it has joined alone, and not from groups that other sockets of this
// machine have joined (ip(7), IP_MULTICAST_ALL).
void pelmeni_datagram_only_joined(int socket, int family);
// The interface by which datagrams to groups leave.
int pelmeni_datagram_leave_by(int socket, int family, uint32_t interface);
// 1 when routes say that an IPv4 address is a broadcast address.
int pelmeni_address_is_broadcast(const void *address, socklen_t length);
// Enlarges the send buffer as far as the kernel grants: unread bytes of receivers on a Unix socket count against it.
// Its size, or -errno. `bytes` 0: as large a one as the kernel grants, up to 4 MiB.
int64_t pelmeni_datagram_widen_answers(int socket, int bytes);
// From now on the network's reports of sent datagrams are kept in the socket's error queue (ip(7), IP_RECVERR), also
// those that need not be for good, of an unreachable host say: without it the kernel keeps these to itself.
int pelmeni_datagram_report_errors(int socket, int family);

// What the network reported of datagrams that a socket sent.
typedef struct {
    int32_t error;        // the last -errno that says that they do not reach the host, or 0
    uint32_t unreachable; // datagrams that do not
    uint32_t too_big;     // datagrams beyond the path's MTU: the kernel cuts later ones to fit
    uint32_t taken;       // reports of any kind
} pelmeni_datagram_reports;

// Empties the error queue: what is left in it keeps the socket ready. A raw socket gets reports of all sockets'
// datagrams to its host: they count as one, and one whose time to live has expired may be a traceroute's.
pelmeni_datagram_reports pelmeni_datagram_take_reports(int socket, int is_raw);
int pelmeni_datagram_name(int socket); // an abstract name that the kernel chooses; Unix sockets only
// One datagram or train of a connected socket, without its sender's name: payload bytes, or -errno.
ssize_t pelmeni_datagram_receive_one(int socket, int is_unix, void *block, size_t block_bytes);
// One datagram or train into each of `count` blocks (at most PELMENI_DATAGRAM_BATCH) of `block_bytes`. Their number;
// `results` gets the payload bytes of each.
int pelmeni_datagram_receive(int socket, int is_unix, void *const *blocks, int count, size_t block_bytes,
                             int32_t *results);
ssize_t pelmeni_datagram_send(int socket, const pelmeni_outgoing *outgoing);
// At most PELMENI_DATAGRAM_BATCH. The number sent before the first failure, or -errno of the first datagram.
int pelmeni_datagram_send_many(int socket, pelmeni_outgoing *const *outgoing, int count);

#endif

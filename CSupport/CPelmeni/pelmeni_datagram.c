#define _GNU_SOURCE
#include "pelmeni_datagram.h"
#include "pelmeni_socket.h"
#include "pelmeni_syscall.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

// Since Linux 4.18 and 5.0; glibc's headers may be older than the kernel.
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static size_t name_room(int is_unix) { return is_unix ? PELMENI_DATAGRAM_NAME_UNIX : PELMENI_DATAGRAM_NAME_UDP; }

static size_t control_room(int is_unix) {
    return PELMENI_DATAGRAM_PAYLOAD - PELMENI_DATAGRAM_NAME - name_room(is_unix);
}

static struct msghdr control_of(const void *block, int is_unix) {
    const pelmeni_datagram_head *head = block;
    return (struct msghdr){.msg_control = (char *)block + PELMENI_DATAGRAM_NAME + name_room(is_unix),
                           .msg_controllen = head->control_length};
}

static void read_message(struct cmsghdr *it, pelmeni_datagram_facts *facts) {
    if (it->cmsg_level == SOL_UDP && it->cmsg_type == UDP_GRO) {
        int segment;
        memcpy(&segment, CMSG_DATA(it), sizeof segment);
        facts->segment = segment > 0 ? (uint32_t)segment : 0;
    } else if (it->cmsg_level == IPPROTO_IP && it->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(it), sizeof info);
        facts->local.family = 4;
        facts->local.interface = (uint32_t)info.ipi_ifindex;
        // The datagram's destination; for a multicast or broadcast datagram, which is no source address for an answer,
        // the local address that stands for it (ip(7), fib_compute_spec_dst).
        const struct in_addr *local = info.ipi_spec_dst.s_addr ? &info.ipi_spec_dst : &info.ipi_addr;
        memcpy(facts->local.address, local, sizeof *local);
        facts->is_for_many = local->s_addr != info.ipi_addr.s_addr;
    } else if (it->cmsg_level == IPPROTO_IPV6 && it->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(it), sizeof info);
        // Of a datagram over IPv4 this is the destination in its header alone; IP_PKTINFO, which follows, says more.
        if (IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr)) return;
        if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) {
            facts->is_for_many = 1;
            return; // no answer leaves from a group
        }
        facts->local.family = 6;
        facts->local.interface = info.ipi6_ifindex;
        memcpy(facts->local.address, &info.ipi6_addr, sizeof info.ipi6_addr);
    }
}

pelmeni_datagram_facts pelmeni_datagram_read(const void *block, int is_unix) {
    const pelmeni_datagram_head *head = block;
    // Control messages of an IP socket say how a train is cut, so it needs all of them. A Unix socket has none but
    // descriptors (unix(7)): the options that ask for others are off.
    pelmeni_datagram_facts facts = {
        .is_cut = (head->flags & (is_unix ? MSG_TRUNC : MSG_TRUNC | MSG_CTRUNC)) != 0,
        .has_descriptors = is_unix && (head->flags & MSG_CTRUNC),
    };
    if (is_unix || head->control_length < sizeof(struct cmsghdr)) return facts;
    struct msghdr message = control_of(block, is_unix);
    for (struct cmsghdr *it = CMSG_FIRSTHDR(&message); it; it = CMSG_NXTHDR(&message, it)) read_message(it, &facts);
    return facts;
}

static struct cmsghdr *append(struct msghdr *message, size_t room, int level, int type, const void *data, size_t size) {
    if (message->msg_controllen + CMSG_SPACE(size) > room) return NULL;
    struct cmsghdr *it = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
    it->cmsg_level = level;
    it->cmsg_type = type;
    it->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(it), data, size);
    message->msg_controllen += CMSG_SPACE(size);
    return it;
}

// The address alone: with the interface, the answer would have to leave by the way the datagram came in. A link-local
// client's name has its scope.
static void append_local(struct msghdr *message, size_t room, const pelmeni_local *local) {
    if (local->family == 4) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_addr, local->address, sizeof info.ipi_addr);
        memcpy(&info.ipi_spec_dst, local->address, sizeof info.ipi_spec_dst);
        append(message, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else if (local->family == 6) {
        struct in6_pktinfo info = {.ipi6_ifindex = 0};
        memcpy(&info.ipi6_addr, local->address, sizeof info.ipi6_addr);
        append(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

void pelmeni_datagram_write(void *block, int is_unix, const void *name, uint32_t name_length, uint32_t payload_length,
                            const pelmeni_datagram_facts *facts) {
    pelmeni_datagram_head *head = block;
    *head = (pelmeni_datagram_head){.name_length = name_length, .payload_length = payload_length};
    if (name_length) memcpy((char *)block + PELMENI_DATAGRAM_NAME, name, name_length);
    if (facts->is_cut) head->flags = MSG_TRUNC;
    if (facts->has_descriptors) head->flags |= MSG_CTRUNC;
    struct msghdr message = control_of(block, is_unix);
    if (facts->segment) {
        int segment = (int)facts->segment;
        append(&message, control_room(is_unix), SOL_UDP, UDP_GRO, &segment, sizeof segment);
    }
    append_local(&message, control_room(is_unix), &facts->local);
    head->control_length = (uint32_t)message.msg_controllen;
}

void pelmeni_outgoing_set(pelmeni_outgoing *self, void *data, size_t length, uint32_t segment, const void *name,
                          uint32_t name_length, const pelmeni_local *local) {
    self->piece = (struct iovec){.iov_base = data, .iov_len = length};
    self->message = (struct msghdr){.msg_iov = &self->piece, .msg_iovlen = 1};
    if (name_length && name_length <= sizeof self->name) {
        memcpy(self->name, name, name_length);
        self->message.msg_name = self->name;
        self->message.msg_namelen = name_length;
    }
    if (!segment && !local) return;
    self->message.msg_control = self->control;
    if (segment) {
        uint16_t size = (uint16_t)segment;
        append(&self->message, sizeof self->control, SOL_UDP, UDP_SEGMENT, &size, sizeof size);
    }
    if (local) append_local(&self->message, sizeof self->control, local);
    if (!self->message.msg_controllen) self->message.msg_control = NULL;
}

void pelmeni_outgoing_part(pelmeni_outgoing *self, const pelmeni_outgoing *train, void *data, size_t length) {
    pelmeni_outgoing_set(self, data, length, 0, train->name, train->message.msg_namelen, NULL);
    struct msghdr from = train->message;
    self->message.msg_control = self->control;
    for (struct cmsghdr *it = CMSG_FIRSTHDR(&from); it; it = CMSG_NXTHDR(&from, it)) {
        if (it->cmsg_level == SOL_UDP && it->cmsg_type == UDP_SEGMENT) continue;
        append(&self->message, sizeof self->control, it->cmsg_level, it->cmsg_type, CMSG_DATA(it),
               it->cmsg_len - CMSG_LEN(0));
    }
    if (!self->message.msg_controllen) self->message.msg_control = NULL;
}

// MARK: Calls

static int set_number(int socket, int level, int option, int value) {
    return setsockopt(socket, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int pelmeni_datagram_open(int family, int nonblocking) {
    int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
    return descriptor < 0 ? -errno : descriptor;
}

int pelmeni_datagram_open_kind(int family, int is_raw, int protocol, int nonblocking) {
    int type = (is_raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0);
    int descriptor = socket(family, type, protocol);
    return descriptor < 0 ? -errno : descriptor;
}

int pelmeni_datagram_filter(int socket, int family, int type) {
    if (family == AF_INET6) {
        struct icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(type, &filter);
        return setsockopt(socket, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) < 0 ? -errno : 0;
    }
    // A bit for each type that is dropped. From linux/icmp.h, whose names clash with netinet's.
    enum { FILTER = 1, TYPES = 32 };
    uint32_t dropped = type < TYPES ? ~(UINT32_C(1) << type) : UINT32_MAX;
    return setsockopt(socket, SOL_RAW, FILTER, &dropped, sizeof dropped) < 0 ? -errno : 0;
}

int pelmeni_datagram_configure(int socket, int family, int tells_local, int only_v6) {
    if (family != AF_INET && family != AF_INET6) return 0;
    int result = 0;
    if (family == AF_INET6 && only_v6 >= 0) result = set_number(socket, IPPROTO_IPV6, IPV6_V6ONLY, only_v6 != 0);
    // Without it every datagram comes alone: slower, but correct.
    set_number(socket, SOL_UDP, UDP_GRO, 1);
    if (result < 0 || !tells_local) return result;
    if (family == AF_INET6) result = set_number(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    // A raw socket of IPv6 refuses it, and needs it not.
    int is_v4_told = set_number(socket, IPPROTO_IP, IP_PKTINFO, 1);
    return family == AF_INET ? is_v4_told : result;
}

void pelmeni_datagram_widen(int socket, int bytes) { set_number(socket, SOL_SOCKET, SO_RCVBUF, bytes); }

int pelmeni_datagram_keep_df(int socket, int family) {
    int result = set_number(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    if (family != AF_INET6) return result;
    // An IPv6 socket has the option of IPv4 for its mapped addresses.
    return set_number(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

// Since Linux 4.20; glibc does not name it.
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

void pelmeni_datagram_only_joined(int socket, int family) {
    set_number(socket, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    if (family == AF_INET6) set_number(socket, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
}

int pelmeni_datagram_join(int socket, const void *group, uint32_t interface) {
    const struct sockaddr_storage *name = group;
    int result;
    if (name->ss_family == AF_INET6) {
        struct ipv6_mreq asked = {.ipv6mr_interface = interface};
        asked.ipv6mr_multiaddr = ((const struct sockaddr_in6 *)group)->sin6_addr;
        result = setsockopt(socket, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &asked, sizeof asked);
    } else {
        struct ip_mreqn asked = {.imr_ifindex = (int)interface};
        asked.imr_multiaddr = ((const struct sockaddr_in *)group)->sin_addr;
        result = setsockopt(socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &asked, sizeof asked);
    }
    return result < 0 ? -errno : 0;
}

int pelmeni_datagram_leave_by(int socket, int family, uint32_t interface) {
    if (family == AF_INET6) return set_number(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface);
    struct ip_mreqn asked = {.imr_ifindex = (int)interface};
    return setsockopt(socket, IPPROTO_IP, IP_MULTICAST_IF, &asked, sizeof asked) < 0 ? -errno : 0;
}

int pelmeni_address_is_broadcast(const void *address, socklen_t length) {
    if (((const struct sockaddr *)address)->sa_family != AF_INET) return 0;
    int probe = pelmeni_datagram_open(AF_INET, 1);
    if (probe < 0) return 0;
    // Without SO_BROADCAST the kernel refuses it (connect(2)), as it does behind a prohibiting route: with it no more.
    int is_refused = pelmeni_socket_connect(probe, address, length) == -EACCES;
    int is_broadcast = is_refused && set_number(probe, SOL_SOCKET, SO_BROADCAST, 1) == 0 &&
                       pelmeni_socket_connect(probe, address, length) == 0;
    pelmeni_socket_close(probe);
    return is_broadcast;
}

int64_t pelmeni_datagram_widen_answers(int socket, int bytes) {
    enum { wanted = 4 << 20 };
    pelmeni_socket_resize(socket, 0, bytes > 0 ? bytes : wanted);
    return pelmeni_socket_send_buffer(socket);
}

int pelmeni_datagram_name(int socket) {
    sa_family_t family = AF_UNIX;
    return bind(socket, (const struct sockaddr *)&family, sizeof family) < 0 ? -errno : 0;
}

int pelmeni_datagram_report_errors(int socket, int family) {
    if (family == AF_INET6) {
        set_number(socket, IPPROTO_IP, IP_RECVERR, 1); // for a mapped address, where the socket may have one
        return set_number(socket, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    return set_number(socket, IPPROTO_IP, IP_RECVERR, 1);
}

static void note_report(pelmeni_datagram_reports *reports, const struct sock_extended_err *it, int is_raw) {
    // A local one repeats what the send said itself.
    if (it->ee_origin != SO_EE_ORIGIN_ICMP && it->ee_origin != SO_EE_ORIGIN_ICMP6) return;
    reports->taken++;
    enum { TIME_EXCEEDED = 11 };
    int is_expiry = it->ee_type == (it->ee_origin == SO_EE_ORIGIN_ICMP ? TIME_EXCEEDED : ICMP6_TIME_EXCEEDED);
    // EREMOTEIO: a redirect or a source quench, which ends nothing.
    if (it->ee_errno == 0 || it->ee_errno == EREMOTEIO || (is_raw && is_expiry)) return;
    if (it->ee_errno == EMSGSIZE) {
        reports->too_big++;
    } else {
        reports->error = -(int32_t)it->ee_errno;
        reports->unreachable++;
    }
}

pelmeni_datagram_reports pelmeni_datagram_take_reports(int socket, int is_raw) {
    pelmeni_datagram_reports reports = {.error = 0};
    // Behind the last one the kernel tells of the next one anew, so that a flood of them takes turns with other work.
    for (int left = 1024; left > 0; left--) {
        _Alignas(struct cmsghdr) char control[256];
        struct msghdr message = {.msg_control = control, .msg_controllen = sizeof control};
        long got = pelmeni_syscall(SYS_recvmsg, socket, (long)&message, MSG_ERRQUEUE | MSG_DONTWAIT, 0, 0, 0);
        if (got == -EINTR) continue;
        if (got < 0) break;
        for (struct cmsghdr *it = CMSG_FIRSTHDR(&message); it; it = CMSG_NXTHDR(&message, it)) {
            if (!(it->cmsg_level == IPPROTO_IP && it->cmsg_type == IP_RECVERR) &&
                !(it->cmsg_level == IPPROTO_IPV6 && it->cmsg_type == IPV6_RECVERR))
                continue;
            struct sock_extended_err report;
            memcpy(&report, CMSG_DATA(it), sizeof report);
            note_report(&reports, &report, is_raw);
        }
    }
    if (is_raw && reports.unreachable > 1) reports.unreachable = 1;
    if (is_raw && reports.too_big > 1) reports.too_big = 1;
    return reports;
}

ssize_t pelmeni_datagram_receive_one(int socket, int is_unix, void *block, size_t block_bytes) {
    struct iovec piece = {.iov_base = (char *)block + PELMENI_DATAGRAM_PAYLOAD,
                          .iov_len = block_bytes - PELMENI_DATAGRAM_PAYLOAD};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = (char *)block + PELMENI_DATAGRAM_NAME + name_room(is_unix),
                             .msg_controllen = control_room(is_unix)};
    long came;
    do {
        came = pelmeni_syscall(SYS_recvmsg, socket, (long)&message, MSG_DONTWAIT, 0, 0, 0);
    } while (came == -EINTR);
    if (came < 0) return came;
    pelmeni_datagram_head *head = block;
    *head = (pelmeni_datagram_head){.control_length = (uint32_t)message.msg_controllen,
                                    .payload_length = (uint32_t)came,
                                    .flags = (uint32_t)message.msg_flags};
    return came;
}

int pelmeni_datagram_receive(int socket, int is_unix, void *const *blocks, int count, size_t block_bytes,
                             int32_t *results) {
    struct mmsghdr messages[PELMENI_DATAGRAM_BATCH];
    struct iovec pieces[PELMENI_DATAGRAM_BATCH];
    for (int i = 0; i < count; i++) {
        char *block = blocks[i];
        pieces[i] = (struct iovec){.iov_base = block + PELMENI_DATAGRAM_PAYLOAD,
                                   .iov_len = block_bytes - PELMENI_DATAGRAM_PAYLOAD};
        messages[i].msg_hdr = (struct msghdr){.msg_name = block + PELMENI_DATAGRAM_NAME,
                                              .msg_namelen = (socklen_t)name_room(is_unix),
                                              .msg_iov = &pieces[i],
                                              .msg_iovlen = 1,
                                              .msg_control = block + PELMENI_DATAGRAM_NAME + name_room(is_unix),
                                              .msg_controllen = control_room(is_unix)};
    }
    long came;
    do {
        came = pelmeni_syscall(SYS_recvmmsg, socket, (long)messages, count, MSG_DONTWAIT, 0, 0);
    } while (came == -EINTR);
    if (came < 0) return (int)came;
    for (long i = 0; i < came; i++) {
        const struct msghdr *it = &messages[i].msg_hdr;
        pelmeni_datagram_head *head = blocks[i];
        *head = (pelmeni_datagram_head){.name_length = it->msg_namelen,
                                        .control_length = (uint32_t)it->msg_controllen,
                                        .payload_length = messages[i].msg_len,
                                        .flags = (uint32_t)it->msg_flags};
        results[i] = (int32_t)messages[i].msg_len;
    }
    return (int)came;
}

ssize_t pelmeni_datagram_send(int socket, const pelmeni_outgoing *outgoing) {
    long sent;
    do {
        // A connected socket and no control message: send(2) copies no header in.
        if (!outgoing->message.msg_name && !outgoing->message.msg_control)
            sent = pelmeni_syscall(SYS_sendto, socket, (long)outgoing->piece.iov_base, (long)outgoing->piece.iov_len,
                                   MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
        else
            sent = pelmeni_syscall(SYS_sendmsg, socket, (long)&outgoing->message, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0, 0);
    } while (sent == -EINTR);
    return sent;
}

int pelmeni_datagram_send_many(int socket, pelmeni_outgoing *const *outgoing, int count) {
    struct mmsghdr messages[PELMENI_DATAGRAM_BATCH];
    for (int i = 0; i < count; i++) messages[i].msg_hdr = outgoing[i]->message;
    long sent;
    do {
        sent = pelmeni_syscall(SYS_sendmmsg, socket, (long)messages, count, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    } while (sent == -EINTR);
    return (int)sent;
}

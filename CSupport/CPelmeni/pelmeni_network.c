#define _GNU_SOURCE
#include "pelmeni_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct finding {
    int32_t step;
    int32_t result;
} finding;

static int write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) { return -errno; }
    ssize_t written = write(file, text, strlen(text));
    int result = written < 0 ? -errno : 0;
    close(file);
    return result;
}

// The user keeps its number inside the namespace: files and processes keep their owner.
static int map_identity(uid_t user, gid_t group) {
    char line[64];
    // Kernels before 3.19 have no such file, and need none.
    int result = write_text("/proc/self/setgroups", "deny");
    if (result < 0 && result != -ENOENT) { return result; }
    snprintf(line, sizeof line, "%u %u 1", (unsigned)user, (unsigned)user);
    result = write_text("/proc/self/uid_map", line);
    if (result < 0) { return result; }
    snprintf(line, sizeof line, "%u %u 1", (unsigned)group, (unsigned)group);
    return write_text("/proc/self/gid_map", line);
}

static int raise_loopback(void) {
    int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) { return -errno; }
    struct ifreq request = {.ifr_name = "lo"};
    int result = ioctl(probe, SIOCGIFFLAGS, &request) < 0 ? -errno : 0;
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(probe, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
    }
    close(probe);
    return result;
}

typedef struct route_request {
    struct nlmsghdr head;
    struct rtmsg route;
    char attributes[96];
} route_request;

static struct rtattr *add_attribute(route_request *request, unsigned short type, const void *data, size_t length) {
    struct rtattr *attribute = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    if (length > 0) { memcpy(RTA_DATA(attribute), data, length); }
    request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static int ask(int netlink, const route_request *request) {
    if (send(netlink, request, request->head.nlmsg_len, 0) < 0) { return -errno; }
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[256]; // the request again
    } answer;
    ssize_t length = recv(netlink, &answer, sizeof answer, 0);
    if (length < 0) { return -errno; }
    if ((size_t)length < sizeof answer.head + sizeof answer.error || answer.head.nlmsg_type != NLMSG_ERROR) {
        return -EPROTO;
    }
    return answer.error.error;
}

// The sysctl of a namespace accepts only the values that the machine grants to all users
// (tcp_allowed_congestion_control); a route of the process's own namespace may name any congestion control of the
// kernel.
static int set_route(int netlink, uint32_t address, unsigned char bits, int loopback, const char *congestion) {
    route_request request = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                 .nlmsg_type = RTM_NEWROUTE,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE},
        // As the kernel makes it when the loopback comes up.
        .route = {.rtm_family = AF_INET,
                  .rtm_dst_len = bits,
                  .rtm_table = RT_TABLE_LOCAL,
                  .rtm_protocol = RTPROT_KERNEL,
                  .rtm_scope = RT_SCOPE_HOST,
                  .rtm_type = RTN_LOCAL},
    };
    uint32_t destination = htonl(address), source = htonl(INADDR_LOOPBACK);
    add_attribute(&request, RTA_DST, &destination, sizeof destination);
    add_attribute(&request, RTA_OIF, &loopback, sizeof loopback);
    add_attribute(&request, RTA_PREFSRC, &source, sizeof source);
    struct rtattr *metrics = add_attribute(&request, RTA_METRICS, NULL, 0);
    add_attribute(&request, RTAX_CC_ALGO, congestion, strlen(congestion) + 1);
    metrics->rta_len = (unsigned short)((char *)&request + request.head.nlmsg_len - (char *)metrics);
    return ask(netlink, &request);
}

int pelmeni_network_congestion_set(const char *name) {
    if (name[0] == '\0' || strlen(name) >= PELMENI_CONGESTION_BYTES) { return -EINVAL; }
    int loopback = (int)if_nametoindex("lo");
    if (loopback == 0) { return -errno; }
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0) { return -errno; }
    int result = set_route(netlink, INADDR_LOOPBACK & IN_CLASSA_NET, 8, loopback, name);
    if (result == 0) { result = set_route(netlink, INADDR_LOOPBACK, 32, loopback, name); }
    close(netlink);
    return result;
}

static int congestion_of(int socket, char name[PELMENI_CONGESTION_BYTES]) {
    socklen_t length = PELMENI_CONGESTION_BYTES;
    memset(name, 0, PELMENI_CONGESTION_BYTES);
    if (getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name, &length) < 0) { return -errno; }
    name[PELMENI_CONGESTION_BYTES - 1] = '\0';
    return 0;
}

int pelmeni_network_congestion_get(char name[PELMENI_CONGESTION_BYTES]) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    char other[PELMENI_CONGESTION_BYTES];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int far = -1, result = 0;
    if (listener < 0 || near < 0 || bind(listener, (struct sockaddr *)&here, length) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&here, &length) < 0 ||
        connect(near, (struct sockaddr *)&here, length) < 0 ||
        (far = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0) {
        result = -errno;
    }
    if (result == 0) { result = congestion_of(near, name); }
    if (result == 0) { result = congestion_of(far, other); }
    if (result == 0 && strcmp(name, other) != 0) { result = -EPROTO; }
    if (far >= 0) { close(far); }
    if (near >= 0) { close(near); }
    if (listener >= 0) { close(listener); }
    return result;
}

static finding enter(const char *congestion) {
    uid_t user = geteuid();
    gid_t group = getegid();
    finding found = {.step = PELMENI_NETWORK_NAMESPACE};
    if (unshare(CLONE_NEWNET) < 0) {
        // A user without the permission may get it in a user namespace. Not root without the capability: there it would
        // be root over itself alone, and a server that changes its user would fail.
        if (errno != EPERM || user == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
            found.result = -errno;
            return found;
        }
        found.step = PELMENI_NETWORK_IDENTITY;
        found.result = map_identity(user, group);
        if (found.result < 0) { return found; }
    }
    found.step = PELMENI_NETWORK_LOOPBACK;
    found.result = raise_loopback();
    if (found.result < 0) { return found; }
    found.step = PELMENI_NETWORK_CONGESTION;
    found.result = pelmeni_network_congestion_set(congestion);
    return found;
}

// There may be no way back from an unusable namespace: a child tries it first.
static finding try_entering(const char *congestion) {
    finding found = {.step = PELMENI_NETWORK_TRIAL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        found.result = -errno;
        return found;
    }
    pid_t child = fork();
    if (child == 0) {
        // No other descriptor of this process may stay open in the child. Without close_range(2) (before 5.9) they do
        // for a moment.
        int answer = dup2(ends[1], 3);
        syscall(SYS_close_range, 4u, ~0u, 0u);
        finding own = enter(congestion);
        _exit(write(answer, &own, sizeof own) == (ssize_t)sizeof own ? 0 : 1);
    }
    found.result = child < 0 ? -errno : 0;
    close(ends[1]);
    if (child > 0) {
        if (read(ends[0], &found, sizeof found) != (ssize_t)sizeof found) { found.result = -ECHILD; }
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    }
    close(ends[0]);
    return found;
}

int pelmeni_network_enter(const char *congestion, int32_t *step) {
    finding found = try_entering(congestion);
    if (found.result == 0) { found = enter(congestion); }
    *step = found.step;
    return found.result;
}

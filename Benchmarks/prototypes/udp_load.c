// Load and origins for the UDP prototypes; see measure_udp.py. Build: gcc -O2 udp_load.c -o udp_load
//   udp_load echo PORT                                 answers every datagram with itself
//   udp_load trips PORT CLIENTS SECONDS                one verified 64-byte datagram in flight for each client
//   udp_load sink PORT gro|plain                       counts and verifies datagrams; answers the last of each train as a credit
//   udp_load burst PORT CLIENTS SECONDS gso|plain [BYTES COUNT WINDOW]
//       trains of COUNT datagrams of BYTES, WINDOW trains in flight for each client; gso: a train is one send, plain: one sendmmsg
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 16, BLOCK = 65536, CLIENTS = 256, HEAD = 16 };
struct head { uint32_t client, count; uint64_t sequence; };               // of each datagram; its last 8 bytes are the sequence again
struct credit { uint32_t client, wrong; uint64_t sequence, received; };  // what the sink answers; wrong and received since its start

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static struct sockaddr_in at(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}
static int bound(int port) {
  struct sockaddr_in here = at(port);
  int s = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (bind(s, (struct sockaddr *)&here, sizeof here)) { perror("bind"); exit(1); }
  return s;
}
static void echo(int port) {
  static char data[BLOCK];
  int s = bound(port);
  for (struct sockaddr_in who;;) {
    socklen_t length = sizeof who;
    ssize_t n = recvfrom(s, data, sizeof data, 0, (struct sockaddr *)&who, &length);
    if (n >= 0) sendto(s, data, n, 0, (struct sockaddr *)&who, length);
  }
}
static char pattern[BLOCK];
static void sink(int port, int gro) {
  static char data[BATCH][BLOCK], control[BATCH][64];
  static struct sockaddr_in who[BATCH];
  static uint64_t next[CLIENTS], received[CLIENTS];
  static uint32_t wrong[CLIENTS];
  struct mmsghdr in[BATCH];
  struct iovec vector[BATCH];
  int s = bound(port);
  if (gro) setsockopt(s, IPPROTO_UDP, UDP_GRO, &gro, sizeof gro);
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      vector[i] = (struct iovec){data[i], BLOCK};
      in[i].msg_hdr = (struct msghdr){.msg_name = &who[i], .msg_namelen = sizeof who[i], .msg_iov = &vector[i], .msg_iovlen = 1,
        .msg_control = control[i], .msg_controllen = sizeof control[i]};
    }
    int n = recvmmsg(s, in, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; i++) {
      unsigned segment = in[i].msg_len, length;
      for (struct cmsghdr *c = CMSG_FIRSTHDR(&in[i].msg_hdr); c; c = CMSG_NXTHDR(&in[i].msg_hdr, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) memcpy(&segment, CMSG_DATA(c), sizeof segment);
      for (unsigned from = 0; from < in[i].msg_len; from += segment) {
        char *d = data[i] + from;
        struct head head;
        uint64_t tail;
        length = in[i].msg_len - from < segment ? in[i].msg_len - from : segment;
        if (length < sizeof head + sizeof tail) { wrong[0]++; continue; }
        memcpy(&head, d, sizeof head);
        memcpy(&tail, d + length - sizeof tail, sizeof tail);
        if (head.client >= CLIENTS) { wrong[0]++; continue; }
        // The size comes from 'count' and the client alike; a boundary moved by one byte shows in head, tail or pattern.
        if (tail != head.sequence || length != head.count >> 16 || memcmp(d + HEAD, pattern + HEAD, length - HEAD - sizeof tail)) { wrong[head.client]++; continue; }
        if (!head.sequence) next[head.client] = received[head.client] = wrong[head.client] = 0;  // a new run
        if (head.sequence < next[head.client]) wrong[head.client]++;                             // twice, or out of order
        next[head.client] = head.sequence + 1;
        received[head.client]++;
        if ((head.sequence + 1) % (head.count & 0xffff)) continue;
        struct credit credit = {head.client, wrong[head.client], head.sequence, received[head.client]};
        sendto(s, &credit, sizeof credit, 0, (struct sockaddr *)&who[i], sizeof who[i]);
      }
    }
  }
}
static int burst(int port, int clients, double seconds, int gso, int bytes, int count, int window) {
  struct { int fd, flying; uint64_t sequence, received; uint32_t wrong; double heard; } c[CLIENTS] = {0};
  static char train[BLOCK];
  struct sockaddr_in to = at(port);
  int poller = epoll_create1(0), stalls = 0;
  for (int i = 0; i < clients; i++) {
    c[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (connect(c[i].fd, (struct sockaddr *)&to, sizeof to)) return perror("connect"), 1;
    if (gso) setsockopt(c[i].fd, IPPROTO_UDP, UDP_SEGMENT, &bytes, sizeof bytes);
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(poller, EPOLL_CTL_ADD, c[i].fd, &e);
  }
  for (int k = 0; k < count; k++) memcpy(train + k * bytes, pattern, bytes);
  double start = now(), end = start + seconds, t;
  struct epoll_event events[CLIENTS];
  int open = 1;
  do {
    t = now();
    if (t >= end) open = 0;  // no new trains, but what flies is waited for
    int flying = 0;
    for (int i = 0; i < clients; i++) {
      if (c[i].flying && t - c[i].heard > 0.3) { stalls++; c[i].flying = 0; }  // a credit was lost
      for (; open && c[i].flying < window; c[i].flying++) {
        struct mmsghdr out[64] = {0};
        struct iovec vector[64];
        for (int k = 0; k < count; k++) {
          struct head head = {i, (unsigned)bytes << 16 | count, c[i].sequence++};
          memcpy(train + k * bytes, &head, sizeof head);
          memcpy(train + (k + 1) * bytes - 8, &head.sequence, 8);
          if (!gso) vector[k] = (struct iovec){train + k * bytes, bytes}, out[k].msg_hdr = (struct msghdr){.msg_iov = &vector[k], .msg_iovlen = 1};
        }
        if (gso ? send(c[i].fd, train, count * bytes, 0) < 0 : sendmmsg(c[i].fd, out, count, 0) < count) perror("send");
        if (!c[i].flying) c[i].heard = t;
      }
      flying += c[i].flying;
    }
    if (!open && !flying) break;
    int n = epoll_wait(poller, events, CLIENTS, 20);
    for (int k = 0; k < n; k++) {
      int i = events[k].data.u32;
      struct credit credit;
      while (recv(c[i].fd, &credit, sizeof credit, 0) == sizeof credit) {
        if (credit.client != (unsigned)i) { c[i].wrong++; continue; }
        c[i].received = credit.received; c[i].heard = now();
        if (credit.wrong > c[i].wrong) c[i].wrong = credit.wrong;
        if (c[i].flying) c[i].flying--;
      }
    }
  } while (t < end + 2);
  unsigned long long sent = 0, received = 0, wrong = 0;
  for (int i = 0; i < clients; i++) sent += c[i].sequence, received += c[i].received, wrong += c[i].wrong;
  printf("units=%llu lost=%llu wrong=%llu stalls=%d seconds=%.3f\n", received, sent - received, wrong, stalls, now() - start);
  return wrong != 0;
}
static int trips(int port, int clients, double seconds) {
  struct { int fd; uint64_t sequence; double sent; } c[CLIENTS] = {0};
  struct sockaddr_in to = at(port);
  uint64_t done = 0, lost = 0, wrong = 0, datagram[8] = {0}, answer[8];
  int poller = epoll_create1(0);
  for (int i = 0; i < clients; i++) {
    c[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (connect(c[i].fd, (struct sockaddr *)&to, sizeof to)) return perror("connect"), 1;
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(poller, EPOLL_CTL_ADD, c[i].fd, &e);
  }
  double start = now(), t, swept = 0;
  struct epoll_event events[CLIENTS];
  while ((t = now()) < start + seconds) {
    for (int i = 0; t - swept > 0.05 && i < clients; i++)
      if (t - c[i].sent > 0.2) {  // the first one, or one that was lost
        lost += c[i].sequence > 0;
        c[i].sent = t;
        datagram[0] = i; datagram[1] = ++c[i].sequence;
        if (send(c[i].fd, datagram, sizeof datagram, 0) < 0) lost++;
      }
    if (t - swept > 0.05) swept = t;
    int n = epoll_wait(poller, events, CLIENTS, 20);
    for (int k = 0; k < n; k++) {
      int i = events[k].data.u32;
      ssize_t r = recv(c[i].fd, answer, sizeof answer, 0);
      if (r != sizeof answer || answer[0] != (unsigned)i || answer[1] > c[i].sequence) { wrong += r >= 0; continue; }
      if (answer[1] < c[i].sequence) continue;  // a late answer to one given up
      done++;
      c[i].sent = t;
      datagram[0] = i; datagram[1] = ++c[i].sequence;
      if (send(c[i].fd, datagram, sizeof datagram, 0) < 0) lost++;
    }
  }
  printf("units=%llu lost=%llu wrong=%llu stalls=0 seconds=%.3f\n", (unsigned long long)done, (unsigned long long)lost, (unsigned long long)wrong, now() - start);
  return wrong != 0;
}
int main(int argc, char **argv) {
  for (int i = 0; i < BLOCK; i++) pattern[i] = i * 131 + (i >> 8) * 17;
  if (argc == 3 && !strcmp(argv[1], "echo")) echo(atoi(argv[2]));
  if (argc == 4 && !strcmp(argv[1], "sink")) sink(atoi(argv[2]), !strcmp(argv[3], "gro"));
  if (argc == 5 && !strcmp(argv[1], "trips")) return trips(atoi(argv[2]), atoi(argv[3]), atof(argv[4]));
  if (argc >= 6 && !strcmp(argv[1], "burst")) {
    int bytes = argc > 6 ? atoi(argv[6]) : 1400, count = argc > 7 ? atoi(argv[7]) : 40, window = argc > 8 ? atoi(argv[8]) : 4;
    if (count > 64 || count < 1 || bytes < 32 || bytes * count > 65000) return 2;
    return burst(atoi(argv[2]), atoi(argv[3]), atof(argv[4]), !strcmp(argv[5], "gso"), bytes, count, window);
  }
  return fprintf(stderr, "udp_load echo|trips|sink|burst ...: see the top of the source\n"), 2;
}

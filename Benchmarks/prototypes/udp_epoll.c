// Prototype: what a UDP relay on plain epoll can reach. One thread, one listener, one connected upstream socket for each client.
// Not a design: no deadlines, no eviction, IPv4 loopback only. Build: gcc -O2 udp_epoll.c -o udp_epoll
// Run: udp_epoll LISTEN_PORT UPSTREAM_PORT [options]
//   --no-gro    neither UDP_GRO on receiving nor UDP_SEGMENT on sending
//   --batch N   datagrams (or trains) a recvmmsg or sendmmsg call, 1 to 256 (default 64)
//   --join      what arrived one by one for the same peer with one size leaves as one train (UDP_SEGMENT over an iovec)
//   --recv      read upstream sockets with recv: cheaper than recvmsg, but blind to trains, so UDP_GRO is off on them
//   --edge      edge-triggered (then every socket has to be read until it is empty)
//   --again     read an upstream socket until EAGAIN instead of once
//   --mmsg      read upstream sockets with recvmmsg, which sees EAGAIN inside of one call
//   --at-once   send each answer by itself as soon as it was read, instead of all with one sendmmsg
//   --submit    send what goes to the upstream sockets with one io_submit(2) (Linux AIO) instead of a send(2) each
//   --upstream-first   read the upstream sockets before the listener in each turn
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SESSIONS = 4096, TABLE = 4 * SESSIONS, BATCH = 256, BLOCK = 65536, LISTENER = SESSIONS, TRAIN = 64, TRAIN_BYTES = 65000 };

struct session { int fd; struct sockaddr_in client; };
struct piece { char *data; unsigned length, segment; int session; };  // segment 0: one datagram; else a train of datagrams so long
typedef union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control;

static struct session sessions[SESSIONS];
static int session_count, listener, poller, one = 1;
static uint16_t table[TABLE];  // open addressing by client address; 0 is free, else session + 1
static struct sockaddr_in upstream;
static int gro = 1, upstream_gro = 1, batch = 64, join, edge, again, mmsg, at_once, upstream_first;

// Receiving: one set of blocks, which both directions use, as what was received is sent before the next receive into it.
static char *blocks;
static struct mmsghdr in[BATCH];
static struct iovec in_vector[BATCH];
static struct sockaddr_in in_name[BATCH];
static control in_control[BATCH];
// Sending: messages that wait for one sendmmsg on the listener. Their data lies in blocks of their own.
static char *answer_blocks;
static struct piece answers[BATCH];
static int answer_count;
static struct mmsghdr out[BATCH];
static struct iovec out_vector[BATCH];
static control out_control[BATCH];
unsigned long long dropped;

static void watch(int fd, int index) {
  struct epoll_event event = {.events = EPOLLIN | (edge ? EPOLLET : 0), .data.u32 = index};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}
static int find(const struct sockaddr_in *client) {  // the session of a client, made when it is new; -1 when there is no room
  uint64_t key = (uint64_t)client->sin_addr.s_addr << 16 | client->sin_port;
  unsigned slot = (key * 0x9E3779B97F4A7C15ull >> 40) % TABLE;
  for (; table[slot]; slot = (slot + 1) % TABLE) {
    const struct sockaddr_in *c = &sessions[table[slot] - 1].client;
    if (c->sin_port == client->sin_port && c->sin_addr.s_addr == client->sin_addr.s_addr) return table[slot] - 1;
  }
  if (session_count == SESSIONS) return -1;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&upstream, sizeof upstream)) { if (fd >= 0) close(fd); return -1; }
  if (upstream_gro) setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
  sessions[session_count] = (struct session){fd, *client};
  table[slot] = ++session_count;
  watch(fd, session_count - 1);
  return session_count - 1;
}
static unsigned segment_of(struct msghdr *message, unsigned length) {  // the size of a train's datagrams, 0 when it is a single one
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int size;
      memcpy(&size, CMSG_DATA(c), sizeof size);
      return (unsigned)size < length ? size : 0;
    }
  return 0;
}
static void fill(struct msghdr *message, struct sockaddr_in *name, struct iovec *vector, int pieces, unsigned segment, control *c) {
  *message = (struct msghdr){.msg_name = name, .msg_namelen = name ? sizeof *name : 0, .msg_iov = vector, .msg_iovlen = pieces};
  if (!segment) return;
  uint16_t size = segment;
  c->header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof size), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
  memcpy(CMSG_DATA(&c->header), &size, sizeof size);
  message->msg_control = c;
  message->msg_controllen = CMSG_SPACE(sizeof size);
}
static void send_apart(int fd, struct sockaddr_in *name, const struct piece *p) {  // a train the route does not take: each datagram alone
  for (unsigned at = 0; at < p->length; at += p->segment) {
    unsigned n = p->length - at < p->segment ? p->length - at : p->segment;
    dropped += sendto(fd, p->data + at, n, 0, (struct sockaddr *)name, name ? sizeof *name : 0) < 0;
  }
}
// How many of the pieces from p on can leave as one message: plain datagrams of one size, of which the last may be shorter.
static int run(const struct piece *p, int count) {
  if (!join || p->segment || !p->length) return 1;
  int n = 1;
  unsigned bytes = p->length;
  while (n < count && n < TRAIN && p[n].session == p->session && !p[n].segment && p[n].length && p[n].length <= p->length
         && bytes + p[n].length <= TRAIN_BYTES) {
    bytes += p[n].length;
    if (p[n++].length < p->length) break;
  }
  return n;
}
static int submits;
static aio_context_t context;
static struct iocb writes[BATCH], *order[BATCH];
static long write_count;
static void flush_writes(void) {
  static struct io_event results[BATCH];
  for (long at = 0; at < write_count;) {
    long n = syscall(SYS_io_submit, context, write_count - at, order + at);
    if (n <= 0) { dropped++; at++; continue; }
    for (long i = 0, came = syscall(SYS_io_getevents, context, n, n, results, NULL); i < came; i++) dropped += (long)results[i].res < 0;
    at += n;
  }
  write_count = 0;
}
static void write_later(int fd, const struct piece *p) {
  writes[write_count] = (struct iocb){.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_buf = (uintptr_t)p->data, .aio_nbytes = p->length};
  order[write_count] = &writes[write_count];
  write_count++;
}
static void flush_answers(void) {
  int messages = 0;
  for (int i = 0; i < answer_count; messages++) {
    int n = run(&answers[i], answer_count - i);
    for (int k = i; k < i + n; k++) out_vector[k] = (struct iovec){answers[k].data, answers[k].length};
    fill(&out[messages].msg_hdr, &sessions[answers[i].session].client, &out_vector[i], n, n > 1 ? answers[i].length : answers[i].segment,
         &out_control[messages]);
    out[messages].msg_len = i;  // until it was sent: which piece it begins with
    i += n;
  }
  for (int sent = 0; sent < messages;) {
    int n = messages - sent == 1 ? (sendmsg(listener, &out[sent].msg_hdr, 0) < 0 ? -1 : 1) : sendmmsg(listener, out + sent, messages - sent, 0);
    if (n > 0) { sent += n; continue; }
    struct piece *p = &answers[out[sent].msg_len];
    if (p->segment && (errno == EMSGSIZE || errno == EINVAL)) send_apart(listener, &sessions[p->session].client, p); else dropped++;
    sent++;
  }
  answer_count = 0;
}
static void send_upstream(const struct piece *p, int n) {  // n pieces of one session as one message
  int fd = sessions[p->session].fd;
  if (submits && n == 1 && !p->segment) { write_later(fd, p); return; }
  if (n == 1 && !p->segment) { dropped += send(fd, p->data, p->length, 0) < 0; return; }
  struct msghdr message;
  struct iovec vector[TRAIN];
  control c;
  for (int i = 0; i < n; i++) vector[i] = (struct iovec){p[i].data, p[i].length};
  fill(&message, NULL, vector, n, n > 1 ? p->length : p->segment, &c);
  if (sendmsg(fd, &message, 0) >= 0) return;
  if (p->segment && (errno == EMSGSIZE || errno == EINVAL)) send_apart(fd, NULL, p); else dropped++;
}
static int receive_many(int fd, int from, int count, char *memory, int named) {  // into in[from...]; the kernel stops at EAGAIN
  for (int i = from; i < from + count; i++) {
    in_vector[i] = (struct iovec){memory + (size_t)i * BLOCK, BLOCK};
    in[i].msg_hdr = (struct msghdr){.msg_name = named ? &in_name[i] : NULL, .msg_namelen = named ? sizeof in_name[i] : 0,
      .msg_iov = &in_vector[i], .msg_iovlen = 1, .msg_control = gro ? &in_control[i] : NULL, .msg_controllen = gro ? sizeof in_control[i] : 0};
  }
  return recvmmsg(fd, in + from, count, 0, NULL);
}
static void from_clients(void) {
  static struct piece pieces[BATCH], sorted[BATCH];
  static int first[SESSIONS], next[BATCH], last[SESSIONS];
  int n;
  do {
    n = receive_many(listener, 0, batch, blocks, 1);
    int kept = 0, touched[BATCH], touched_count = 0;
    for (int i = 0; i < n; i++) {
      int s = find(&in_name[i]);
      if (s < 0) { dropped++; continue; }
      pieces[kept++] = (struct piece){in_vector[i].iov_base, in[i].msg_len, gro ? segment_of(&in[i].msg_hdr, in[i].msg_len) : 0, s};
    }
    if (!join) { for (int i = 0; i < kept; i++) send_upstream(&pieces[i], 1); flush_writes(); continue; }
    for (int i = 0; i < kept; i++) {  // order by session, and within a session as received
      int s = pieces[i].session;
      if (!first[s]) { first[s] = i + 1; touched[touched_count++] = s; } else next[last[s]] = i + 1;
      last[s] = i;
      next[i] = 0;
    }
    int count = 0;
    for (int t = 0; t < touched_count; t++) {
      for (int i = first[touched[t]]; i; i = next[i - 1]) sorted[count++] = pieces[i - 1];
      first[touched[t]] = 0;
    }
    for (int i = 0, r; i < count; i += r) send_upstream(&sorted[i], r = run(&sorted[i], count - i));
    flush_writes();
  } while (n == batch && edge);
}
static void from_upstream(int s) {
  int fd = sessions[s].fd, n, room;
  do {
    if (answer_count == batch) flush_answers();
    room = mmsg ? batch - answer_count : 1;
    if (mmsg) n = receive_many(fd, answer_count, room, answer_blocks, 0);
    else if (upstream_gro) {  // the train's datagram size comes as a control message only
      struct iovec vector = {answer_blocks + (size_t)answer_count * BLOCK, BLOCK};
      control c;
      struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
      ssize_t length = recvmsg(fd, &message, 0);
      n = length < 0 ? -1 : 1;
      in[answer_count].msg_len = length;
      in[answer_count].msg_hdr = message;
      if (n == 1) answers[answer_count].segment = segment_of(&message, length);
    } else {
      ssize_t length = recv(fd, answer_blocks + (size_t)answer_count * BLOCK, BLOCK, 0);
      n = length < 0 ? -1 : 1;
      in[answer_count].msg_len = length;
    }
    if (n < 0 && errno != EAGAIN) { n = again || edge ? room : 0; continue; }  // ECONNREFUSED: told once, then reading goes on
    for (int i = 0; i < n; i++, answer_count++) {
      unsigned length = in[answer_count].msg_len, segment = !upstream_gro ? 0 : mmsg ? segment_of(&in[answer_count].msg_hdr, length) : answers[answer_count].segment;
      answers[answer_count] = (struct piece){answer_blocks + (size_t)answer_count * BLOCK, length, segment, s};
    }
    if (at_once) flush_answers();
  } while (n == room && (again || edge));
}
static char *map(size_t bytes) { return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0); }
int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "udp_epoll LISTEN_PORT UPSTREAM_PORT [options]\n"), 2;
  for (int i = 3; i < argc; i++) {
    if (!strcmp(argv[i], "--no-gro")) gro = upstream_gro = 0;
    else if (!strcmp(argv[i], "--recv")) upstream_gro = 0;
    else if (!strcmp(argv[i], "--batch") && i + 1 < argc) batch = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--join")) join = 1;
    else if (!strcmp(argv[i], "--edge")) edge = 1;
    else if (!strcmp(argv[i], "--again")) again = 1;
    else if (!strcmp(argv[i], "--mmsg")) mmsg = 1;
    else if (!strcmp(argv[i], "--at-once")) at_once = 1;
    else if (!strcmp(argv[i], "--submit")) submits = 1;
    else if (!strcmp(argv[i], "--upstream-first")) upstream_first = 1;
    else return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
  }
  if (batch < 1 || batch > BATCH) return fprintf(stderr, "--batch 1 to %d\n", BATCH), 2;
  if (submits && syscall(SYS_io_setup, BATCH, &context) < 0) return perror("io_setup"), 1;
  blocks = map((size_t)BATCH * BLOCK);
  answer_blocks = map((size_t)BATCH * BLOCK);
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  upstream = here;
  upstream.sin_port = htons(atoi(argv[2]));
  listener = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int room = 4 << 20;
  setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (gro) setsockopt(listener, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&here, sizeof here)) return perror("bind"), 1;
  watch(listener, LISTENER);
  struct epoll_event events[256];
  for (;;) {
    int n = epoll_wait(poller, events, 256, -1), clients = 0;
    for (int i = 0; i < n; i++)
      if (events[i].data.u32 != LISTENER) from_upstream(events[i].data.u32);
      else if (upstream_first) clients = 1;
      else from_clients();
    if (answer_count) flush_answers();
    if (clients) from_clients();
  }
}

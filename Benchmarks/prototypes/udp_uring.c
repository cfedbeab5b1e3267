// Prototype: what a UDP relay on io_uring can reach. One thread, one ring, one listener, one connected upstream socket for each client.
// Not a design: no deadlines, no eviction, IPv4 loopback only. Build: gcc -O2 udp_uring.c -luring -o udp_uring
// Run: udp_uring LISTEN_PORT UPSTREAM_PORT [options]
//   --no-gro        neither UDP_GRO on receiving nor UDP_SEGMENT on sending
//   --blocks N      posted blocks, a power of two (default 256)
//   --block BYTES   a block's size (default 69888: a whole datagram with header, name and control, and a few cache lines more, so that
//                   the heads of all blocks do not share the cache's sets)
//   --join          what arrived one by one for the same peer with one size leaves as one train (UDP_SEGMENT over an iovec)
//   --recv          upstream sockets by RECV instead of RECVMSG: cheaper, but blind to trains, so UDP_GRO is off on them
//   --oneshot       with --recv: one-shot receives that poll first, instead of multishot
//   --sendmsg       SENDMSG for everything, instead of SEND (with an address for the listener) for what is no train
//   --completions   ask for a completion of every send, and post its block again only then
//   --poll-first    IORING_RECVSEND_POLL_FIRST where a receive is armed
//   --wait N USEC   wait for N completions or, after USEC, for one (6.12: the minimum wait)
//   --fixed         the sockets as registered files
//   --no-iowait     IORING_ENTER_NO_IOWAIT: waiting is not accounted as waiting for a disk
//   --huge          ask for huge pages for the blocks
// The order of a turn: one enter (which sends what the last turn prepared, then waits and receives), post the blocks that were sent, handle
// all completions, prepare the sends. With MSG_DONTWAIT a send is over when the enter returns, whether it asked for a completion or not.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN, UPSTREAM, SEND };
enum { SESSIONS = 4096, TABLE = 4 * SESSIONS, GROUP = 1, LISTENER = SESSIONS, TRAIN = 64, TRAIN_BYTES = 65000, ARENA = 4096, NO_BLOCK = 0xffff, HEADER = 16,
  NAME = 32, CONTROL = 80, PAYLOAD = HEADER + NAME + CONTROL, QUEUE = 4096 };

struct session { int fd; struct sockaddr_in client; };
struct piece { char *data; unsigned length, segment; int flow, next; unsigned short block; };  // flow: 2 * session, + 1 towards the client
typedef union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control;

static struct session sessions[SESSIONS];
static int session_count, listener, one = 1;
static uint16_t table[TABLE];  // open addressing by client address; 0 is free, else session + 1
static struct sockaddr_in upstream;
static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static char *memory;
static int gro = 1, blocks = 256, block_bytes = 69888, join, plain_recv, oneshot, always_sendmsg, completions, poll_first, wait_for = 1, wait_usec, fixed, huge, no_iowait;
static struct msghdr listen_shape = {.msg_namelen = NAME, .msg_controllen = CONTROL}, upstream_shape = {.msg_controllen = CONTROL};
unsigned long long dropped, starved;

// What this turn received and is about to send. All of it lives until the enter has returned.
static struct piece pieces[ARENA];
static int piece_count, posted;
static int first[2 * SESSIONS], last[2 * SESSIONS], touched[ARENA], touched_count;  // a chain of pieces for each flow, for --join
static struct msghdr messages[ARENA];
static struct iovec vectors[ARENA];
static control controls[ARENA];
static int message_count, vector_count;
static unsigned short sent[ARENA];  // blocks to post again when the enter has returned
static int sent_count;

static void give_back(unsigned short block) {
  io_uring_buf_ring_add(buffers, memory + (size_t)block * block_bytes, block_bytes - 256, block, io_uring_buf_ring_mask(blocks), posted++);
}
static struct io_uring_sqe *prepare(void) {
  struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
  if (!sqe) { io_uring_submit(&ring); sqe = io_uring_get_sqe(&ring); }
  return sqe;
}
static void tag(struct io_uring_sqe *sqe, int kind, unsigned value) { sqe->user_data = (uint64_t)kind << 32 | value; }
static void receive(int index) {
  struct io_uring_sqe *sqe = prepare();
  int of_listener = index == LISTENER, fd = fixed ? index : of_listener ? listener : sessions[index].fd;
  if (!of_listener && plain_recv) io_uring_prep_recv(sqe, fd, NULL, 0, 0);
  else io_uring_prep_recvmsg(sqe, fd, of_listener ? &listen_shape : &upstream_shape, 0);
  if (of_listener || !oneshot) sqe->ioprio |= IORING_RECV_MULTISHOT;
  if (poll_first || (oneshot && !of_listener)) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
  sqe->flags |= IOSQE_BUFFER_SELECT | (fixed ? IOSQE_FIXED_FILE : 0);
  sqe->buf_group = GROUP;
  tag(sqe, of_listener ? LISTEN : UPSTREAM, index);
}
static int find(const struct sockaddr_in *client) {  // the session of a client, made when it is new; -1 when there is no room
  uint64_t key = (uint64_t)client->sin_addr.s_addr << 16 | client->sin_port;
  unsigned slot = (key * 0x9E3779B97F4A7C15ull >> 40) % TABLE;
  for (; table[slot]; slot = (slot + 1) % TABLE) {
    const struct sockaddr_in *c = &sessions[table[slot] - 1].client;
    if (c->sin_port == client->sin_port && c->sin_addr.s_addr == client->sin_addr.s_addr) return table[slot] - 1;
  }
  if (session_count == SESSIONS) return -1;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&upstream, sizeof upstream)) { if (fd >= 0) close(fd); return -1; }
  if (gro && !plain_recv) setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
  if (fixed) io_uring_register_files_update(&ring, session_count, &fd, 1);
  sessions[session_count] = (struct session){fd, *client};
  table[slot] = ++session_count;
  receive(session_count - 1);
  return session_count - 1;
}
// How many pieces of the chain from p on can leave as one message: plain datagrams of one size, of which the last may be shorter.
static int run(const struct piece *p) {
  if (!join || p->segment || !p->length) return 1;
  int n = 1;
  unsigned bytes = p->length;
  for (const struct piece *q = p; q->next && n < TRAIN;) {
    q = &pieces[q->next - 1];
    if (q->segment || !q->length || q->length > p->length || bytes + q->length > TRAIN_BYTES) break;
    bytes += q->length;
    n++;
    if (q->length < p->length) break;
  }
  return n;
}
static int forward(int index) {  // prepares one message from the chain that begins here; returns where the rest of it begins, or -1
  struct piece *p = &pieces[index];
  int session = p->flow / 2, to_client = p->flow & 1, n = run(p), fd = fixed ? (to_client ? LISTENER : session) : to_client ? listener : sessions[session].fd;
  struct sockaddr_in *name = to_client ? &sessions[session].client : NULL;
  struct io_uring_sqe *sqe = prepare();
  if (n == 1 && !p->segment && !always_sendmsg) {
    io_uring_prep_send(sqe, fd, p->data, p->length, MSG_DONTWAIT);
    if (name) io_uring_prep_send_set_addr(sqe, (struct sockaddr *)name, sizeof *name);
  } else {
    struct msghdr *m = &messages[message_count];
    unsigned segment = n > 1 ? p->length : p->segment;
    *m = (struct msghdr){.msg_name = name, .msg_namelen = name ? sizeof *name : 0, .msg_iov = &vectors[vector_count], .msg_iovlen = n};
    for (int i = 0, k = index; i < n; i++, k = pieces[k].next - 1) vectors[vector_count++] = (struct iovec){pieces[k].data, pieces[k].length};
    if (segment) {
      control *c = &controls[message_count];
      uint16_t size = segment;
      c->header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof size), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
      memcpy(CMSG_DATA(&c->header), &size, sizeof size);
      m->msg_control = c;
      m->msg_controllen = CMSG_SPACE(sizeof size);
    }
    message_count++;
    io_uring_prep_sendmsg(sqe, fd, m, MSG_DONTWAIT);
  }
  if (fixed) sqe->flags |= IOSQE_FIXED_FILE;
  if (!completions) sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;  // a failure still tells
  int own = completions && n == 1 && p->block != NO_BLOCK;  // posted again by the send's completion, else when the enter has returned
  tag(sqe, SEND, own ? p->block : NO_BLOCK);
  for (int i = 0; i < n; i++, p = &pieces[p->next - 1]) {
    if (!own && p->block != NO_BLOCK) sent[sent_count++] = p->block;
    if (!p->next) return -1;
    index = p->next - 1;
  }
  return index;
}
static void keep(int flow, char *data, unsigned length, unsigned segment, unsigned short block) {
  int i = piece_count++;
  pieces[i] = (struct piece){data, length, segment, flow, 0, block};
  if (!join) { forward(i); return; }
  if (!first[flow]) { first[flow] = i + 1; touched[touched_count++] = flow; } else pieces[last[flow]].next = i + 1;
  last[flow] = i;
}
static void on_receive(int index, int result, unsigned flags) {
  int of_listener = index == LISTENER;
  if (flags & IORING_CQE_F_BUFFER) {
    unsigned short block = flags >> IORING_CQE_BUFFER_SHIFT;
    char *data = memory + (size_t)block * block_bytes;
    unsigned length = result, segment = 0;
    int flow = 2 * index + 1, good = result >= 0;
    if (good && (of_listener || !plain_recv)) {
      struct io_uring_recvmsg_out head;
      memcpy(&head, data, sizeof head);
      int payload = HEADER + (of_listener ? NAME : 0) + CONTROL;
      good = result >= payload && !(head.flags & (MSG_TRUNC | MSG_CTRUNC));
      length = result - payload;
      if (head.controllen >= CMSG_LEN(sizeof(int))) {
        struct cmsghdr c;
        memcpy(&c, data + payload - CONTROL, sizeof c);
        if (c.cmsg_level == IPPROTO_UDP && c.cmsg_type == UDP_GRO) memcpy(&segment, data + payload - CONTROL + CMSG_LEN(0), sizeof segment);
        if (segment >= length) segment = 0;
      }
      if (of_listener && good) {
        struct sockaddr_in client;
        memcpy(&client, data + HEADER, sizeof client);
        flow = find(&client);
        if (flow < 0) good = 0; else flow *= 2;
      }
      data += payload;
    }
    if (good) keep(flow, data, length, segment, block); else { dropped++; give_back(block); }
  } else if (!result && !of_listener && plain_recv) keep(2 * index + 1, memory, 0, 0, NO_BLOCK);  // RECV tells an empty datagram without a block
  if (!(flags & IORING_CQE_F_MORE)) {  // ended by a lack of blocks, an empty datagram, ECONNREFUSED or a full completion queue
    starved += result == -ENOBUFS;
    receive(index);  // this turn's enter would find no blocks again: those it sends are posted after it. So the retry may take two turns
  }
}
// io_uring_submit_and_wait with what liburing 2.3 does not know: the minimum wait (its 'pad' is today's min_wait_usec) and NO_IOWAIT (6.15).
static int enter(void) {
  if (!wait_usec && !no_iowait) return io_uring_submit_and_wait(&ring, wait_for);
  struct io_uring_sq *sq = &ring.sq;
  unsigned tail = *sq->ktail, submit = sq->sqe_tail - sq->sqe_head;
  for (; sq->sqe_head != sq->sqe_tail; sq->sqe_head++) sq->array[tail++ & sq->ring_mask] = sq->sqe_head & sq->ring_mask;
  io_uring_smp_store_release(sq->ktail, tail);
  struct __kernel_timespec forever = {.tv_sec = 3600};
  struct io_uring_getevents_arg arg = {.pad = wait_usec, .ts = (uint64_t)(uintptr_t)&forever};
  unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | IORING_ENTER_REGISTERED_RING | (no_iowait ? 1u << 7 : 0);
  return io_uring_enter2(ring.enter_ring_fd, submit, wait_for, flags, (void *)&arg, sizeof arg);
}
int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "udp_uring LISTEN_PORT UPSTREAM_PORT [options]\n"), 2;
  struct { const char *name; int *flag; } flags[] = {{"--join", &join}, {"--recv", &plain_recv}, {"--oneshot", &oneshot}, {"--sendmsg", &always_sendmsg},
    {"--completions", &completions}, {"--poll-first", &poll_first}, {"--fixed", &fixed}, {"--huge", &huge}, {"--no-iowait", &no_iowait}};
  for (int i = 3; i < argc; i++) {
    unsigned k = 0;
    for (; k < sizeof flags / sizeof *flags; k++) if (!strcmp(argv[i], flags[k].name)) { *flags[k].flag = 1; break; }
    if (k < sizeof flags / sizeof *flags) continue;
    if (!strcmp(argv[i], "--no-gro")) gro = 0;
    else if (!strcmp(argv[i], "--blocks") && i + 1 < argc) blocks = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--block") && i + 1 < argc) block_bytes = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--wait") && i + 2 < argc) wait_for = atoi(argv[i + 1]), wait_usec = atoi(argv[i + 2]), i += 2;
    else return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
  }
  if (oneshot && !plain_recv) return fprintf(stderr, "--oneshot needs --recv: a one-shot RECVMSG has no header in its block\n"), 2;
  if (blocks < 1 || blocks > 2048 || blocks & (blocks - 1)) return fprintf(stderr, "--blocks: a power of two up to 2048\n"), 2;
  struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE, .cq_entries = 2 * QUEUE};
  if (io_uring_queue_init_params(QUEUE, &ring, &params)) return perror("ring"), 1;
  io_uring_register_ring_fd(&ring);
  size_t bytes = ((size_t)blocks * block_bytes + (2 << 20) - 1) >> 21 << 21;
  buffers = mmap(NULL, blocks * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (huge) madvise(memory, bytes, MADV_HUGEPAGE);
  struct io_uring_buf_reg reg = {.ring_addr = (unsigned long)buffers, .ring_entries = blocks, .bgid = GROUP};
  if (io_uring_register_buf_ring(&ring, &reg, 0)) return perror("buffer ring"), 1;
  io_uring_buf_ring_init(buffers);
  for (int i = 0; i < blocks; i++) give_back(i);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  upstream = here;
  upstream.sin_port = htons(atoi(argv[2]));
  listener = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int room = 4 << 20;
  setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (gro) setsockopt(listener, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&here, sizeof here)) return perror("bind"), 1;
  if (fixed) {
    if (io_uring_register_files_sparse(&ring, SESSIONS + 1)) return perror("files"), 1;
    io_uring_register_files_update(&ring, LISTENER, &listener, 1);
  }
  receive(LISTENER);
  for (;;) {
    io_uring_buf_ring_advance(buffers, posted);  // one store for all blocks that came back
    posted = 0;
    if (enter() < 0 && errno != EINTR && errno != ETIME) dropped++;
    for (int i = 0; i < sent_count; i++) give_back(sent[i]);
    sent_count = piece_count = touched_count = message_count = vector_count = 0;
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    io_uring_for_each_cqe(&ring, head, cqe) {
      int kind = cqe->user_data >> 32;
      unsigned value = cqe->user_data;
      seen++;
      if (kind != SEND) { on_receive(value, cqe->res, cqe->flags); continue; }
      dropped += cqe->res < 0;
      if (value != NO_BLOCK && completions) give_back(value);
    }
    io_uring_cq_advance(&ring, seen);
    for (int t = 0; t < touched_count; t++) {
      for (int i = first[touched[t]] - 1; i >= 0;) i = forward(i);
      first[touched[t]] = 0;
    }
  }
}

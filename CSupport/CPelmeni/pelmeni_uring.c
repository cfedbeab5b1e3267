#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "include/pelmeni_features.h"
#include "include/pelmeni_uring.h"
#include "pelmeni_private.h"

// The header of 2.3 lacks features of later kernels; the probe grants them at run time, never the header's version.
enum {
    GROUPS = 3,
    TASK_TURN = 20,
    TASK_TURNS_MAX = 8,
    CROWD = 16,         // receives of one batch that found no block
    CROWDED_LOOPS = 16, // how long it counts as crowded after that
    MESSAGES = 256,     // headers of Unix streams' receives that are allocated together
};

// The memory of a sendmsg from the call until the operation is submitted; one for each submission slot, so it is reused
// only after the kernel has taken that slot.
struct gather {
    struct msghdr message;
    struct iovec pieces[PELMENI_SEND_PIECES];
};

struct group {
    struct io_uring_buf_ring *ring;
    size_t bytes;
    uint32_t mask;
    uint16_t tail;
};

struct pelmeni_uring {
    struct io_uring ring;
    struct gather *gathers;
    struct group groups[GROUPS];
    struct msghdr **messages; // by slot, in blocks of MESSAGES that stay in place: the kernel writes flags into them
    uint32_t message_blocks;
    uint32_t features;
    uint64_t enters;
    uint64_t overflows;
    unsigned crowded;
};

static unsigned setup_flags(uint32_t features) {
    unsigned flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    if (features & PELMENI_FEATURE_SUBMIT_ALL) flags |= IORING_SETUP_SUBMIT_ALL;
    if (features & PELMENI_FEATURE_COOP_TASKRUN) flags |= IORING_SETUP_COOP_TASKRUN;
    if (features & PELMENI_FEATURE_SINGLE_ISSUER) flags |= IORING_SETUP_SINGLE_ISSUER;
    // DEFER_TASKRUN demands SINGLE_ISSUER, and makes COOP_TASKRUN meaningless.
    if ((features & PELMENI_FEATURE_DEFER_TASKRUN) && (features & PELMENI_FEATURE_SINGLE_ISSUER))
        flags |= IORING_SETUP_DEFER_TASKRUN;
    return flags;
}

static int create_ring(pelmeni_uring *self, const pelmeni_uring_options *options) {
    // Newest first: each flag is dropped alone, so that an older kernel keeps its own.
    static const uint32_t steps[] = {1u << 3 /* DEFER_TASKRUN, 6.1 */, 1u << 2 /* SINGLE_ISSUER, 6.0 */,
                                     1u << 1 /* COOP_TASKRUN, 5.19 */, 1u << 0 /* SUBMIT_ALL, 5.18 */};
    self->features = options->features;
    for (unsigned step = 0;; step++) {
        struct io_uring_params params = {.flags = setup_flags(self->features), .cq_entries = options->completions};
        int error = io_uring_queue_init_params(options->entries, &self->ring, &params);
        if (error != -EINVAL || step == sizeof steps / sizeof *steps) return error;
        self->features &= ~steps[step];
    }
}

int pelmeni_uring_create(pelmeni_uring **out, const pelmeni_uring_options *options) {
    pelmeni_uring *self = calloc(1, sizeof *self);
    if (!self) return -ENOMEM;
    int error = create_ring(self, options);
    if (error) {
        free(self);
        return error;
    }
    unsigned entries = self->ring.sq.ring_entries;
    self->gathers = calloc(entries, sizeof *self->gathers);
    if (!self->gathers) {
        io_uring_queue_exit(&self->ring);
        free(self);
        return -ENOMEM;
    }
    // Submission slot i is always entry i, so a flush is one store of the tail.
    for (unsigned i = 0; i < entries; i++) self->ring.sq.array[i] = i;
    if ((self->features & PELMENI_FEATURE_RING_DESCRIPTOR) && io_uring_register_ring_fd(&self->ring) != 1)
        self->features &= ~PELMENI_FEATURE_RING_DESCRIPTOR;
    // A punted operation takes at most one kernel thread, rather than hundreds (liburing issue 349).
    unsigned limits[2] = {1, 1};
    io_uring_register_iowq_max_workers(&self->ring, limits);
    *out = self;
    return 0;
}

void pelmeni_uring_destroy(pelmeni_uring *self) {
    io_uring_queue_exit(&self->ring);
    for (int i = 0; i < GROUPS; i++)
        if (self->groups[i].ring) munmap(self->groups[i].ring, self->groups[i].bytes);
    for (uint32_t i = 0; i < self->message_blocks; i++) free(self->messages[i]);
    free(self->messages);
    free(self->gathers);
    free(self);
}

uint32_t pelmeni_uring_features(const pelmeni_uring *self) { return self->features; }
uint64_t pelmeni_uring_enters(const pelmeni_uring *self) { return self->enters; }
uint64_t pelmeni_uring_overflows(const pelmeni_uring *self) { return self->overflows; }

// MARK: Provided blocks

int pelmeni_uring_group(pelmeni_uring *self, uint16_t group, uint32_t slots) {
    if (group >= GROUPS || !slots || slots > 32768 || (slots & (slots - 1))) return -EINVAL;
    struct group *it = &self->groups[group];
    it->bytes = slots * sizeof(struct io_uring_buf);
    void *memory = mmap(NULL, it->bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) return -errno;
    struct io_uring_buf_reg reg = {.ring_addr = (unsigned long)memory, .ring_entries = slots, .bgid = group};
    int error = io_uring_register_buf_ring(&self->ring, &reg, 0);
    if (error) {
        munmap(memory, it->bytes);
        return error;
    }
    it->ring = memory;
    it->mask = slots - 1;
    it->tail = 0;
    return 0;
}

void pelmeni_uring_post(pelmeni_uring *self, uint16_t group, uint16_t slot, void *block, uint32_t bytes) {
    struct group *it = &self->groups[group];
    // Every field but `resv` is written anew: the kernel may have shortened the length, and `resv` of entry 0 is the
    // ring's tail.
    struct io_uring_buf *entry = &it->ring->bufs[it->tail & it->mask];
    entry->addr = (unsigned long)block;
    entry->len = bytes;
    entry->bid = slot;
    it->tail++;
}

void pelmeni_uring_publish(pelmeni_uring *self, uint16_t group) {
    struct group *it = &self->groups[group];
    __atomic_store_n(&it->ring->tail, it->tail, __ATOMIC_RELEASE);
}

// MARK: Submitting

static unsigned flush(pelmeni_uring *self) {
    struct io_uring_sq *sq = &self->ring.sq;
    sq->sqe_head = sq->sqe_tail;
    __atomic_store_n(sq->ktail, sq->sqe_tail, __ATOMIC_RELEASE);
    return sq->sqe_tail - __atomic_load_n(sq->khead, __ATOMIC_ACQUIRE);
}

static int enter(pelmeni_uring *self, unsigned wait, unsigned flags, struct io_uring_getevents_arg *argument) {
    unsigned staged = flush(self);
    if (self->features & PELMENI_FEATURE_RING_DESCRIPTOR) flags |= IORING_ENTER_REGISTERED_RING;
    if (wait && (self->features & PELMENI_FEATURE_NO_IOWAIT)) flags |= PELMENI_IORING_ENTER_NO_IOWAIT;
    self->enters++;
    int result = argument ? io_uring_enter2(self->ring.enter_ring_fd, staged, wait, flags | IORING_ENTER_EXT_ARG,
                                            (sigset_t *)argument, sizeof *argument)
                          : io_uring_enter2(self->ring.enter_ring_fd, staged, wait, flags, NULL, _NSIG / 8);
    return result;
}

static int is_passing(int error) {
    return error == -ETIME || error == -EINTR || error == -EAGAIN || error == -EBUSY;
}

// An enter runs 20 pieces of task work and leaves the others to the next one (IO_LOCAL_TW_DEFAULT_MAX, since 6.13).
// Behind a thousand busy sockets a small message would wait for fifty loops: while many receives find no block, more
// task work is run at once.
static void run_task_work(pelmeni_uring *self, unsigned seen) {
    self->crowded--;
    for (int turn = 0; turn < TASK_TURNS_MAX; turn++) {
        unsigned tail = __atomic_load_n(self->ring.cq.ktail, __ATOMIC_ACQUIRE);
        if (tail - seen < TASK_TURN) return;
        seen = tail;
        if (enter(self, 0, IORING_ENTER_GETEVENTS, NULL) < 0) return;
    }
}

int pelmeni_uring_submit(pelmeni_uring *self, int64_t wait_nanoseconds) {
    if (__atomic_load_n(self->ring.sq.kflags, __ATOMIC_RELAXED) & IORING_SQ_CQ_OVERFLOW) self->overflows++;
    unsigned seen = __atomic_load_n(self->ring.cq.ktail, __ATOMIC_RELAXED);
    int result;
    if (wait_nanoseconds == 0) {
        result = enter(self, 0, IORING_ENTER_GETEVENTS, NULL);
    } else if (wait_nanoseconds == INT64_MAX) {
        result = enter(self, 1, IORING_ENTER_GETEVENTS, NULL);
    } else {
        struct __kernel_timespec time = {.tv_sec = wait_nanoseconds / 1000000000,
                                         .tv_nsec = wait_nanoseconds % 1000000000};
        struct io_uring_getevents_arg argument = {.sigmask_sz = _NSIG / 8, .ts = (unsigned long)&time};
        result = enter(self, 1, IORING_ENTER_GETEVENTS, &argument);
    }
    if (result < 0) return is_passing(result) ? 0 : result;
    if (self->crowded > 0) run_task_work(self, seen);
    return 0;
}

uint32_t pelmeni_uring_reap(pelmeni_uring *self, pelmeni_completion *out, uint32_t capacity) {
    struct io_uring_cq *cq = &self->ring.cq;
    unsigned head = *cq->khead;
    unsigned tail = __atomic_load_n(cq->ktail, __ATOMIC_ACQUIRE);
    uint32_t count = tail - head < capacity ? tail - head : capacity;
    unsigned without_block = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct io_uring_cqe *cqe = &cq->cqes[(head + i) & cq->ring_mask];
        uint16_t flags = 0;
        if (cqe->flags & IORING_CQE_F_MORE) flags |= PELMENI_MORE;
        if (cqe->flags & IORING_CQE_F_BUFFER) flags |= PELMENI_BLOCK;
        if (cqe->flags & IORING_CQE_F_SOCK_NONEMPTY) flags |= PELMENI_NONEMPTY;
        if (cqe->res == -ENOBUFS && ++without_block >= CROWD) self->crowded = CROWDED_LOOPS;
        out[i] = (pelmeni_completion){.token = cqe->user_data,
                                      .result = cqe->res,
                                      .slot = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT),
                                      .flags = flags};
    }
    if (count) __atomic_store_n(cq->khead, head + count, __ATOMIC_RELEASE);
    return count;
}

// MARK: Operations

static struct io_uring_sqe *stage(pelmeni_uring *self) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
    if (sqe) return sqe;
    // The queue is full: submit it without waiting. EBUSY means that completions overflowed, and an enter that gets
    // events makes room for them.
    int error = enter(self, 0, 0, NULL);
    if (error == -EBUSY || error == -EAGAIN) enter(self, 0, IORING_ENTER_GETEVENTS, NULL);
    return io_uring_get_sqe(&self->ring);
}

int pelmeni_uring_accept(pelmeni_uring *self, int listener, int multishot, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    if (multishot && (self->features & PELMENI_FEATURE_MULTISHOT_ACCEPT))
        io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    else
        io_uring_prep_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    sqe->user_data = token;
    return 0;
}

int pelmeni_uring_connect(pelmeni_uring *self, int socket, const void *address, socklen_t length, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_connect(sqe, socket, address, length);
    sqe->user_data = token;
    return 0;
}

int pelmeni_uring_receive(pelmeni_uring *self, int socket, uint16_t group, int multishot, uint32_t turn_bytes,
                          uint32_t total_bytes, int poll_first, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_recv(sqe, socket, NULL, 0, 0);
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = group;
    if (multishot) {
        sqe->ioprio = IORING_RECV_MULTISHOT;
        sqe->len = turn_bytes;
        sqe->file_index = total_bytes; // `optlen` since 6.17, at the same place
    }
    if (poll_first && (self->features & PELMENI_FEATURE_POLL_FIRST)) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    sqe->user_data = token;
    return 0;
}

// The header of a slot's receive; NULL without memory.
static struct msghdr *make_message(pelmeni_uring *self, uint32_t slot) {
    uint32_t block = slot / MESSAGES;
    if (block >= self->message_blocks) {
        uint32_t count = block + 1 > 2 * self->message_blocks ? block + 1 : 2 * self->message_blocks;
        struct msghdr **grown = realloc(self->messages, count * sizeof *grown);
        if (!grown) return NULL;
        memset(grown + self->message_blocks, 0, (count - self->message_blocks) * sizeof *grown);
        self->messages = grown;
        self->message_blocks = count;
    }
    if (!self->messages[block]) self->messages[block] = calloc(MESSAGES, sizeof(struct msghdr));
    return self->messages[block] ? &self->messages[block][slot % MESSAGES] : NULL;
}

int pelmeni_uring_receive_message(pelmeni_uring *self, int socket, uint16_t group, int poll_first, uint32_t slot,
                                  uint64_t token) {
    struct msghdr *message = make_message(self, slot);
    // Without memory descriptors are dropped uncounted.
    if (!message) return pelmeni_uring_receive(self, socket, group, 0, 0, 0, poll_first, token);
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    // No length is the whole block. No piece at all means the same since 6.0 alone.
    static struct iovec whole = {0};
    *message = (struct msghdr){.msg_iov = &whole, .msg_iovlen = 1};
    io_uring_prep_recvmsg(sqe, socket, message, 0);
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = group;
    if (poll_first && (self->features & PELMENI_FEATURE_POLL_FIRST)) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    sqe->user_data = token;
    return 0;
}

int pelmeni_uring_message_descriptors(pelmeni_uring *self, uint32_t slot) {
    uint32_t block = slot / MESSAGES;
    if (block >= self->message_blocks || !self->messages[block]) return 0;
    struct msghdr *message = &self->messages[block][slot % MESSAGES];
    int has_descriptors = (message->msg_flags & MSG_CTRUNC) != 0;
    message->msg_flags = 0;
    return has_descriptors;
}

int pelmeni_uring_send(pelmeni_uring *self, int socket, const void *data, uint32_t length, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_send(sqe, socket, data, length, MSG_WAITALL | MSG_NOSIGNAL);
    sqe->user_data = token;
    return 0;
}

struct iovec *pelmeni_uring_send_gathered(pelmeni_uring *self, int socket, uint32_t count, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return NULL;
    struct gather *gather = &self->gathers[sqe - self->ring.sq.sqes];
    gather->message = (struct msghdr){.msg_iov = gather->pieces, .msg_iovlen = count};
    io_uring_prep_sendmsg(sqe, socket, &gather->message, MSG_WAITALL | MSG_NOSIGNAL);
    sqe->user_data = token;
    return gather->pieces;
}

// Copied when the operation is prepared, so that one of each kind serves all sockets.
static struct msghdr udp_layout = {.msg_namelen = PELMENI_DATAGRAM_NAME_UDP,
                                   .msg_controllen = PELMENI_DATAGRAM_PAYLOAD - PELMENI_DATAGRAM_NAME -
                                                     PELMENI_DATAGRAM_NAME_UDP};
static struct msghdr unix_layout = {.msg_namelen = PELMENI_DATAGRAM_NAME_UNIX};
_Static_assert((int)PELMENI_DATAGRAM_NAME + (int)PELMENI_DATAGRAM_NAME_UNIX == (int)PELMENI_DATAGRAM_PAYLOAD,
               "the kernel puts a payload behind the room for name and control messages");

int pelmeni_uring_receive_datagrams(pelmeni_uring *self, int socket, uint16_t group, int is_unix, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_recvmsg_multishot(sqe, socket, is_unix ? &unix_layout : &udp_layout, 0);
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = group;
    sqe->user_data = token;
    return 0;
}

// MSG_DONTWAIT always: a send to a Unix datagram socket that waits in the ring is later sent EMPTY, since
// unix_dgram_sendmsg copies the payload before it finds the queue full, and the ring tries again behind it (seen on
// 6.18).
int pelmeni_uring_send_datagram(pelmeni_uring *self, int socket, pelmeni_outgoing *outgoing, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (!outgoing->message.msg_name && !outgoing->message.msg_control)
        io_uring_prep_send(sqe, socket, outgoing->piece.iov_base, outgoing->piece.iov_len, flags);
    else
        io_uring_prep_sendmsg(sqe, socket, &outgoing->message, flags);
    sqe->user_data = token;
    return 0;
}

static int await_event(pelmeni_uring *self, int socket, unsigned event, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_poll_add(sqe, socket, event);
    sqe->user_data = token;
    return 0;
}

int pelmeni_uring_await_bytes(pelmeni_uring *self, int socket, uint64_t token) {
    return await_event(self, socket, POLLIN, token);
}

int pelmeni_uring_await_room(pelmeni_uring *self, int socket, uint64_t token) {
    return await_event(self, socket, POLLOUT, token);
}

int pelmeni_uring_wake(pelmeni_uring *self, int event, uint64_t *value, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_read(sqe, event, value, sizeof *value, 0);
    sqe->user_data = token;
    return 0;
}

int pelmeni_uring_cancel(pelmeni_uring *self, uint64_t target, uint64_t token) {
    struct io_uring_sqe *sqe = stage(self);
    if (!sqe) return -EBUSY;
    io_uring_prep_cancel64(sqe, target, 0);
    if (self->features & PELMENI_FEATURE_SKIP_SUCCESS) sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = token;
    return 0;
}

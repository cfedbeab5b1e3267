#define _GNU_SOURCE
#include "pelmeni_features.h"
#include "pelmeni_private.h"
#include "pelmeni_thread.h"

#include <errno.h>
#include <liburing.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Every feature is probed by use: the comments name the kernel that brought it, but distributions remove features,
// sandboxes refuse them, and only the kernel itself knows.

enum {
    ENTRIES = 8,
    BLOCKS = 8,
    BLOCK_BYTES = 64,
    BOUND_BYTES = 2 * BLOCK_BYTES,
    OPERATION_TOKEN = 1,
    CANCEL_TOKEN = 2,
    PATIENCE_MILLISECONDS = 200, // loopback answers in microseconds; this is for a machine that stands still
};

static const uint32_t SETUP_FEATURES = PELMENI_FEATURE_SUBMIT_ALL | PELMENI_FEATURE_COOP_TASKRUN
                                       | PELMENI_FEATURE_SINGLE_ISSUER | PELMENI_FEATURE_DEFER_TASKRUN;
static const uint32_t NEEDED_FEATURES = PELMENI_FEATURE_BUFFER_RINGS | PELMENI_FEATURE_WAIT_TIMEOUT;

typedef struct {
    struct io_uring ring;
    uint32_t granted;
    size_t page;
    uint8_t *memory; // one page for the buffer ring, one for its blocks
} probe;

// MARK: Setup

static int set_up(struct io_uring *ring, unsigned flags) {
    struct io_uring_params params = {.flags = flags};
    memset(ring, 0, sizeof *ring);
    return io_uring_queue_init_params(ENTRIES, ring, &params);
}

// One ring when the kernel grants all flags, as it does since 6.1; before that a ring for each flag.
static int open_ring(probe *self) {
    static const struct {
        uint32_t feature;
        unsigned flags;
    } steps[] = {
        {PELMENI_FEATURE_SUBMIT_ALL, IORING_SETUP_SUBMIT_ALL},
        {PELMENI_FEATURE_COOP_TASKRUN, IORING_SETUP_COOP_TASKRUN},
        {PELMENI_FEATURE_SINGLE_ISSUER, IORING_SETUP_SINGLE_ISSUER},
        {PELMENI_FEATURE_DEFER_TASKRUN, IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER},
    };
    int error = set_up(&self->ring, IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER
                                        | IORING_SETUP_DEFER_TASKRUN);
    if (error == 0) { self->granted |= SETUP_FEATURES; }
    if (error != -EINVAL) { return error; }
    for (size_t step = 0; step < sizeof steps / sizeof *steps; step++) {
        struct io_uring single;
        error = set_up(&single, steps[step].flags);
        if (error != 0 && error != -EINVAL) { return error; }
        if (error == -EINVAL) { continue; }
        self->granted |= steps[step].feature;
        io_uring_queue_exit(&single);
    }
    return set_up(&self->ring, 0);
}

// MARK: One operation and its answer

// Submits the staged entries and takes one completion; -ETIME when none comes.
static int answer(probe *self, int64_t wait_milliseconds, struct io_uring_cqe *out) {
    struct __kernel_timespec limit = {
        .tv_sec = wait_milliseconds / 1000,
        .tv_nsec = wait_milliseconds % 1000 * 1000000,
    };
    struct io_uring_cqe *completion = NULL;
    int result;
    do {
        result = io_uring_submit_and_wait_timeout(&self->ring, &completion, 1, &limit, NULL);
    } while (result == -EINTR);
    if (result < 0) { return result; }
    if (completion == NULL) { return -ETIME; }
    *out = *completion;
    io_uring_cqe_seen(&self->ring, completion);
    return 0;
}

// Never NULL: every probe stages at most two entries.
static struct io_uring_sqe *stage_nothing(probe *self, uint64_t token) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    io_uring_prep_nop(entry);
    entry->user_data = token;
    return entry;
}

// Ends an operation that is still armed, so that the ring holds no socket after the probe.
static void disarm(probe *self, int accepts) {
    struct io_uring_cqe completion;
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    io_uring_prep_cancel64(entry, OPERATION_TOKEN, 0);
    entry->user_data = CANCEL_TOKEN;
    int cancelled = 0, ended = 0;
    while (!(cancelled && ended) && answer(self, PATIENCE_MILLISECONDS, &completion) == 0) {
        if (completion.user_data == CANCEL_TOKEN) {
            cancelled = 1;
            continue;
        }
        if (accepts && completion.res >= 0) { close(completion.res); } // it came after all
        if (!(completion.flags & IORING_CQE_F_MORE)) { ended = 1; }
    }
}

// MARK: The features, each by use. 1: granted, 0: not, -errno: the kernel, or what guards it, refuses to be asked.

// 5.11. Also the first io_uring_enter: a seccomp filter may allow the setup and refuse this call.
static int has_wait_timeout(probe *self) {
    struct io_uring_cqe completion;
    stage_nothing(self, OPERATION_TOKEN);
    int count = io_uring_submit(&self->ring);
    if (count < 0) { return count; }
    if (!(self->ring.features & IORING_FEAT_EXT_ARG)) { return 0; }
    int error = answer(self, PATIENCE_MILLISECONDS, &completion);
    if (error < 0) { return error; }
    return answer(self, 1, &completion) == -ETIME;
}

// 5.19. liburing 2.3 ignores the flags argument of the call; none is needed here.
static int has_buffer_rings(probe *self) {
    struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)self->memory, .ring_entries = BLOCKS};
    int error = io_uring_register_buf_ring(&self->ring, &registration, 0);
    if (error != 0) { return error == -EINVAL ? 0 : error; }
    struct io_uring_buf_ring *buffers = (struct io_uring_buf_ring *)(void *)self->memory;
    for (int block = 0; block < BLOCKS; block++) {
        io_uring_buf_ring_add(buffers, self->memory + self->page + block * BLOCK_BYTES, BLOCK_BYTES,
                              (unsigned short)block, BLOCKS - 1, block);
    }
    io_uring_buf_ring_advance(buffers, BLOCKS);
    return 1;
}

static int has_ring_descriptor(probe *self) { // 5.18
    int count = io_uring_register_ring_fd(&self->ring);
    if (count < 0) { return count == -EINVAL ? 0 : count; }
    return count == 1;
}

// 6.15: an unknown flag of the call is EINVAL.
static int has_no_iowait(probe *self) {
    struct io_uring_cqe completion;
    if (!(self->ring.features & PELMENI_IORING_FEAT_NO_IOWAIT)) { return 0; }
    stage_nothing(self, OPERATION_TOKEN);
    int error = answer(self, PATIENCE_MILLISECONDS, &completion);
    if (error < 0) { return error; }
    int result;
    do {
        unsigned flags = IORING_ENTER_GETEVENTS | PELMENI_IORING_ENTER_NO_IOWAIT;
        result = io_uring_enter(self->ring.ring_fd, 0, 0, flags, NULL);
    } while (result == -EINTR);
    return result == -EINVAL ? 0 : result < 0 ? result : 1;
}

// 5.17: of two operations only the second completes visibly.
static int has_skip_success(probe *self) {
    struct io_uring_cqe completion;
    if (!(self->ring.features & IORING_FEAT_CQE_SKIP)) { return 0; }
    stage_nothing(self, CANCEL_TOKEN)->flags |= IOSQE_CQE_SKIP_SUCCESS;
    stage_nothing(self, OPERATION_TOKEN);
    int error = answer(self, PATIENCE_MILLISECONDS, &completion);
    if (error < 0) { return error; }
    if (completion.user_data == OPERATION_TOKEN) { return 1; }
    return answer(self, PATIENCE_MILLISECONDS, &completion) < 0;
}

static int connect_and_accept(probe *self, int listener, const struct sockaddr_storage *address, socklen_t length) {
    struct io_uring_cqe completion;
    int client = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0) { return -errno; }
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    io_uring_prep_multishot_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC);
    entry->user_data = OPERATION_TOKEN;
    io_uring_submit(&self->ring);
    int error = connect(client, (const struct sockaddr *)address, length) < 0 ? -errno : 0;
    int granted = 0;
    if (error == 0) { error = answer(self, PATIENCE_MILLISECONDS, &completion); }
    if (error == 0 && completion.res >= 0) {
        granted = (completion.flags & IORING_CQE_F_MORE) != 0;
        close(completion.res);
    }
    // A refused operation is complete already; all others are still armed.
    if (error != 0 || granted) { disarm(self, 1); }
    close(client);
    return error == -ETIME ? 0 : error < 0 ? error : granted;
}

static int has_multishot_accept(probe *self) { // 5.19
    struct sockaddr_storage address;
    socklen_t length;
    int listener = pelmeni_loopback_listen(&address, &length);
    if (listener < 0) { return listener; }
    int result = connect_and_accept(self, listener, &address, length);
    close(listener);
    return result;
}

// A receive on one end of a pair whose other end has sent `sent` bytes.
typedef struct {
    uint32_t sent;
    uint16_t options; // IORING_RECV_MULTISHOT, IORING_RECVSEND_POLL_FIRST
    uint32_t turn;    // `len` of a multishot receive
    uint32_t total;   // `optlen` of a multishot receive, 6.17: where 2.3's header has file_index
} receive_question;

typedef struct {
    uint32_t received;
    int refused; // errno of the completion
    int armed;   // still, after all that was sent is here
} receive_answer;

static int ask(probe *self, const int pair[2], const receive_question *question, receive_answer *out) {
    static const uint8_t bytes[BLOCKS * BLOCK_BYTES];
    struct io_uring_cqe completion;
    if (send(pair[0], bytes, question->sent, MSG_NOSIGNAL) != (ssize_t)question->sent) { return -EIO; }
    struct io_uring_sqe *entry = io_uring_get_sqe(&self->ring);
    io_uring_prep_recv(entry, pair[1], NULL, question->turn, 0);
    entry->user_data = OPERATION_TOKEN;
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->ioprio |= question->options;
    entry->file_index = question->total;
    int error;
    do {
        error = answer(self, PATIENCE_MILLISECONDS, &completion);
        if (error < 0) { break; }
        if (completion.res > 0) { out->received += (uint32_t)completion.res; }
        if (completion.res < 0) { out->refused = -completion.res; }
        out->armed = (completion.flags & IORING_CQE_F_MORE) != 0;
    } while (out->armed && out->received < question->sent);
    if (error < 0 || out->armed) { disarm(self, 0); }
    return error == -ETIME ? 0 : error;
}

static int receive(probe *self, receive_question question, receive_answer *out) {
    int pair[2];
    memset(out, 0, sizeof *out);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) { return -errno; }
    int error = ask(self, pair, &question, out);
    close(pair[0]);
    close(pair[1]);
    return error;
}

static int has_multishot_receive(probe *self) { // 6.0
    receive_answer got;
    int error = receive(self, (receive_question){.sent = 2, .options = IORING_RECV_MULTISHOT}, &got);
    return error < 0 ? error : got.received == 2 && got.armed;
}

// 6.17; before that EINVAL. The peer sends more than the bound, and the receive has to end itself there.
static int has_receive_bounds(probe *self) {
    receive_answer got;
    receive_question question = {
        .sent = BOUND_BYTES + BLOCK_BYTES,
        .options = IORING_RECV_MULTISHOT,
        .turn = BLOCK_BYTES,
        .total = BOUND_BYTES,
    };
    int error = receive(self, question, &got);
    return error < 0 ? error : got.received == BOUND_BYTES && got.refused == 0 && !got.armed;
}

static int has_poll_first(probe *self) { // 5.19
    receive_answer got;
    int error = receive(self, (receive_question){.sent = 2, .options = IORING_RECVSEND_POLL_FIRST}, &got);
    return error < 0 ? error : got.received == 2;
}

// MARK: All of it

static int ask_everything(probe *self) {
    // The required features first, as the others are probed with them; bounds come after the receive that they bound.
    static const struct {
        uint32_t feature;
        uint32_t after;
        int (*ask)(probe *self);
    } steps[] = {
        {PELMENI_FEATURE_WAIT_TIMEOUT, 0, has_wait_timeout},
        {PELMENI_FEATURE_BUFFER_RINGS, PELMENI_FEATURE_WAIT_TIMEOUT, has_buffer_rings},
        {PELMENI_FEATURE_SKIP_SUCCESS, PELMENI_FEATURE_WAIT_TIMEOUT, has_skip_success},
        {PELMENI_FEATURE_NO_IOWAIT, PELMENI_FEATURE_WAIT_TIMEOUT, has_no_iowait},
        {PELMENI_FEATURE_MULTISHOT_ACCEPT, NEEDED_FEATURES, has_multishot_accept},
        {PELMENI_FEATURE_MULTISHOT_RECEIVE, NEEDED_FEATURES, has_multishot_receive},
        {PELMENI_FEATURE_RECEIVE_BOUNDS, PELMENI_FEATURE_MULTISHOT_RECEIVE, has_receive_bounds},
        {PELMENI_FEATURE_POLL_FIRST, NEEDED_FEATURES, has_poll_first},
        {PELMENI_FEATURE_RING_DESCRIPTOR, 0, has_ring_descriptor},
    };
    for (size_t step = 0; step < sizeof steps / sizeof *steps; step++) {
        if ((self->granted & steps[step].after) != steps[step].after) { continue; }
        int result = steps[step].ask(self);
        if (result < 0) { return result; }
        if (result > 0) { self->granted |= steps[step].feature; }
    }
    return 0;
}

static int probe_kernel(uint32_t *granted) {
    probe self = {.page = (size_t)sysconf(_SC_PAGESIZE)};
    self.memory = pelmeni_memory_map(2 * self.page);
    if (self.memory == NULL) { return -ENOMEM; }
    int error = open_ring(&self);
    if (error == 0) {
        error = ask_everything(&self);
        io_uring_queue_exit(&self.ring);
    }
    pelmeni_memory_unmap(self.memory, 2 * self.page);
    *granted = self.granted;
    return error;
}

// Removes the features whose prerequisite is missing from a mask.
static uint32_t usable(uint32_t features) {
    if (!(features & PELMENI_FEATURE_SINGLE_ISSUER)) { features &= ~PELMENI_FEATURE_DEFER_TASKRUN; }
    if (!(features & PELMENI_FEATURE_BUFFER_RINGS)) { features &= ~PELMENI_FEATURE_MULTISHOT_RECEIVE; }
    if (!(features & PELMENI_FEATURE_MULTISHOT_RECEIVE)) { features &= ~PELMENI_FEATURE_RECEIVE_BOUNDS; }
    return features;
}

pelmeni_probe_result pelmeni_uring_probe(uint32_t without, int self_test) {
    pelmeni_probe_result result = {0};
    int error = probe_kernel(&result.kernel_features);
    result.features = usable(result.kernel_features & ~without);
    if (error < 0) {
        result.stage = PELMENI_STAGE_SETUP;
        result.error = -error;
    } else if ((result.features & NEEDED_FEATURES) != NEEDED_FEATURES) {
        result.stage = PELMENI_STAGE_FEATURE;
        result.error = ENOSYS;
    } else if (self_test && (error = pelmeni_self_test(result.features)) < 0) {
        result.stage = PELMENI_STAGE_SELF_TEST;
        result.error = -error;
    }
    return result;
}

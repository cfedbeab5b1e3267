#define _GNU_SOURCE
#include "pelmeni_features.h"
#include "pelmeni_private.h"
#include "pelmeni_socket.h"
#include "pelmeni_thread.h"
#include "pelmeni_uring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>

// Does the engine's work once, with the engine's features: a kernel whose io_uring loses, doubles or reorders bytes
// (stable kernels have had such regressions) is refused before a client connects.

enum {
    SLOTS = 8,
    BLOCK_BYTES = 16 << 10,
    TURN_BYTES = 2 * BLOCK_BYTES,
    BOUND_BYTES = 4 * BLOCK_BYTES,
    PART_BYTES = 512 << 10, // one send; there are two
    ALL_BYTES = 2 * PART_BYTES,
    SEND_BUFFER_BYTES = 64 << 10, // far less than a part, so that the socket fills
    MEMORY_BYTES = ALL_BYTES + SLOTS * BLOCK_BYTES,
};
// A busy machine may be slow, which is no fault: the longest time without a completion, and the longest in all.
static const uint64_t DEADLINE_NANOSECONDS = 5000000000;
static const uint64_t TOTAL_NANOSECONDS = 30000000000;
static const uint64_t SETTLE_NANOSECONDS = 200000000;

enum token { ACCEPT, CONNECT, RECEIVE, SEND, WAKE, CANCEL, TOKENS };

typedef struct {
    int armed;
    int32_t result; // of the last completion
    uint16_t flags;
} operation;

typedef struct {
    pelmeni_uring *ring;
    uint32_t features;
    uint64_t deadline; // for the next completion
    uint64_t end;      // for all of them
    uint8_t *memory;  // what is sent, then the blocks that are received into
    uint32_t received;
    uint32_t bound;   // bytes that the armed receive may still bring
    uint64_t signals; // what the wake-up read
    operation operations[TOKENS];
    int family, listener, near, far, event; // near connects, far is accepted; -1: none
} trial;

// MARK: Loopback

static int accept_within(int listener, int milliseconds) {
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    int count = poll(&waiting, 1, milliseconds);
    if (count <= 0) { return count < 0 ? -errno : -ETIMEDOUT; }
    return pelmeni_socket_accept(listener, 0);
}

// A listener is no proof: a filter, or a namespace whose loopback is down, may still prevent connections.
static int reach(int listener, const struct sockaddr_storage *address, socklen_t length) {
    int near = pelmeni_socket_open(address->ss_family, 1);
    if (near < 0) { return near; }
    int result = pelmeni_socket_connect(near, address, length);
    if (result == 0 || result == -EINPROGRESS) { result = accept_within(listener, 100); }
    if (result >= 0) { pelmeni_socket_close_reset(result); } // no TIME_WAIT is left behind
    pelmeni_socket_close(near);
    return result < 0 ? result : 0;
}

static int listen_at(struct sockaddr_storage *address, socklen_t *length) {
    int listener = pelmeni_socket_open(address->ss_family, 0);
    if (listener < 0) { return listener; }
    int error = pelmeni_socket_bind(listener, address, *length, 0);
    if (error == 0) { error = pelmeni_socket_listen(listener, 8); }
    *length = sizeof *address;
    if (error == 0) { error = pelmeni_socket_name(listener, address, length); }
    if (error == 0) { error = reach(listener, address, *length); }
    if (error == 0) { return listener; }
    pelmeni_socket_close(listener);
    return error;
}

int pelmeni_loopback_listen(struct sockaddr_storage *address, socklen_t *length) {
    memset(address, 0, sizeof *address);
    struct sockaddr_in *loopback = (struct sockaddr_in *)address;
    loopback->sin_family = AF_INET;
    loopback->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *length = sizeof *loopback;
    int listener = listen_at(address, length);
    if (listener >= 0 || listener == -EMFILE || listener == -ENFILE || listener == -ENOMEM) { return listener; }
    // Without a name, a unix socket gets one in the abstract namespace: no file is left behind.
    memset(address, 0, sizeof *address);
    address->ss_family = AF_UNIX;
    *length = sizeof(sa_family_t);
    return listen_at(address, length);
}

// MARK: The loop

// The same bytes in every run, with a different word at every position (splitmix64): a block that comes twice, or at
// the wrong place, cannot look right.
static void fill(uint8_t *memory, size_t bytes) {
    uint64_t state = 0x70656c6d656e69;
    for (size_t position = 0; position < bytes; position += sizeof state) {
        uint64_t word = state += 0x9e3779b97f4a7c15;
        word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
        word = (word ^ word >> 27) * 0x94d049bb133111eb;
        word ^= word >> 31;
        memcpy(memory + position, &word, sizeof word);
    }
}

static void post(trial *self, uint16_t slot) {
    pelmeni_uring_post(self->ring, 0, slot, self->memory + ALL_BYTES + (size_t)slot * BLOCK_BYTES, BLOCK_BYTES);
}

static int take_block(trial *self, const pelmeni_completion *completion) {
    if (completion->slot >= SLOTS) { return -EIO; }
    int error = 0;
    if (completion->result > 0) {
        uint32_t bytes = (uint32_t)completion->result;
        uint8_t *block = self->memory + ALL_BYTES + (size_t)completion->slot * BLOCK_BYTES;
        if (bytes > BLOCK_BYTES || bytes > self->bound || bytes > ALL_BYTES - self->received
            || memcmp(block, self->memory + self->received, bytes) != 0) {
            error = -EIO;
        } else {
            self->received += bytes;
            self->bound -= bytes;
            memset(block, 0, bytes); // what an earlier block left there must not look right either
        }
    }
    post(self, completion->slot);
    return error;
}

static int dispatch(trial *self, const pelmeni_completion *completion) {
    if (completion->token >= TOKENS) { return -EIO; }
    operation *it = &self->operations[completion->token];
    it->result = completion->result;
    it->flags = completion->flags;
    if (!(completion->flags & PELMENI_MORE)) { it->armed = 0; }
    if (completion->token == ACCEPT && completion->result >= 0) {
        if (self->far >= 0) { // nobody else should have found this port, but it is open to all
            pelmeni_socket_close(completion->result);
        } else {
            self->far = completion->result;
        }
    }
    if (completion->flags & PELMENI_BLOCK) { return take_block(self, completion); }
    // Bytes without a block would be unverified bytes.
    return completion->token == RECEIVE && completion->result > 0 ? -EIO : 0;
}

static int turn(trial *self, uint64_t limit) {
    pelmeni_completion batch[16];
    uint64_t now = pelmeni_monotonic_nanoseconds();
    if (now >= self->deadline) { return -ETIMEDOUT; }
    if (limit > self->deadline - now) { limit = self->deadline - now; }
    int error = pelmeni_uring_submit(self->ring, (int64_t)limit);
    if (error < 0) { return error; }
    uint32_t count = pelmeni_uring_reap(self->ring, batch, sizeof batch / sizeof *batch);
    uint64_t next = now + DEADLINE_NANOSECONDS;
    if (count > 0) { self->deadline = next < self->end ? next : self->end; }
    for (uint32_t index = 0; index < count; index++) {
        int failure = dispatch(self, &batch[index]);
        if (error == 0) { error = failure; }
    }
    pelmeni_uring_publish(self->ring, 0);
    return error;
}

static int wait_for(trial *self, enum token token) {
    while (self->operations[token].armed) {
        int error = turn(self, DEADLINE_NANOSECONDS);
        if (error < 0) { return error; }
    }
    return 0;
}

// 0 when the last completion was the expected one; otherwise the fault.
static int expect(const trial *self, enum token token, int32_t expected) {
    int32_t result = self->operations[token].result;
    if (result == expected) { return 0; }
    return result < 0 ? result : -EIO;
}

static int armed(trial *self, enum token token, int error) {
    self->operations[token] = (operation){.armed = error == 0};
    return error;
}

static int cancel(trial *self, enum token token) {
    int error = pelmeni_uring_cancel(self->ring, token, CANCEL);
    if (error == 0) { error = wait_for(self, token); }
    return error < 0 ? error : expect(self, token, -ECANCELED) < 0 ? -EIO : 0;
}

static int arm_receive(trial *self, int socket) {
    const uint32_t bounded = PELMENI_FEATURE_MULTISHOT_RECEIVE | PELMENI_FEATURE_RECEIVE_BOUNDS;
    int multishot = (self->features & bounded) == bounded;
    int poll_first = !(self->operations[RECEIVE].flags & PELMENI_NONEMPTY);
    // A bound is checked before a block is filled, not within it (6.18): after a short read, the last block may exceed
    // the bound by less than its length.
    self->bound = multishot ? BOUND_BYTES + BLOCK_BYTES - 1 : BLOCK_BYTES;
    return armed(self, RECEIVE, pelmeni_uring_receive(self->ring, socket, 0, multishot, multishot ? TURN_BYTES : 0,
                                                      multishot ? BOUND_BYTES : 0, poll_first, RECEIVE));
}

// MARK: The steps, in this order

static int try_connecting(trial *self) {
    struct sockaddr_storage address;
    socklen_t length;
    self->listener = pelmeni_loopback_listen(&address, &length);
    if (self->listener < 0) {
        int pair[2];
        self->family = AF_UNIX;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) { return -errno; }
        self->near = pair[0];
        self->far = pair[1];
        return 0;
    }
    self->family = address.ss_family;
    self->near = pelmeni_socket_open(self->family, 0);
    if (self->near < 0) { return self->near; }
    int multishot = (self->features & PELMENI_FEATURE_MULTISHOT_ACCEPT) != 0;
    int error = armed(self, ACCEPT, pelmeni_uring_accept(self->ring, self->listener, multishot, ACCEPT));
    if (error == 0) {
        error = armed(self, CONNECT, pelmeni_uring_connect(self->ring, self->near, &address, length, CONNECT));
    }
    if (error == 0) { error = wait_for(self, CONNECT); }
    if (error == 0) { error = expect(self, CONNECT, 0); }
    while (error == 0 && self->far < 0) {
        if (!self->operations[ACCEPT].armed) { return expect(self, ACCEPT, 0); }
        error = turn(self, DEADLINE_NANOSECONDS);
    }
    if (error < 0) { return error; }
    return self->operations[ACCEPT].armed ? cancel(self, ACCEPT) : 0;
}

static int receive_until(trial *self, uint32_t goal) {
    while (self->received < goal || self->operations[SEND].armed) {
        const operation *receive = &self->operations[RECEIVE];
        if (!receive->armed && self->received < goal) {
            int error = arm_receive(self, self->far);
            if (error < 0) { return error; }
        }
        int error = turn(self, DEADLINE_NANOSECONDS);
        if (error < 0) { return error; }
        // ENOBUFS only means that one batch used all slots; they are posted again by now.
        if (!receive->armed && receive->result < 0 && receive->result != -ENOBUFS) { return receive->result; }
        if (!receive->armed && receive->result == 0 && self->received < goal) { return -EIO; }
        if (!self->operations[SEND].armed) { error = expect(self, SEND, PART_BYTES); }
        if (error < 0) { return error; }
    }
    return 0;
}

static int send_gathered(trial *self) {
    struct iovec *pieces = pelmeni_uring_send_gathered(self->ring, self->near, PELMENI_SEND_PIECES, SEND);
    if (pieces == NULL) { return armed(self, SEND, -EIO); }
    size_t start = PART_BYTES;
    for (int piece = 0; piece < PELMENI_SEND_PIECES; piece++) {
        // Odd lengths of all sizes; the last piece takes the rest.
        size_t bytes = piece == PELMENI_SEND_PIECES - 1 ? ALL_BYTES - start : (size_t)piece * piece * 300 + 1;
        pieces[piece] = (struct iovec){.iov_base = self->memory + start, .iov_len = bytes};
        start += bytes;
    }
    return armed(self, SEND, 0);
}

// A send of more bytes than the socket takes, with a late reader: it has to continue by itself, to the last byte.
static int try_sending(trial *self, int gathered) {
    int error = gathered
        ? send_gathered(self)
        : armed(self, SEND, pelmeni_uring_send(self->ring, self->near, self->memory, PART_BYTES, SEND));
    if (error == 0) { error = turn(self, 1000000); }
    if (error == 0) { error = receive_until(self, gathered ? ALL_BYTES : PART_BYTES); }
    return error < 0 ? error : expect(self, SEND, PART_BYTES);
}

static int try_cancelling(trial *self) {
    int error = self->operations[RECEIVE].armed ? 0 : arm_receive(self, self->far);
    if (error == 0) { error = turn(self, 0); }
    if (error == 0 && !self->operations[RECEIVE].armed) { return -EIO; } // there was nothing to receive
    return error < 0 ? error : cancel(self, RECEIVE);
}

static int try_waking(trial *self) {
    self->event = pelmeni_event_create();
    if (self->event < 0) { return self->event; }
    int error = armed(self, WAKE, pelmeni_uring_wake(self->ring, self->event, &self->signals, WAKE));
    if (error == 0) { error = turn(self, 0); }
    if (error == 0 && !self->operations[WAKE].armed) { return -EIO; }
    if (error == 0) { error = pelmeni_event_signal(self->event); }
    if (error == 0) { error = wait_for(self, WAKE); }
    if (error == 0) { error = expect(self, WAKE, sizeof self->signals); }
    return error < 0 ? error : self->signals == 1 ? 0 : -EIO;
}

static int try_end(trial *self) {
    int error = arm_receive(self, self->far);
    if (error == 0) { error = turn(self, 0); }
    if (error == 0) { error = pelmeni_socket_shutdown_write(self->near); }
    if (error == 0) { error = wait_for(self, RECEIVE); }
    return error < 0 ? error : expect(self, RECEIVE, 0);
}

static int try_reset(trial *self) {
    if (self->family == AF_UNIX) { return 0; } // knows no reset
    int error = arm_receive(self, self->near);
    if (error == 0) { error = turn(self, 0); }
    if (error < 0) { return error; }
    // No operation is in flight there, so this close really closes.
    error = pelmeni_socket_close_reset(self->far);
    self->far = -1;
    if (error == 0) { error = wait_for(self, RECEIVE); }
    return error < 0 ? error : expect(self, RECEIVE, -ECONNRESET) < 0 ? -EIO : 0;
}

static int try_everything(trial *self) {
    int error = try_connecting(self);
    if (error < 0) { return error; }
    int bytes = SEND_BUFFER_BYTES;
    setsockopt(self->near, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes); // only makes the test harder
    pelmeni_socket_configure(self->near, self->family, &(pelmeni_socket_options){.no_delay = 1, .only_v6 = -1});
    error = try_sending(self, 0);
    if (error == 0) { error = try_sending(self, 1); }
    if (error == 0) { error = try_cancelling(self); }
    if (error == 0) { error = try_waking(self); }
    if (error == 0) { error = try_end(self); }
    return error < 0 ? error : try_reset(self);
}

// MARK: Beginning and end

static int begin(trial *self) {
    pelmeni_uring_options options = {.entries = 16, .completions = 128, .features = self->features};
    int error = pelmeni_uring_create(&self->ring, &options);
    if (error < 0) { return error; }
    error = pelmeni_uring_group(self->ring, 0, SLOTS);
    if (error < 0) { return error; }
    for (uint16_t slot = 0; slot < SLOTS; slot++) { post(self, slot); }
    pelmeni_uring_publish(self->ring, 0);
    fill(self->memory, ALL_BYTES);
    return 0;
}

// After a failure an operation may still be armed. 0 when none is, and the memory may be unmapped.
static int settle(trial *self) {
    int armed = 0;
    self->deadline = self->end = pelmeni_monotonic_nanoseconds() + SETTLE_NANOSECONDS;
    for (enum token token = 0; token < CANCEL; token++) {
        if (self->operations[token].armed) { pelmeni_uring_cancel(self->ring, token, CANCEL); }
    }
    do {
        armed = 0;
        for (enum token token = 0; token < CANCEL; token++) { armed |= self->operations[token].armed; }
    } while (armed && turn(self, SETTLE_NANOSECONDS) != -ETIMEDOUT);
    return armed;
}

static void close_if_open(int descriptor) {
    if (descriptor >= 0) { pelmeni_socket_close(descriptor); }
}

int pelmeni_self_test(uint32_t features) {
    trial self = {.features = features, .listener = -1, .near = -1, .far = -1, .event = -1};
    uint64_t now = pelmeni_monotonic_nanoseconds();
    self.deadline = now + DEADLINE_NANOSECONDS;
    self.end = now + TOTAL_NANOSECONDS;
    self.memory = pelmeni_memory_map(MEMORY_BYTES);
    if (self.memory == NULL) { return -ENOMEM; }
    int error = begin(&self);
    if (error == 0) { error = try_everything(&self); }
    int armed = self.ring == NULL ? 0 : settle(&self);
    if (self.ring != NULL) { pelmeni_uring_destroy(self.ring); }
    close_if_open(self.listener);
    close_if_open(self.near);
    close_if_open(self.far);
    close_if_open(self.event);
    // A kernel that does not even cancel may still write there: the memory is then leaked on purpose.
    if (!armed) { pelmeni_memory_unmap(self.memory, MEMORY_BYTES); }
    return error;
}

#ifndef PELMENI_FEATURES_H
#define PELMENI_FEATURES_H

#include <stdint.h>

// One bit for each io_uring feature that Pelmeni can use. A mask lists the features that a ring may use: those that the
// kernel grants, without those of --io-uring-without.
static const uint32_t PELMENI_FEATURE_SUBMIT_ALL = 1u << 0;        // 5.18: a bad operation does not stop the batch
static const uint32_t PELMENI_FEATURE_COOP_TASKRUN = 1u << 1;      // 5.19: no interrupt to deliver a completion
static const uint32_t PELMENI_FEATURE_SINGLE_ISSUER = 1u << 2;     // 6.0: one submitting thread
static const uint32_t PELMENI_FEATURE_DEFER_TASKRUN = 1u << 3;     // 6.1: completions are made when the worker asks
static const uint32_t PELMENI_FEATURE_BUFFER_RINGS = 1u << 4;      // 5.19: provided-buffer rings; needed
static const uint32_t PELMENI_FEATURE_MULTISHOT_ACCEPT = 1u << 5;  // 5.19
static const uint32_t PELMENI_FEATURE_MULTISHOT_RECEIVE = 1u << 6; // 6.0
static const uint32_t PELMENI_FEATURE_RECEIVE_BOUNDS = 1u << 7;    // 6.17: len and optlen bound a multishot receive
static const uint32_t PELMENI_FEATURE_RING_DESCRIPTOR = 1u << 8;   // 5.18: registered ring descriptor
static const uint32_t PELMENI_FEATURE_POLL_FIRST = 1u << 9;        // 5.19: receive waits before it tries
static const uint32_t PELMENI_FEATURE_WAIT_TIMEOUT = 1u << 10;     // 5.11: a wait with its own time limit; needed
static const uint32_t PELMENI_FEATURE_SKIP_SUCCESS = 1u << 11;     // 5.17: no completion for a success nobody waits for
static const uint32_t PELMENI_FEATURE_NO_IOWAIT = 1u << 12;        // 6.15: a sleeping worker is idle, not in iowait
static const uint32_t PELMENI_FEATURE_ALL = 0x1fffu;

// The reason of a refusal, beside the errno.
enum pelmeni_probe_stage {
    PELMENI_STAGE_GRANTED = 0,
    PELMENI_STAGE_SETUP = 1,     // io_uring_setup was refused
    PELMENI_STAGE_FEATURE = 2,   // a feature that Pelmeni cannot do without is missing (error = ENOSYS)
    PELMENI_STAGE_SELF_TEST = 3, // bytes moved by the ring came out wrong, or not at all
};

typedef struct {
    uint32_t features; // granted by the kernel and not in `without`
    int32_t error;     // errno, 0 when granted
    int32_t stage;     // enum pelmeni_probe_stage
    uint32_t kernel_features; // granted by the kernel, whatever `without` says
} pelmeni_probe_result;

// Probes the kernel, once a process: makes small rings of its own on the calling thread, tests every feature by use,
// then (unless self_test is 0) moves bytes through loopback sockets with the remaining features and verifies them:
// order, a multishot receive within its bounds, a send of all bytes after a full socket, cancel, wake-up. Takes some
// milliseconds. Leaves no descriptor behind.
pelmeni_probe_result pelmeni_uring_probe(uint32_t without, int self_test);

#endif

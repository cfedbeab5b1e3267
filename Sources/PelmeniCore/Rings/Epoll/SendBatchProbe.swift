internal import Glibc

/// Tests without a worker whether the kernel takes many sends in one call (Linux AIO: io_setup(2),
/// io_submit(2)).
package enum SendBatchProbe {
    /// The reason of a refusal; nil without one. Takes some 30 ms, the kernel's time to destroy a
    /// context.
    package static func refusal() -> SystemError? {
        guard let batch = SendBatch(isUsed: true) else { return SystemError(code: ENOMEM) }
        defer { batch.destroy() }
        return batch.refusal
    }

    /// The remedy for a refusal.
    package static func remedy(_ refusal: SystemError) -> String {
        switch refusal.code {
        case EAGAIN: "fs.aio-max-nr is used up (see fs.aio-nr); raise it"
        case ENOSYS: "the kernel was built without AIO, or a sandbox hides it"
        case ENOMEM: "memory is used up"
        case EOPNOTSUPP: "the kernel, or a sandbox, writes to no sockets this way"
        case EMFILE, ENFILE: "descriptors are used up; raise RLIMIT_NOFILE (`ulimit -n`)"
        case EADDRNOTAVAIL, ENETUNREACH, EAFNOSUPPORT:
            "the loopback is down, so that it could not be tried; bring it up"
        default: "a seccomp profile forbids io_setup, io_submit or io_getevents; allow them there"
        }
    }
}

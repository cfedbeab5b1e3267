import Foundation

/// Programs to put before a command, that run it under other rules and keep its process number.
enum Launcher {
    /// io_uring_setup(2), on every architecture that came after that call, and on those before it but alpha.
    static let ringSetup = 425
    #if arch(x86_64)
        static let splice = 275
    #else
        /// On architectures with the generic table of calls.
        static let splice = 76
    #endif

    /// Refuses a system call with an error, as a container's seccomp profile does: nothing else of the
    /// machine changes.
    static func refusing(_ error: Int32, call: Int = ringSetup) throws -> [String] {
        let python = try Tool("python3", package: "python3")
        return [python.path, "-c", filter, "\(error)", "\(call)"]
    }

    /// A limit of open files, soft and hard.
    static func descriptors(_ limit: Int) -> [String] {
        ["/bin/sh", "-c", "ulimit -n \(limit) && exec \"$0\" \"$@\""]
    }

    /// seccomp(2): a classic BPF program over the system call's number.
    private static let filter = """
        import ctypes, os, struct, sys
        error, call = int(sys.argv[1]), int(sys.argv[2])
        program = b"".join(struct.pack("HBBI", *line) for line in [
            (0x20, 0, 0, 0), (0x15, 0, 1, call), (0x06, 0, 0, 0x00050000 | error),
            (0x06, 0, 0, 0x7fff0000)])
        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
        filter = Program(4, program)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.addressof(filter), 0, 0):
            sys.exit("no filter: " + os.strerror(ctypes.get_errno()))
        os.execv(sys.argv[3], sys.argv[3:])
        """
}

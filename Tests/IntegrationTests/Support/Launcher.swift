import Foundation

/// Programs in front of a command that change its rules and keep its process number.
enum Launcher {
    /// io_uring_setup(2), on every architecture newer than that call, and on older ones but alpha.
    static let ringSetup = 425
    #if arch(x86_64)
        static let splice = 275
        static let sendto = 44
        static let batchCalls = ["io_setup": 206, "io_submit": 209, "io_getevents": 208]
    #else
        /// On architectures with the generic table of calls.
        static let splice = 76
        static let sendto = 206
        static let batchCalls = ["io_setup": 0, "io_submit": 2, "io_getevents": 4]
    #endif

    /// Refuses a system call with an error, like a container's seccomp profile, and changes nothing
    /// else of the machine.
    static func refusing(_ error: Int32, call: Int = ringSetup) throws -> [String] {
        try refusing(error, calls: [call])
    }

    static func refusing(_ error: Int32, calls: [Int]) throws -> [String] {
        let python = try Tool("python3", package: "python3")
        return [
            python.path, "-c", filter, "\(error)",
            calls.map(String.init).joined(separator: ","),
        ]
    }

    /// A limit of open files, soft and hard.
    static func descriptors(_ limit: Int) -> [String] {
        ["/bin/sh", "-c", "ulimit -n \(limit) && exec \"$0\" \"$@\""]
    }

    /// Standard error goes to this file.
    static func errors(to path: String) -> [String] {
        ["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>'\(path)'"]
    }

    /// seccomp(2): a classic BPF program over the system call's number.
    private static let filter = """
        import ctypes, os, struct, sys
        error, calls = int(sys.argv[1]), map(int, sys.argv[2].split(","))
        lines = [(0x20, 0, 0, 0)]
        for call in calls:
            lines += [(0x15, 0, 1, call), (0x06, 0, 0, 0x00050000 | error)]
        lines.append((0x06, 0, 0, 0x7fff0000))
        program = b"".join(struct.pack("HBBI", *line) for line in lines)
        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
        filter = Program(len(lines), program)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.addressof(filter), 0, 0):
            sys.exit("no filter: " + os.strerror(ctypes.get_errno()))
        os.execv(sys.argv[3], sys.argv[3:])
        """
}

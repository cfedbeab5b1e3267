import Glibc
import TestSupport
import Testing

extension Integration {
    /// A program that a test starts gets the standard streams alone, whatever descriptors
    /// concurrent tests have open: those would count against its limit, and hold their sockets
    /// open.
    @Suite(.timeLimit(.minutes(1))) struct DescriptorTests {
        @Test func programsGetTheStandardStreamsAlone() throws {
            let open = (0..<80).map { _ in fcntl(0, F_DUPFD, 3) }
            defer { for descriptor in open { close(descriptor) } }
            #expect(open.allSatisfy { $0 > 2 })
            // The shell has the folder itself open while it lists it.
            let shell = try Child(
                Launcher.descriptors(64) + ["/bin/sh", "-c", "echo /proc/self/fd/*"])
            let (code, output, errors) = try shell.finish()
            #expect(code == 0, "\(errors)")
            #expect(output == (0...3).map { "/proc/self/fd/\($0)" }.joined(separator: " ") + "\n")
        }
    }
}

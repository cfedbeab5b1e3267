import Foundation
import TestSupport
import Testing

/// A backend as the command line names it.
enum CommandBackend: String, CaseIterable, CustomTestStringConvertible {
    case epoll
    case ioUring = "io_uring"

    var testDescription: String { rawValue }

    /// The backends that this machine grants.
    static let granted: [CommandBackend] = {
        guard let path = Binary.path,
            let doctor = try? Child([path, "doctor", "--json"]).finish(),
            let data = try? JSONSerialization.jsonObject(with: Data(doctor.output.utf8)),
            let report = data as? [String: Any], let uring = report["io_uring"] as? [String: Any],
            uring["granted"] as? Bool == true
        else {
            print("io_uring is refused here, or there is no binary: only epoll is tested")
            return [.epoll]
        }
        return allCases
    }()
}

/// A `pelmeni run` that is ready.
struct Proxy: Sendable {
    let child: Child
    /// The lines it printed up to the ready line.
    let lines: [String]

    init(
        _ endpoints: [String], backend: CommandBackend? = nil, options: [String] = [],
        prefix: [String] = []
    ) throws {
        var arguments = prefix + [try Binary.required(), "run"] + endpoints
        if let backend { arguments += ["--backend", backend.rawValue] }
        child = try Child(arguments + options)
        do {
            try child.output.waitForLine("ready ")
        } catch {
            throw Overdue(description: "\(error); errors: \(child.errors.everything)")
        }
        lines = child.output.lines
    }

    /// The real port of a listener.
    func port(_ index: Int = 0) throws -> UInt16 {
        let line = lines[index]
        let address = line.split(separator: " ").dropFirst().first ?? ""
        let digits = address.split(separator: ":").last ?? ""
        guard line.hasPrefix("listening "), let port = UInt16(digits) else {
            throw Overdue(description: "no port in \"\(line)\"")
        }
        return port
    }

    func url(_ index: Int = 0) throws -> String { "http://127.0.0.1:\(try port(index))" }

    /// Ends it in order, and checks its log for alarming entries.
    func end(
        _ wanted: Int32 = 0, within: Duration = Patience.usual,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        child.signal(SIGTERM)
        try expectEnd(wanted, within: within, location)
    }

    /// Moves a byte to the origin, and ends in order.
    func relaysOneByteAndEnds(_ origin: TestListener) throws {
        let client = try Wire(toPort: try port())
        let upstream = try origin.accept()
        try client.write("x")
        #expect(try upstream.readText(1) == "x")
        client.close()
        upstream.close()
        try end()
    }

    func expectEnd(
        _ wanted: Int32, within: Duration = Patience.usual,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let (code, _, errors) = try child.finish(within: within)
        #expect(code == wanted, "\(errors)", sourceLocation: location)
        #expect(!errors.contains(" error "), "\(errors)", sourceLocation: location)
        expectNoCrash(errors, location)
    }

    /// The last line of the log: how sessions ended.
    var summary: [String: Int] {
        let line = child.errors.lines.last { $0.contains(" ended ") } ?? ""
        var counts: [String: Int] = [:]
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=")
            if parts.count == 2, let count = Int(parts[1]) { counts[String(parts[0])] = count }
        }
        return counts
    }

    /// Processor time used so far, user and system.
    func processorTime() throws -> Duration {
        let text = try String(contentsOfFile: "/proc/\(child.pid)/stat", encoding: .utf8)
        // The name may contain any character; fields 3 and on follow its last parenthesis.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        let ticks = (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        return .milliseconds(ticks * 1_000 / sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory in bytes.
    func memory() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(child.pid)/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}

/// Output of Swift's runtime and the shell after a crash.
func expectNoCrash(_ text: String, _ location: SourceLocation = #_sourceLocation) {
    for sign in [
        "Fatal error", "Swift/", "*** ", "Crash", "Segmentation", "Backtrace", "core dumped",
    ] {
        #expect(!text.contains(sign), "\(text)", sourceLocation: location)
    }
}

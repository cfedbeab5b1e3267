import Foundation
import TestSupport
import Testing

extension Integration.AccessLogTests {
    @Test func whatIsRefused() throws {
        let http = ["http://127.0.0.1:0", "http://127.0.0.1:9"]
        let fifo = folder.file("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        for (arguments, code, token) in [
            (http + ["--access-log", folder.file("no/file")], 1, "ENOENT"),
            (http + ["--access-log", folder.file("")], 1, "EISDIR"),
            (http + ["--access-log", fifo], 1, "ENXIO"),
            (http + ["--access-log-format", "json"], 2, "--access-log"),
            (http + ["--access-log", "x", "--access-log-format", "xml"], 2, "xml"),
            (["tcp://127.0.0.1:0", "tcp://127.0.0.1:9", "--access-log", "x"], 2, "http"),
        ] as [([String], Int32, String)] {
            let all = [try Binary.required(), "run"] + arguments
            let (found, output, errors) = try Child(all).finish()
            #expect(found == code && output.isEmpty, "\(arguments): \(found) \(errors)")
            #expect(errors.contains(token), "\(errors)")
        }
    }
}

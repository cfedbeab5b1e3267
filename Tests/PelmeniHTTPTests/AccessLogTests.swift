import Foundation
import Pelmeni
import Synchronization
import TestSupport
import Testing

@testable import PelmeniHTTP

/// The access log's parts: times, escapes, and the memory between workers and the log's thread.
@Suite struct AccessLogTests {
    private func written(_ write: (inout HeadWriter) -> Void) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: 256) { memory, count in
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(memory))
            write(&writer)
            count = writer.count
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func times() {
        let formatter = ISO8601DateFormatter()
        for seconds in [0, 951_782_399, 951_782_400, 1_709_164_800, 1_796_034_770, 4_107_542_400] {
            let wanted = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            let found = written { AccessTime.write(seconds: seconds, milliseconds: 7, &$0) }
            #expect(found == wanted.dropLast() + ".007Z")
        }
        #expect(written { AccessTime.write(seconds: 12_000_345_678, &$0) } == "12.000345")
        #expect(written { AccessTime.write(seconds: 999, &$0) } == "0.000000")
    }

    private func escaped(_ bytes: [UInt8], most: Int, isJSON: Bool) -> String {
        bytes.withUnsafeBufferPointer { memory in
            guard let start = memory.baseAddress else { return "" }
            let output = [UInt8](unsafeUninitializedCapacity: 4_096) { room, count in
                guard let first = room.baseAddress else { return }
                var text = AccessText(first, room: room.count)
                let octets = Octets(start, count: memory.count)
                text.write(octets, 0..<memory.count, most: most, isJSON: isJSON)
                count = text.count
            }
            return String(decoding: output, as: UTF8.self)
        }
    }

    @Test func escapes() throws {
        let bytes = Array("a\"\\ ~\n\u{7f}".utf8) + [0, 0xff]
        #expect(escaped(bytes, most: 99, isJSON: false) == #"a\"\\ ~\x0a\x7f\x00\xff"#)
        #expect(
            escaped(bytes, most: 99, isJSON: true) == #"a\"\\ ~\u000a\u007f\u0000\u00ff"#)
        let every = [UInt8](0...255)
        let text = escaped(every, most: 4_096, isJSON: true)
        let object =
            try JSONSerialization.jsonObject(
                with: Data("[\"\(text)\"]".utf8)) as? [String]
        #expect(object?.first?.unicodeScalars.map(\.value) == every.map(UInt32.init))
    }

    /// A value is cut between two bytes of what came.
    @Test(arguments: [true, false]) func longValues(isJSON: Bool) {
        for length in 0..<60 {
            let bytes = (0..<length).map { UInt8($0 % 7 == 0 ? 1 : 0x61) }
            let whole = escaped(bytes, most: 4_096, isJSON: isJSON)
            let cut = escaped(bytes, most: 40, isJSON: isJSON)
            #expect(cut.utf8.count <= 40)
            guard cut != whole else { continue }
            #expect(cut.hasSuffix("...") && whole.hasPrefix(cut.dropLast(3)))
            #expect(cut.utf8.count > 30)
        }
    }

    /// What is found of requests, valid or not.
    @Test func requests() {
        func line(_ text: String) -> String {
            var ref = AccessRef()
            ref.open(port: 0)
            defer { ref.close() }
            let bytes = Array(text.utf8)
            bytes.withUnsafeBufferPointer { memory in
                var none: UInt8 = 0
                withUnsafePointer(to: &none) {
                    ref.keep(
                        Octets(memory.baseAddress ?? $0, count: memory.count), isJSON: false)
                }
            }
            return String(decoding: Array(ref.request) + Array(ref.fields), as: UTF8.self)
        }
        #expect(line("GET /a b HTTP/1.1\r\nX: 1\r\n") == #" "GET /a b HTTP/1.1""#)
        #expect(line("\r\nGET / HTTP/1.1\nhost: a\n\n") == #" "GET / HTTP/1.1" host="a""#)
        #expect(line("GARBAGE") == #" "GARBAGE  ""#)
        #expect(line("A B") == #" "A B ""#)
        #expect(line("A B\r\n") == #" "A B ""#)
        #expect(line("") == #" "  ""#)
        #expect(line("\n") == #" "  ""#)
        #expect(
            line("A B C\r\nReferer:\r\nUSER-agent:\t x \r\nHost: 1\r\nHost: 2\r\n\r\nHost: 3\r\n")
                == #" "A B C" host="1" user_agent="x""#)
        // More than the memory of a session that opens.
        let long = String(repeating: "\u{1}", count: 4_000)
        let text = line("A \(long) C\r\nHost: \(long)\r\nReferer: \(long)\r\n\r\n")
        #expect(text.utf8.count > 2_500 && text.hasSuffix(#"..."#.appending("\"")))
    }

    // MARK: The file

    /// Lines of before a `reopen()` are in the file that was moved, those behind in the new one.
    @Test func reopens() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let log = try HTTPAccessLog(path: path, format: .json)
        // Of two servers.
        let sinks = (0..<2).map { _ in log.sink(to: []) }
        var ref = AccessRef()
        ref.open(port: 7)
        defer { ref.close() }
        func write(_ count: Int) {
            for index in 0..<count {
                sinks[index % 2].write(
                    ref,
                    AccessSink.Outcome(
                        now: 0, client: ClientText("::1"), upstream: nil, requestBytes: 0,
                        responseBytes: 0, isCut: false, cause: nil))
            }
        }
        func lines(_ name: String) throws -> Int {
            let text = try String(contentsOfFile: folder.file(name), encoding: .utf8)
            for line in text.split(separator: "\n") {
                _ = try JSONSerialization.jsonObject(with: Data(line.utf8))
            }
            return text.split(separator: "\n").count
        }
        for round in 0..<20 {
            write(300)
            let moved = folder.file("\(round)")
            try FileManager.default.moveItem(atPath: path, toPath: moved)
            try log.reopen()
            write(50)
            #expect(await log.flush(within: .seconds(20)))
            #expect(try lines("\(round)") == 300 + (round == 0 ? 0 : 50))
        }
        #expect(try lines("log") == 50)
        #expect(log.statistics == .init(written: 7_000, lost: 0, waiting: 0))
        // What cannot be opened leaves the file that is open.
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: EngineError.self) { try log.reopen() }
        write(1)
        #expect(await log.flush(within: .seconds(20)))
        #expect(log.statistics.written == 7_001)
    }

    // MARK: The queue

    private func append(_ text: String, to queue: AccessQueue) {
        var text = text
        text.withUTF8 { bytes in
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            let all = UnsafeRawBufferPointer(bytes)
            let (first, last) = (
                UnsafeRawBufferPointer(rebasing: all.prefix(3)),
                UnsafeRawBufferPointer(rebasing: all.dropFirst(3))
            )
            queue.append(
                AccessLine(opening: first, request: none, outcome: last, fields: none, end: none))
        }
    }

    private func take(_ queue: AccessQueue, room: Int = 1_000) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            count = queue.take(into: UnsafeMutableRawBufferPointer(memory)).bytes
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func aFullQueue() {
        let queue = AccessQueue(bytes: 1_024)
        defer { queue.destroy() }
        let line = String(repeating: "x", count: 99) + "\n"
        for round in 0..<50 {
            // 112 bytes each: nine of them have room.
            for _ in 0..<12 { append(line, to: queue) }
            #expect(queue.shared.pointee.lost.load(ordering: .relaxed) == UInt64(round * 3 + 3))
            #expect(take(queue, room: 250) == line + line)
            #expect(take(queue) == String(repeating: line, count: 7))
            #expect(queue.isEmpty && take(queue).isEmpty)
        }
    }

    /// Lines of several threads come whole, and those of a thread in order.
    @Test func manyThreads() async throws {
        let queue = AccessQueue(bytes: 4_096)
        defer { queue.destroy() }
        let (threads, lines) = (4, 20_000)
        let adding = (0..<threads).map { thread in
            beside {
                for line in 0..<lines {
                    append(
                        "\(thread) \(line) \(String(repeating: "y", count: line % 90))\n",
                        to: queue)
                    if line % 16 == 0 { usleep(1) }
                }
            }
        }
        var next = [Int](repeating: 0, count: threads)
        var taken = 0
        let reading = beside {
            var text = ""
            while true {
                let isOver =
                    queue.shared.pointee.added.load(ordering: .acquiring)
                    == UInt64(threads * lines)
                let more = take(queue, room: 4_096)
                text += more
                if more.isEmpty, isOver, queue.isEmpty { return text }
                if more.isEmpty { usleep(50) }
            }
        }
        for one in adding { try await one.value }
        for line in try await reading.value.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            try #require(words.count == 3, "\(line)")
            let (thread, number) = (try #require(Int(words[0])), try #require(Int(words[1])))
            #expect(words[2].count == number % 90 && number >= next[thread])
            next[thread] = number + 1
            taken += 1
        }
        let lost = Int(queue.shared.pointee.lost.load(ordering: .relaxed))
        print("access queue: \(taken) lines taken, \(lost) lost")
        #expect(taken + lost == threads * lines && taken > 0)
    }
}

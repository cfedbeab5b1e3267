internal import Glibc
internal import Pelmeni

/// Where the lines of a pair go, and in which form: what a driver has of its access log.
struct AccessSink: @unchecked Sendable {
    let isJSON: Bool
    private let queue: AccessQueue
    /// Names of upstreams, by number; they live as long as the process.
    private let upstreams: UnsafePointer<StaticText>
    private let upstreamCount: Int

    init(_ queue: AccessQueue, isJSON: Bool, upstreams: [Endpoint]) {
        self.queue = queue
        self.isJSON = isJSON
        let names = UnsafeMutablePointer<StaticText>.allocate(capacity: max(1, upstreams.count))
        for (index, endpoint) in upstreams.enumerated() {
            (names + index).initialize(to: StaticText(Self.plain(endpoint.description)))
        }
        self.upstreams = UnsafePointer(names)
        upstreamCount = upstreams.count
    }

    /// A host and a port have no byte that needs an escape.
    private static func plain(_ text: String) -> String {
        let bytes = text.utf8.prefix(AccessBounds.upstreamBytes)
            .map { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c ? $0 : 0x3f }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The end of an exchange, and what is known of it.
    struct Outcome {
        var now: UInt64
        var client: ClientText
        var upstream: Int?
        var requestBytes: UInt64
        var responseBytes: UInt64
        /// The response, or the request before it, is not whole.
        var isCut: Bool
        /// Why the session ended; empty where the exchange has a reason of its own.
        var cause: UnsafeRawBufferPointer?
    }

    /// Hands the line of a session's exchange over.
    func write(_ ref: AccessRef, _ outcome: Outcome) {
        guard let record = ref.record else { return }
        var writer = HeadWriter(ref.own)
        writeOpening(record, outcome, &writer)
        let opening = writer.count
        if !isJSON, ref.request.isEmpty { writer.write(" \"-\"") }
        writeOutcome(record, outcome, &writer)
        let own = UnsafeRawBufferPointer(ref.own)
        let middle = UnsafeRawBufferPointer(rebasing: own[opening..<writer.count])
        let end = writer.count
        writer.write(isJSON ? "}\n" : "\n")
        // The end stands behind the fields: their memory has no room for it.
        queue.append(
            AccessLine(
                opening: UnsafeRawBufferPointer(rebasing: own[..<opening]), request: ref.request,
                outcome: middle, fields: ref.fields,
                end: UnsafeRawBufferPointer(rebasing: own[end..<writer.count])))
    }

    // MARK: Parts

    private func writeOpening(
        _ record: UnsafeMutablePointer<AccessRecord>, _ outcome: Outcome,
        _ writer: inout HeadWriter
    ) {
        if isJSON { writer.write("{\"time\":\"") }
        AccessTime.write(&writer)
        writer.write(isJSON ? "\",\"client\":\"" : " ")
        let isBracketed = !isJSON && outcome.client.isV6
        if isBracketed { writer.write("[") }
        if outcome.client.count == 0 { writer.write("-") }
        outcome.client.write(&writer)
        if isBracketed { writer.write("]") }
        writer.write(isJSON ? "\",\"port\":" : ":")
        writer.write(UInt64(record.pointee.port))
    }

    private func writeOutcome(
        _ record: UnsafeMutablePointer<AccessRecord>, _ outcome: Outcome,
        _ writer: inout HeadWriter
    ) {
        writer.write(isJSON ? ",\"status\":" : " ")
        let status = record.pointee.status
        if status == 0 {
            writer.write(isJSON ? "null" : "-")
        } else {
            writer.write(UInt64(status))
        }
        writer.write(isJSON ? ",\"bytes\":" : " bytes=")
        writer.write(outcome.responseBytes)
        writer.write(isJSON ? ",\"request_bytes\":" : " request_bytes=")
        writer.write(outcome.requestBytes)
        let startedAt = record.pointee.startedAt
        writer.write(isJSON ? ",\"total\":" : " total=")
        AccessTime.write(seconds: outcome.now &- startedAt, &writer)
        if record.pointee.headAt != 0 {
            writer.write(isJSON ? ",\"upstream_head\":" : " upstream_head=")
            AccessTime.write(seconds: record.pointee.headAt &- startedAt, &writer)
        }
        if let upstream = outcome.upstream, upstream < upstreamCount {
            writer.write(isJSON ? ",\"upstream\":\"" : " upstream=")
            upstreams[upstream].write(&writer)
            if isJSON { writer.write("\"") }
        }
        if outcome.isCut { writer.write(isJSON ? ",\"cut\":true" : " cut=true") }
        writeReason(record, outcome, &writer)
    }

    private func writeReason(
        _ record: UnsafeMutablePointer<AccessRecord>, _ outcome: Outcome,
        _ writer: inout HeadWriter
    ) {
        let name: StaticString = isJSON ? ",\"reason\":\"" : " reason=\""
        if let reason = record.pointee.reason {
            writer.write(name)
            writer.write(reason)
            if let detail = record.pointee.detail {
                writer.write(": ")
                writer.write(detail)
            }
            writer.write("\"")
        } else if let cause = outcome.cause, let start = cause.baseAddress {
            writer.write(name)
            writer.write(start.assumingMemoryBound(to: UInt8.self), cause.count)
            writer.write("\"")
        }
    }
}

/// Times in lines of an access log.
enum AccessTime {
    /// The real-time clock in UTC, to the millisecond, as in RFC 3339.
    static func write(_ writer: inout HeadWriter) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        write(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000, &writer)
    }

    static func write(seconds: Int, milliseconds: Int, _ writer: inout HeadWriter) {
        let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, dayOfMonth) = date(day)
        write(year, digits: 4, &writer)
        writer.write("-")
        write(month, digits: 2, &writer)
        writer.write("-")
        write(dayOfMonth, digits: 2, &writer)
        writer.write("T")
        write(second / 3_600, digits: 2, &writer)
        writer.write(":")
        write(second / 60 % 60, digits: 2, &writer)
        writer.write(":")
        write(second % 60, digits: 2, &writer)
        writer.write(".")
        write(milliseconds, digits: 3, &writer)
        writer.write("Z")
    }

    /// A date of the Gregorian calendar: years are counted from March, so that a leap day is the
    /// last of its year.
    private static func date(_ day: Int) -> (year: Int, month: Int, day: Int) {
        // Days since the first of March of the year 0; 400 years have 146,097.
        let days = day + 719_468
        let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isNextYear = month >= 10
        return (
            yearOfEra + era * 400 + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    /// Nanoseconds as seconds, to the microsecond.
    static func write(seconds nanoseconds: UInt64, _ writer: inout HeadWriter) {
        let microseconds = nanoseconds / 1_000
        writer.write(microseconds / 1_000_000)
        writer.write(".")
        write(Int(microseconds % 1_000_000), digits: 6, &writer)
    }

    private static func write(_ number: Int, digits: Int, _ writer: inout HeadWriter) {
        var least = 1
        for _ in 1..<digits { least &*= 10 }
        while least > 1, number < least {
            writer.write("0")
            least /= 10
        }
        writer.write(UInt64(max(0, number)))
    }
}

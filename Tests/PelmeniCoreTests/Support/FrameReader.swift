@testable import PelmeniCore

/// Joins the runs of messages like a relay, and checks the scanner's promises.
struct FrameReader {
    /// The messages of a stream, and its error if it failed.
    struct Verdict: Equatable, CustomStringConvertible {
        var messages: [[UInt8]] = []
        var error: FrameError?

        var description: String { "\(messages.map(\.count)) \(messages.prefix(4)) \(error as Any)" }
    }

    private(set) var verdict = Verdict()
    /// The promise that a step broke.
    private(set) var fault: String?
    private(set) var runs = 0
    private var open: [UInt8]?
    private var scanner: FrameScanner

    init(_ framing: Framing, _ maxFrame: Int) {
        scanner = FrameScanner(framing, maxFrame: maxFrame)
    }

    /// The window lies between bytes that would change the result if the scanner read them.
    mutating func read(_ window: ArraySlice<UInt8>, margin: UInt8) {
        let memory =
            [UInt8](repeating: 0x0d, count: 4) + window + [UInt8](repeating: margin, count: 4)
        memory.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return }
            var at = 0
            repeat {
                let step = scanner.next(base + 4 + at, count: window.count - at)
                check(step, window.count - at)
                guard verdict.error == nil, fault == nil else { return }
                if step.kind == .run {
                    take(step, Array(all[(4 + at + step.start)...].prefix(step.length)))
                }
                at += step.consumed
            } while at < window.count
        }
    }

    private mutating func check(_ step: ScanStep, _ count: Int) {
        let reach = step.start + step.length
        if step.start < 0 || step.length < 0 || reach > step.consumed || step.consumed > count {
            fault = "out of the window: \(step)"
        }
        if count > 0, step.consumed <= 0 { fault = "no progress: \(step)" }
        if step.kind != .run, step.consumed != count { fault = "bytes left: \(step)" }
        if step.kind == .run, step.begins != (open == nil) { fault = "begins: \(step)" }
        if step.kind == .run, !step.ends, step.length == 0, !step.heldCarriageReturn {
            fault = "an empty run: \(step)"
        }
        if case .bad(let error) = step.kind { verdict.error = error }
    }

    private mutating func take(_ step: ScanStep, _ bytes: [UInt8]) {
        runs += 1
        var message = open ?? []
        if step.heldCarriageReturn { message.append(0x0d) }
        message += bytes
        if step.ends { verdict.messages.append(message) }
        open = step.ends ? nil : message
    }

    mutating func end() {
        guard verdict.error == nil, fault == nil else { return }
        switch scanner.end() {
        case .clean:
            if open != nil { fault = "clean with a message open" }
        case .message(let begins, let heldCarriageReturn):
            if begins != (open == nil) || begins && !heldCarriageReturn { fault = "end begins" }
            verdict.messages.append((open ?? []) + (heldCarriageReturn ? [0x0d] : []))
        case .bad(let error):
            verdict.error = error
        }
        open = nil
    }
}

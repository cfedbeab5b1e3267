internal import ExampleSupport
internal import Pelmeni

/// Masks card numbers in both directions of a stream.
func cardRedactor(listen: HostPort, upstream: HostPort) -> TCPServer {
    TCPServer(
        TCPClient(upstream.host, port: upstream.port), listen: listen.host, port: listen.port
    )
    .beforeForward(maskCards)
    .beforeRespond(maskCards)
}

/// Masks all digits but the last four of each card number: a run of 13 to 19 digits whose check
/// digit is right (ISO/IEC 7812-1, Luhn).
///
/// A chunk is cut anywhere, so that a run of digits at its end may go on in the next chunk. The
/// run is held until then. Of a long run the last 20 digits suffice: they show that the run, with
/// whatever follows, is longer than a card number.
@Sendable func maskCards(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
    let longest = 19
    var run = 0
    let count = data.count
    var bytes = data.mutableBytes
    for index in 0...count {
        if index < count, isDigit(bytes[index]) {
            run += 1
            continue
        }
        if index == count, !session.isEnd { break }
        if 13...longest ~= run, isCardNumber(bytes.span, index - run..<index) {
            for digit in index - run..<index - 4 { bytes[digit] = UInt8(ascii: "*") }
        }
        run = 0
    }
    try data.hold(last: min(run, longest + 1))
    return .forward
}

private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

/// Whether the check digit of a number is right: every second digit from the right counts twice.
private func isCardNumber(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var sum = 0
    for (place, index) in range.reversed().enumerated() {
        let digit = Int(bytes[index] - UInt8(ascii: "0"))
        let value = place.isMultiple(of: 2) ? digit : 2 * digit
        sum += value > 9 ? value - 9 : value
    }
    return sum.isMultiple(of: 10)
}

import Pelmeni
import PelmeniHTTP

// Values of the options of http pairs.
extension PairOption {
    /// The options of http pairs alone.
    static let ofHTTP: [PairOption] = [
        .head, .body, .clientIdle, .upstreamIdle, .halfClose, .maxHead, .maxRequestLine,
        .maxFields, .maxChunkExtensions, .maxTrailers, .forward, .trust,
    ]

    static func messageSize(_ text: String, _ option: PairOption) throws(UsageError) -> Int {
        let range =
            switch option {
            case .maxHead: HTTPLimits.headRange
            case .maxRequestLine: HTTPLimits.requestLineRange
            case .maxChunkExtensions: HTTPLimits.chunkExtensionRange
            default: HTTPLimits.trailerRange
            }
        let size = try SizeText.parse(text)
        guard range.contains(size) else {
            throw UsageError(
                "\"\(text)\" is out of range; valid: \(SizeText.format(range.lowerBound)) to "
                    + SizeText.format(range.upperBound))
        }
        return size
    }

    static func fields(_ text: String) throws(UsageError) -> Int {
        let range = HTTPLimits.fieldsRange
        guard let count = number(Substring(text)), range.contains(count) else {
            throw UsageError(
                "\"\(text)\" is not a number of fields; "
                    + "valid: \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    static func halfClose(_ text: String) throws(UsageError) -> HTTPServer.HalfClose {
        guard let meaning = HTTPServer.HalfClose(rawValue: text) else {
            let valid = HTTPServer.HalfClose.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("\"\(text)\" is not valid; valid: \(valid)")
        }
        return meaning
    }

    static func networks(_ text: String) throws(UsageError) -> [HTTPNetwork] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map {
            part throws(UsageError) in
            guard let network = HTTPNetwork(String(part)) else {
                throw UsageError(
                    "\"\(part)\" is not a network; write ADDRESS or ADDRESS/BITS without a bit "
                        + "beyond them, as in 10.0.0.0/8 or ::1")
            }
            return network
        }
    }
}

/// What upstreams are told, on the command line: `via,x-forwarded`.
enum ForwardingText {
    private static let names: [(name: String, value: HTTPForwarding)] = [
        ("via", .via), ("x-forwarded", .xForwarded), ("forwarded", .forwarded),
    ]
    static let none = "none"

    static func parse(_ text: String) throws(UsageError) -> HTTPForwarding {
        guard text != none else { return [] }
        var forwarding: HTTPForwarding = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let found = names.first(where: { $0.name == part }) else {
                let valid = names.map(\.name).joined(separator: ", ")
                throw UsageError("\"\(part)\" is not valid; valid: \(valid), or \(none) alone")
            }
            forwarding.insert(found.value)
        }
        return forwarding
    }

    static func format(_ forwarding: HTTPForwarding) -> String {
        let found = names.filter { forwarding.contains($0.value) }.map(\.name)
        return found.isEmpty ? none : found.joined(separator: ",")
    }
}

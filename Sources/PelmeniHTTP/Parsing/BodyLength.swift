/// How long a message's body is: decided in one place for each kind, RFC 9112, 6.3.
enum BodyLength: Equatable, Sendable {
    case none
    case bytes(UInt64)
    case chunked
    /// A response's, up to the end of its connection.
    case untilEnd

    /// Of a request, whose fields were read without a refusal.
    static func ofRequest(
        _ facts: FieldFacts, isOldVersion: Bool
    ) throws(HTTPRefusal) -> BodyLength {
        try checkCoding(facts, isOldVersion: isOldVersion)
        if facts.marks.contains(.coding) { return .chunked }
        return facts.marks.contains(.length) ? .bytes(facts.length) : .none
    }

    /// Of a response to a request.
    ///
    /// - Parameter isToHead: the request was HEAD.
    static func ofResponse(
        _ facts: FieldFacts, isOldVersion: Bool, status: Int, isToHead: Bool
    ) throws(HTTPRefusal) -> BodyLength {
        try checkCoding(facts, isOldVersion: isOldVersion)
        guard !isToHead, status >= 200, status != 204, status != 304 else { return .none }
        if facts.marks.contains(.coding) { return .chunked }
        return facts.marks.contains(.length) ? .bytes(facts.length) : .untilEnd
    }

    /// Two answers to one question are none: what a message has behind its head must be the same
    /// for each reader.
    private static func checkCoding(
        _ facts: FieldFacts, isOldVersion: Bool
    ) throws(HTTPRefusal) {
        guard facts.marks.contains(.coding) else { return }
        guard facts.coding != .several else { throw .codingTwice }
        guard !facts.marks.contains(.length) else { throw .lengthAndCoding }
        guard !isOldVersion else { throw .codingOfOldVersion }
        switch facts.coding {
        case .chunked, .several: break
        case .notLast: throw .codingNotLast
        case .unknown: throw .codingUnknown
        }
    }
}

/// Why a message does not go on behind a hook: what the client is told, and the reason in the log.
struct HTTPHookFailure: Error {
    let status: UInt16
    let reason: String

    static func thrown(_ hook: String, _ error: any Error) -> HTTPHookFailure {
        HTTPHookFailure(status: 500, reason: "\(hook): \(error)")
    }

    static func tooLong(_ hook: String, ofRequest isRequest: Bool) -> HTTPHookFailure {
        HTTPHookFailure(
            status: isRequest ? 413 : 502, reason: "\(hook): the body is longer than it collects")
    }

    static func refused(_ refusal: HTTPRefusal) -> HTTPHookFailure {
        HTTPHookFailure(
            status: 500, reason: "a hook left a message that is none: \(refusal.reason)")
    }

    static let routedResponse = HTTPHookError("a response cannot be routed")
}

/// What a hook may not make of a message.
struct HTTPHookError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static func route(_ number: Int) -> HTTPHookError {
        HTTPHookError("there is no upstream \(number) to route to")
    }
}

// What the serializer refuses, beside fields.
extension HTTPRequest {
    func check(isHead: Bool) throws {
        if let refused = fields.refused { throw refused }
        guard let (method, target) = changedLine else { return }
        guard !method.isEmpty, method.utf8.allSatisfy(Octets.isToken) else {
            throw HTTPHookError("the method \(method.debugDescription) is no token")
        }
        guard isHead == (method == "HEAD") else {
            throw HTTPHookError("a request becomes no HEAD, and HEAD stays one")
        }
        guard !target.isEmpty, target.utf8.allSatisfy(RequestHead.isOfTarget) else {
            throw HTTPHookError("the target has a byte that no request line has")
        }
    }
}

extension HTTPResponse {
    func check() throws {
        if let refused = fields.refused { throw refused }
        guard (200...999).contains(status) else {
            throw HTTPHookError("the status \(status) is not 200 to 999")
        }
        let reason = changedReason ?? ""
        guard reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw HTTPHookError("the reason phrase has a control byte")
        }
    }
}

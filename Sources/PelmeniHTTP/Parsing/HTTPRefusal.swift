/// Why a message is not taken: the status of the answer, and a reason for the log.
///
/// A refused request is answered with the status, and its connection is closed; a refused response
/// becomes a 502.
struct HTTPRefusal: Error, Equatable, Sendable {
    let status: UInt16
    let reason: StaticString

    static func == (left: HTTPRefusal, right: HTTPRefusal) -> Bool {
        left.status == right.status && left.reason.utf8Start == right.reason.utf8Start
    }

    private static func bad(_ reason: StaticString) -> HTTPRefusal {
        HTTPRefusal(status: 400, reason: reason)
    }

    // MARK: Lines

    static let bareCarriageReturn = bad("a carriage return without a line feed")
    static let bareLineFeed = bad("a line feed without a carriage return")
    static let method = bad("the method is no token of at most 32 bytes")
    static let target = bad("the target is empty, or has a byte that no URI has")
    static let requestLine = bad("the request line is no method, target and version")
    static let version = HTTPRefusal(status: 505, reason: "the version is not HTTP/1")
    static let targetTooLong = HTTPRefusal(status: 414, reason: "the request line is too long")
    static let statusLine = bad("the status line is no version, code of 100 to 999 and reason")

    // MARK: Fields

    static let fieldName = bad("a field's name is no token, or is not followed by a colon")
    static let fieldValue = bad("a field's value has a control byte")
    static let folding = bad("a field's value goes on in another line")
    static let headTooLong = HTTPRefusal(status: 431, reason: "the head is too long")
    static let fieldsTooMany = HTTPRefusal(status: 431, reason: "the head has too many fields")
    static let hostMissing = bad("there is no Host")
    static let hostTwice = bad("there is more than one Host")
    static let hostInvalid = bad("the Host is no host and port")
    static let hostDiffers = bad("the Host is not the target's authority")

    // MARK: Framing

    static let lengthInvalid = bad("the Content-Length is no number")
    static let lengthTwice = bad("there is more than one Content-Length")
    static let lengthAndCoding = bad("there are a Content-Length and a Transfer-Encoding")
    static let codingTwice = bad("there is more than one Transfer-Encoding")
    static let codingOfOldVersion = bad("HTTP/1.0 has no Transfer-Encoding")
    static let codingNotLast = bad("the last transfer coding is not chunked")
    static let codingUnknown = HTTPRefusal(
        status: 501, reason: "a transfer coding other than chunked")
    static let chunkSize = bad("a chunk's size is no number of at most 16 hexadecimal digits")
    static let chunkLine = bad("a chunk's line does not end with CRLF")
    static let collectedTooLong = HTTPRefusal(
        status: 413, reason: "the body is longer than a hook collects")
    static let chunkExtensions = bad("a chunk extension has a control byte")
    static let chunkExtensionsTooLong = bad("the chunk extensions are too long")
    static let bodyTooLong = HTTPRefusal(
        status: 413, reason: "the body is longer than a message of the other side may be")
    static let bodyWithoutFrame = bad("the body is no message in the upstream's framing")
    static let trailersTooLong = HTTPRefusal(status: 431, reason: "the trailers are too long")

    // MARK: Methods

    static let forwardsOver = HTTPRefusal(
        status: 405, reason: "Max-Forwards is 0, and the method is not answered here")
    static let connect = HTTPRefusal(status: 405, reason: "CONNECT is not allowed")
    static let upgradeUnasked = bad("the upstream switches protocols without being asked")
}

internal import Pelmeni

// How the bodies of an exchange are framed, and what goes at once.
extension HTTPHookRun {
    // MARK: Requests

    /// A body of up to this size that has still to come is read and dropped, so that the connection
    /// can be kept behind the response.
    private static var droppedBytesMax: UInt64 { 256 << 10 }

    /// What has still to come of the request's body can be dropped. A client that waits for 100
    /// Continue may send its body or not.
    var canDrop: Bool {
        !expects && requestWay.length != .chunked && requestWay.left <= Self.droppedBytesMax
    }

    /// The bytes that go with the head, in one send.
    func smallBody(_ body: HTTPBody?, _ framing: BodyFraming?) -> [UInt8]? {
        guard let body, case .bytes(let count)? = framing, UInt64(count) <= HTTPProxy.copiedBytesMax
        else { return nil }
        return body.bytes
    }

    /// The body where it goes on at once: it was collected, or set by a hook.
    var wholeRequestBody: HTTPBody? {
        switch request.bodyPlace {
        case .untouched: nil
        case .collected(let body), .replaced(let body): body
        }
    }

    var requestFraming: BodyFraming? {
        switch request.bodyPlace {
        case .untouched: seesPieces(.request) && !requestWay.isTaken ? .chunked : nil
        case .collected(let body):
            seesPieces(.request) || !requestWay.trailers.isEmpty ? .chunked : .bytes(body.count)
        case .replaced where seesPieces(.request): .chunked
        case .replaced(let body) where body.isEmpty && !request.method.expectsBody: BodyFraming.none
        case .replaced(let body): .bytes(body.count)
        }
    }

    var sendsRequestChunks: Bool {
        if case .chunked = requestFraming { return true }
        return false
    }

    // MARK: Responses

    /// Drops the rest of a response's body. False where it has not come.
    func takeRest(_ data: inout Buffer) -> Bool {
        guard !responseWay.isTaken else { return true }
        guard case .bytes = responseWay.length, responseWay.left <= UInt64(data.count) else {
            return false
        }
        data.removeFirst(Int(responseWay.left))
        responseWay.isTaken = true
        return true
    }

    /// The body where it goes on at once: it was collected, or set by a hook.
    var wholeResponseBody: HTTPBody? {
        switch response.bodyPlace {
        case .untouched: nil
        case .collected(let body), .replaced(let body): body
        }
    }

    /// A response to HEAD, and one of 204 or 304, ends with its head.
    var hasNoBody: Bool { isHead || response.status == 204 || response.status == 304 }

    var responseFraming: BodyFraming? {
        switch response.bodyPlace {
        // The length of a response to HEAD is its origin's, and a hook's own has its body's.
        case _ where isHead && !response.isOwn: nil
        case .untouched where hasNoBody: responseWay.length == .none ? nil : BodyFraming.none
        // A hook has given a status that has a body to a response without one.
        case .untouched where responseWay.length == .none: .bytes(0)
        case .untouched: seesPieces(.response) && !responseWay.isTaken ? .chunked : nil
        // RFC 9110, 8.6: these have no length.
        case _ where response.status == 204 || response.status == 304: BodyFraming.none
        case .collected(let body):
            seesPieces(.response) || !responseWay.trailers.isEmpty ? .chunked : .bytes(body.count)
        case .replaced(let body): seesPieces(.response) ? .chunked : .bytes(body.count)
        }
    }

    // MARK: Both

    /// The last chunk, and the trailers behind it.
    func lastChunk(_ side: MessageSide, _ state: HTTPExchange) -> [UInt8] {
        let goOn = side == .request || state.marks.contains(.takesTrailers)
        return Array("0\r\n".utf8) + (goOn ? self[side].trailers : []) + [0x0d, 0x0a]
    }
}

extension HTTPMethod {
    /// RFC 9110, 8.6: an empty body of these has a length.
    var expectsBody: Bool { self == .post || self == .put || self == .patch }
}

/// A hook that was attached to an ``HTTPServer`` or an ``HTTPClient``.
public struct HTTPHookTable: Sendable {
    typealias RequestCall =
        @Sendable (UnsafeMutableRawPointer, inout HTTPRequest, HTTPSession) throws -> HTTPVerdict
    typealias ResponseCall =
        @Sendable (UnsafeMutableRawPointer, inout HTTPResponse, HTTPSession) throws -> HTTPVerdict
    typealias PieceCall =
        @Sendable (UnsafeMutableRawPointer, inout HTTPBody, Bool, HTTPSession) throws -> Void

    /// The name in logs: the type's name, or the moment of the closure.
    public let name: String
    private(set) var moments: HTTPMoments = []
    /// Bytes of bodies that it waits for.
    private(set) var requestBytesMax: Int?
    private(set) var responseBytesMax: Int?
    private(set) var forward: RequestCall = { _, _, _ in .forward }
    private(set) var send: RequestCall = { _, _, _ in .forward }
    private(set) var respond: ResponseCall = { _, _, _ in .forward }
    private(set) var forwardPiece: PieceCall = { _, _, _, _ in }
    private(set) var sendPiece: PieceCall = { _, _, _, _ in }
    private(set) var respondPiece: PieceCall = { _, _, _, _ in }
    /// Of an asynchronous hook, in place of the calls above.
    private(set) var asyncRequest: AsyncRequestBody?
    private(set) var asyncResponse: AsyncResponseBody?
    private(set) var deadline = Duration.seconds(10)
    /// Makes an instance in memory of its own, and gives it back.
    private let make: @Sendable () throws -> UnsafeMutableRawPointer
    private let release: @Sendable (UnsafeMutableRawPointer) -> Void

    /// A hook type. Its moments are the protocols that it has.
    init<H: HTTPHook>(_ factory: @escaping @Sendable () throws -> H) {
        name = "\(H.self)"
        requestBytesMax = H.collectedRequestBytesMax
        responseBytesMax = H.collectedResponseBytesMax
        make = {
            let memory = UnsafeMutablePointer<H>.allocate(capacity: 1)
            do {
                memory.initialize(to: try factory())
                return UnsafeMutableRawPointer(memory)
            } catch {
                memory.deallocate()
                throw error
            }
        }
        release = {
            let memory = $0.assumingMemoryBound(to: H.self)
            memory.deinitialize(count: 1)
            memory.deallocate()
        }
        if let type = H.self as? any HTTPBeforeForward.Type { addForward(type) }
        if let type = H.self as? any HTTPBeforeSend.Type { addSend(type) }
        if let type = H.self as? any HTTPBeforeRespond.Type { addRespond(type) }
        if let type = H.self as? any HTTPBeforeForwardBody.Type { addForwardPiece(type) }
        if let type = H.self as? any HTTPBeforeSendBody.Type { addSendPiece(type) }
        if let type = H.self as? any HTTPBeforeRespondBody.Type { addRespondPiece(type) }
    }

    /// A closure: without state.
    private init(name: String, _ moment: HTTPMoments) {
        self.name = name
        moments = moment
        make = { UnsafeMutableRawPointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1)) }
        release = { $0.assumingMemoryBound(to: UInt8.self).deallocate() }
    }

    // MARK: Closures

    typealias RequestBody = @Sendable (inout HTTPRequest, HTTPSession) throws -> HTTPVerdict
    typealias ResponseBody = @Sendable (inout HTTPResponse, HTTPSession) throws -> HTTPVerdict
    typealias PieceBody = @Sendable (inout HTTPBody, Bool, HTTPSession) throws -> Void

    typealias AsyncRequestBody =
        @Sendable (inout HTTPRequest, HTTPSession) async throws -> HTTPVerdict
    typealias AsyncResponseBody =
        @Sendable (inout HTTPResponse, HTTPSession) async throws -> HTTPVerdict

    static func beforeForward(_ most: Int?, _ body: @escaping RequestBody) -> Self {
        var table = Self(name: "beforeForward", .forward)
        table.requestBytesMax = most
        table.forward = { try body(&$1, $2) }
        return table
    }

    static func beforeSend(_ most: Int?, _ body: @escaping RequestBody) -> Self {
        var table = Self(name: "beforeSend", .send)
        table.requestBytesMax = most
        table.send = { try body(&$1, $2) }
        return table
    }

    static func beforeRespond(_ most: Int?, _ body: @escaping ResponseBody) -> Self {
        var table = Self(name: "beforeRespond", .respond)
        table.responseBytesMax = most
        table.respond = { try body(&$1, $2) }
        return table
    }

    static func beforeForwardBody(_ body: @escaping PieceBody) -> Self {
        var table = Self(name: "beforeForwardBody", .forwardBody)
        table.forwardPiece = { try body(&$1, $2, $3) }
        return table
    }

    static func beforeSendBody(_ body: @escaping PieceBody) -> Self {
        var table = Self(name: "beforeSendBody", .sendBody)
        table.sendPiece = { try body(&$1, $2, $3) }
        return table
    }

    static func beforeRespondBody(_ body: @escaping PieceBody) -> Self {
        var table = Self(name: "beforeRespondBody", .respondBody)
        table.respondPiece = { try body(&$1, $2, $3) }
        return table
    }

    // MARK: Asynchronous ones

    static func requests(
        _ moment: HTTPMoments, _ most: Int?, _ deadline: Duration,
        _ body: @escaping AsyncRequestBody
    ) -> Self {
        var table = Self(name: moment == .forward ? "beforeForward" : "beforeSend", moment)
        table.requestBytesMax = most
        table.asyncRequest = body
        table.deadline = deadline
        return table
    }

    static func responses(
        _ most: Int?, _ deadline: Duration, _ body: @escaping AsyncResponseBody
    ) -> Self {
        var table = Self(name: "beforeRespond", .respond)
        table.responseBytesMax = most
        table.asyncResponse = body
        table.deadline = deadline
        return table
    }

    /// An asynchronous hook. Its moments are the protocols that it has.
    init<H: AsyncHTTPHook>(_ hook: H, isOfServer: Bool, _ deadline: Duration) {
        self.init(name: "\(H.self)", [])
        requestBytesMax = H.collectedRequestBytesMax
        responseBytesMax = H.collectedResponseBytesMax
        self.deadline = deadline
        if isOfServer, let hook = hook as? any AsyncHTTPBeforeForward {
            moments.insert(.forward)
            asyncRequest = { try await hook.beforeForward(&$0, $1) }
        }
        if !isOfServer, let hook = hook as? any AsyncHTTPBeforeSend {
            moments.insert(.send)
            asyncRequest = { try await hook.beforeSend(&$0, $1) }
        }
        if let hook = hook as? any AsyncHTTPBeforeRespond {
            moments.insert(.respond)
            asyncResponse = { try await hook.beforeRespond(&$0, $1) }
        }
    }

    // MARK: Moments of types

    private mutating func addForward<H: HTTPBeforeForward>(_ type: H.Type) {
        moments.insert(.forward)
        forward = { try $0.assumingMemoryBound(to: H.self).pointee.beforeForward(&$1, $2) }
    }

    private mutating func addSend<H: HTTPBeforeSend>(_ type: H.Type) {
        moments.insert(.send)
        send = { try $0.assumingMemoryBound(to: H.self).pointee.beforeSend(&$1, $2) }
    }

    private mutating func addRespond<H: HTTPBeforeRespond>(_ type: H.Type) {
        moments.insert(.respond)
        respond = { try $0.assumingMemoryBound(to: H.self).pointee.beforeRespond(&$1, $2) }
    }

    private mutating func addForwardPiece<H: HTTPBeforeForwardBody>(_ type: H.Type) {
        moments.insert(.forwardBody)
        forwardPiece = {
            try $0.assumingMemoryBound(to: H.self).pointee.beforeForwardBody(&$1, isEnd: $2, $3)
        }
    }

    private mutating func addSendPiece<H: HTTPBeforeSendBody>(_ type: H.Type) {
        moments.insert(.sendBody)
        sendPiece = {
            try $0.assumingMemoryBound(to: H.self).pointee.beforeSendBody(&$1, isEnd: $2, $3)
        }
    }

    private mutating func addRespondPiece<H: HTTPBeforeRespondBody>(_ type: H.Type) {
        moments.insert(.respondBody)
        respondPiece = {
            try $0.assumingMemoryBound(to: H.self).pointee.beforeRespondBody(&$1, isEnd: $2, $3)
        }
    }

    // MARK: Instances

    func makeInstance() throws -> HTTPHookInstance {
        HTTPHookInstance(self, try make())
    }

    fileprivate func destroy(_ state: UnsafeMutableRawPointer) { release(state) }
}

/// The moments of a hook of HTTP.
struct HTTPMoments: OptionSet, Sendable {
    let rawValue: UInt8

    static let forward = HTTPMoments(rawValue: 1 << 0)
    static let send = HTTPMoments(rawValue: 1 << 1)
    static let respond = HTTPMoments(rawValue: 1 << 2)
    static let forwardBody = HTTPMoments(rawValue: 1 << 3)
    static let sendBody = HTTPMoments(rawValue: 1 << 4)
    static let respondBody = HTTPMoments(rawValue: 1 << 5)

    static let requests: HTTPMoments = [.forward, .send]
    static let requestBodies: HTTPMoments = [.forwardBody, .sendBody]
}

/// A hook's instance of one connection of a client.
final class HTTPHookInstance {
    let table: HTTPHookTable
    let state: UnsafeMutableRawPointer

    fileprivate init(_ table: HTTPHookTable, _ state: UnsafeMutableRawPointer) {
        self.table = table
        self.state = state
    }

    deinit { table.destroy(state) }
}

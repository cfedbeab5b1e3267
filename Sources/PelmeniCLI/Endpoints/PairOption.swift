import Pelmeni
import PelmeniHTTP

/// An option of a pair, in the query of either of its URLs.
enum PairOption: String, CaseIterable, Sendable {
    case connect
    case firstByte = "first-byte"
    case idle
    case linger
    case stall
    case sessions
    case on
    case keepAlive = "keepalive"
    case userTimeout = "user-timeout"
    case mode
    case whenDown = "when-down"
    case addresses
    case lookup
    case framing
    case maxFrame = "max-frame"
    case requests
    case responses
    case receiveBuffer = "receive-buffer"
    case sendBuffer = "send-buffer"
    case df
    case v6Only = "v6only"
    case interface
    case answer
    case head
    case body
    case clientIdle = "client-idle"
    case upstreamIdle = "upstream-idle"
    case halfClose = "half-close"
    case maxHead = "max-head"
    case maxRequestLine = "max-request-line"
    case maxFields = "max-fields"
    case maxChunkExtensions = "max-chunk-extensions"
    case maxTrailers = "max-trailers"
    case forward
    case trust
    case profile

    /// For messages.
    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The value of an option.
    enum Value: Hashable, Sendable, CustomStringConvertible {
        /// Nil is off.
        case duration(Duration?)
        case count(Int)
        case workers([Int])
        case mode(SocketPermissions)
        case framing(Framing)
        /// Bytes.
        case size(Int)
        case isOn(Bool)
        case keep
        case name(String)
        case profile(PairProfile)
        case halfClose(HTTPServer.HalfClose)
        case forwarding(HTTPForwarding)
        case networks([HTTPNetwork])
        case addresses(UpstreamAddresses)
        case whenDown(WhenDown)

        var description: String {
            switch self {
            case .duration(let duration): DurationText.format(duration)
            case .count(let count): "\(count)"
            case .workers(let workers): workers.map(String.init).joined(separator: ",")
            case .mode(let mode): "0" + String(mode.rawValue, radix: 8)
            case .framing(let framing): framing.description
            case .size(let bytes): SizeText.format(bytes)
            case .isOn(let isOn): isOn ? "yes" : "no"
            case .keep: "keep"
            case .name(let name): name
            case .profile(let profile): profile.rawValue
            case .halfClose(let meaning): meaning.rawValue
            case .forwarding(let forwarding): ForwardingText.format(forwarding)
            case .networks(let networks): networks.map(\.description).joined(separator: ",")
            case .addresses(let addresses): addresses.rawValue
            case .whenDown(let answer): answer.rawValue
            }
        }
    }

    static func named(_ name: Substring, in url: String) throws(UsageError) -> PairOption {
        if let option = PairOption(rawValue: String(name)) { return option }
        throw UsageError("unknown option \"\(name)\" in \"\(url)\"; valid options: \(list)")
    }

    func value(_ text: String, in url: String) throws(UsageError) -> Value {
        do {
            switch self {
            case .connect, .answer, .head, .body, .clientIdle, .upstreamIdle:
                return .duration(try Self.duration(text))
            case .firstByte, .idle, .linger, .stall:
                return .duration(text == "none" ? nil : try Self.duration(text))
            case .addresses: return .addresses(try Self.addresses(text))
            case .whenDown: return .whenDown(try Self.whenDown(text))
            case .lookup: return .duration(try Self.lookup(text))
            case .userTimeout:
                return .duration(text == "none" ? nil : try Self.userTimeout(text))
            case .keepAlive:
                return .duration(text == "none" ? nil : try Self.keepAlive(text))
            case .sessions: return .count(try Self.count(text, of: "sessions"))
            case .requests, .responses: return .count(try Self.count(text, of: "datagrams"))
            case .framing: return .framing(try Self.framing(text))
            case .maxFrame: return .size(try Self.frameSize(text))
            case .receiveBuffer: return .size(try Self.bufferSize(text, "receive"))
            case .sendBuffer: return .size(try Self.bufferSize(text, "send"))
            case .df: return try Self.keep(text)
            case .v6Only: return .isOn(try Self.isOn(text))
            case .interface: return .name(try Self.interface(text))
            case .profile: return .profile(try Self.profile(text))
            case .on: return .workers(try Self.workers(text))
            case .mode: return .mode(try Self.mode(text))
            case .maxHead, .maxRequestLine, .maxChunkExtensions, .maxTrailers:
                return .size(try Self.messageSize(text, self))
            case .maxFields: return .count(try Self.fields(text))
            case .halfClose: return .halfClose(try Self.halfClose(text))
            case .forward: return .forwarding(try ForwardingText.parse(text))
            case .trust: return .networks(try Self.networks(text))
            }
        } catch {
            throw UsageError("option \"\(rawValue)\" in \"\(url)\": \(error)")
        }
    }

    /// - Parameter valid: of an option with a range of its own, for messages.
    private static func duration(
        _ text: String, valid: String? = nil, where isValid: (Duration) -> Bool = { $0 > .zero }
    ) throws(UsageError) -> Duration {
        let forms = "valid: \(valid ?? "1ms or more")"
        // An option that may be off has read it before.
        guard text != "none" else { throw UsageError("it cannot be \"none\"; \(forms)") }
        let duration =
            valid == nil
            ? try DurationText.parse(text) : try DurationText.parse(text, valid: forms)
        guard isValid(duration) else {
            throw UsageError(
                "\"\(text)\" is \(duration == .zero ? "no time at all" : "not valid"); \(forms)")
        }
        return duration
    }

    /// tcp(7) takes whole seconds.
    private static func keepAlive(_ text: String) throws(UsageError) -> Duration {
        try duration(text, valid: "1s to 32767s in whole seconds, or none") {
            $0 > .zero && $0.components.attoseconds == 0 && $0 <= EngineCheck.keepAliveMax
        }
    }

    /// tcp(7) counts milliseconds in 31 bits, and accepts more without an error.
    private static func userTimeout(_ text: String) throws(UsageError) -> Duration {
        try duration(text, valid: "1ms to 24h, or none") {
            $0 > .zero && $0 <= EngineCheck.userTimeoutMax
        }
    }

    private static func addresses(_ text: String) throws(UsageError) -> UpstreamAddresses {
        guard let addresses = UpstreamAddresses(rawValue: text) else {
            throw UsageError("\"\(text)\" is not valid; valid: first, or all")
        }
        return addresses
    }

    private static func whenDown(_ text: String) throws(UsageError) -> WhenDown {
        guard let answer = WhenDown(rawValue: text) else {
            throw UsageError("\"\(text)\" is not valid; valid: accept, refuse")
        }
        return answer
    }

    private static func lookup(_ text: String) throws(UsageError) -> Duration {
        try duration(text, valid: "1s to 24h") {
            $0 >= EngineCheck.lookupIntervalMin && $0 <= EngineCheck.lookupIntervalMax
        }
    }

    private static func framing(_ text: String) throws(UsageError) -> Framing {
        guard let framing = Framing(text) else {
            throw UsageError(
                "\"\(text)\" is not a framing; valid framings: "
                    + Framing.names.joined(separator: ", "))
        }
        return framing
    }

    private static func frameSize(_ text: String) throws(UsageError) -> Int {
        let size = try SizeText.parse(text)
        guard (1...FramingConfiguration.maxFrameMax).contains(size) else {
            throw UsageError(
                "\"\(text)\" is not a size of frames; "
                    + "valid: 1 to \(SizeText.format(FramingConfiguration.maxFrameMax))")
        }
        return size
    }

    private static func bufferSize(_ text: String, _ kind: String) throws(UsageError) -> Int {
        let size = try SizeText.parse(text)
        guard (SocketBuffers.bytesMin...SocketBuffers.bytesMax).contains(size) else {
            throw UsageError(
                "\"\(text)\" is not a size of \(kind) buffers; valid: "
                    + "\(SizeText.format(SocketBuffers.bytesMin)) to "
                    + SizeText.format(SocketBuffers.bytesMax))
        }
        return size
    }

    private static func keep(_ text: String) throws(UsageError) -> Value {
        guard text == "keep" else { throw UsageError("\"\(text)\" is not valid; valid: keep") }
        return .keep
    }

    private static func isOn(_ text: String) throws(UsageError) -> Bool {
        guard text == "yes" || text == "no" else {
            throw UsageError("\"\(text)\" is not valid; valid: yes, no")
        }
        return text == "yes"
    }

    /// The start checks that the interface exists.
    private static func interface(_ text: String) throws(UsageError) -> String {
        guard HostText.isZone(text[...]) else {
            throw UsageError(
                "\"\(text)\" is not an interface; valid: \(EngineCheck.interfaceForms)")
        }
        return text
    }

    private static func profile(_ text: String) throws(UsageError) -> PairProfile {
        guard let profile = PairProfile(rawValue: text) else {
            throw UsageError(
                "\"\(text)\" is not a profile; valid profiles: \(PairProfile.list)")
        }
        return profile
    }

    private static func count(_ text: String, of what: String) throws(UsageError) -> Int {
        guard let count = number(Substring(text)), (1...EngineCheck.countMax).contains(count) else {
            throw UsageError(
                "\"\(text)\" is not a number of \(what); valid: 1 to \(EngineCheck.countMax)")
        }
        return count
    }

    private static func workers(_ text: String) throws(UsageError) -> [Int] {
        var workers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let worker = number(part) else {
                throw UsageError(
                    "\"\(part)\" is not a worker; write numbers from 0 and commas, as in on=0,2")
            }
            workers.insert(worker)
        }
        return workers.sorted()
    }

    private static func mode(_ text: String) throws(UsageError) -> SocketPermissions {
        guard !text.isEmpty, text.allSatisfy({ ("0"..."7").contains($0) }),
            let mode = UInt16(text, radix: 8), mode <= EngineCheck.modeMax
        else {
            throw UsageError(
                "\"\(text)\" is not a file mode; valid: 0 to 0777 in octal, as in 0660")
        }
        return SocketPermissions(rawValue: mode)
    }

    static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int32(text).map(Int.init)
    }
}

/// The peers of a world that decide for themselves: clients and upstreams as programs, which also
/// judge what they get. One object is made for each run of a seed.
package protocol PeerPrograms: AnyObject {
    /// The program of a client's stream.
    func client(_ number: Int) -> any StreamProgram
    /// The program of a connection, or a datagram socket, that the engine opened.
    func upstream(_ number: Int) -> any StreamProgram
    func messageClient(_ number: Int) -> any MessageProgram
    func messageUpstream(_ number: Int) -> any MessageProgram
    /// Streams are written and carried in as few pieces as fit.
    var writesAtOnce: Bool { get }
    /// The faults that only the whole run shows, a line each.
    func judge(_ outcome: SimulationOutcome) -> [String]
    /// What occurred in the run.
    var points: [SimulatedPoint: UInt64] { get }
}

extension PeerPrograms {
    package var writesAtOnce: Bool { false }

    package func client(_ number: Int) -> any StreamProgram {
        preconditionFailure("the clients have datagrams")
    }

    package func upstream(_ number: Int) -> any StreamProgram {
        preconditionFailure("the upstreams have datagrams")
    }

    package func messageClient(_ number: Int) -> any MessageProgram {
        preconditionFailure("the clients have streams")
    }

    package func messageUpstream(_ number: Int) -> any MessageProgram {
        preconditionFailure("the upstreams have streams")
    }
}

/// One end of a stream. It is called when bytes or an end came, when room became free, and when it
/// asked to be.
package protocol StreamProgram: AnyObject {
    func act(_ stage: inout StreamStage)
}

/// One end of datagrams.
package protocol MessageProgram: AnyObject {
    func act(_ stage: inout MessageStage)
}

/// What a program of a stream sees in a call, and what it does.
package struct StreamStage {
    package let now: UInt64
    /// Bytes that came since the last call.
    package let came: [UInt8]
    package let end: FlowResult.End
    /// Bytes that its kernel took so far, those of them that are with the engine's kernel, and
    /// bytes of its output that wait for room.
    package let sent: Int
    package let arrived: Int
    package let unsent: Int

    package var output: [UInt8] = []
    /// Ends the stream, or resets it, behind all output.
    package var ends = false
    package var resets = false
    /// Reads nothing before this time.
    package var readsFrom: UInt64 = 0
    /// Wants to be called at this time; 0 is not.
    package var wakesAt: UInt64 = 0
    /// What the engine did wrong: the run's end.
    package var fault: String?
    package var note: String?
}

/// The same of datagrams.
package struct MessageStage {
    package let now: UInt64
    package let came: [[UInt8]]
    /// The engine closed the socket that it had for this upstream.
    package let isGone: Bool

    package var output: [[UInt8]] = []
    package var wakesAt: UInt64 = 0
    package var note: String?
    /// A client has nothing more to do.
    package var isOver = false
    package var fault: String?
}

/// A program of a stream, and the stream's bytes.
final class StreamPlay {
    let program: any StreamProgram
    var sent: [UInt8] = []
    var came: [UInt8] = []
    var taken = 0
    var ends = false
    var resets = false
    var wakesAt: UInt64 = 0
    /// The upstream's connections end with the run.
    var awaitsRunEnd = false

    init(_ program: any StreamProgram) { self.program = program }
}

/// A program of datagrams, and its messages.
final class MessagePlay {
    let program: any MessageProgram
    var sent: [[UInt8]] = []
    var came: [[UInt8]] = []
    var isOver = false

    init(_ program: any MessageProgram) { self.program = program }
}

/// The programs of one run, by peer, client of datagrams and upstream's socket.
final class PlayBook {
    let programs: any PeerPrograms
    var streams: [Int: StreamPlay] = [:]
    var clients: [Int: MessagePlay] = [:]
    var flows: [Int: MessagePlay] = [:]

    init(_ programs: any PeerPrograms) { self.programs = programs }
}

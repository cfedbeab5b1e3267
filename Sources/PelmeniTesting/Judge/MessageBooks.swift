/// The simulated kernel's counts of messages, to compare with the engine's counters.
struct MessageBooks {
    /// Messages handed to the engine, each of which it must send or drop.
    var received = 0
    /// Completions with datagrams for a leg that was closing already; below, the messages in them.
    var late = 0
    var lateMost = 0
    /// Refusals reported to the engine, each of which counts as one drop: at least, and at most.
    var refusalsLeast = 0
    var refusalsMost = 0
    /// Datagrams sent by the engine, by direction.
    var sentToUpstream = 0
    var sentToClient = 0
    /// Messages that the engine wrote to streams, as far as they arrived.
    var framed = 0
    /// Datagrams, and reads of streams, handed over that came with descriptors.
    var withDescriptors = 0
    /// Datagrams cut by the kernel.
    var cut = 0
    /// Single datagrams that were refused for their length.
    var tooLong = 0
    /// Messages handed over that are longer than a datagram, or than a frame can express.
    var oversize = 0
    /// Of these, messages of another length than a fixed frame's.
    var misfits = 0
    /// Datagrams in sends that a full socket refused for good, or of a closing socket.
    var full = 0
    /// Answers handed over for clients without a name; at most, answers in one read with the end of
    /// their session.
    var nameless = 0
    /// Answers refused because their client is closed.
    var gone = 0
    /// Sockets of datagrams that could not be opened.
    var failedOpens = 0
}

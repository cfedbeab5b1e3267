/// What the simulated kernel saw of messages, to be held against the engine's counters.
struct MessageBooks {
    /// Messages that the engine was handed and had to do something about.
    var received = 0
    /// Messages in the last completion of a leg that it then closed: not all need have been looked
    /// at.
    var unlooked = 0
    /// Completions with datagrams that came when their leg was closing already, and messages in
    /// them.
    var late = 0
    var lateMost = 0
    /// Refusals that the engine was told of, each of which counts as one drop: at least, and at
    /// most.
    var refusalsLeast = 0
    var refusalsMost = 0
    /// Datagrams that sends of the engine brought out, by what they were towards.
    var sentToUpstream = 0
    var sentToClient = 0
    /// Messages that the engine put on streams, as far as they came there.
    var framed = 0
    /// Datagrams cut by the kernel.
    var cut = 0
    /// Single datagrams that were refused for their length.
    var tooLong = 0
    /// Messages that were handed over, and are longer than a datagram, or than a frame can say.
    var oversize = 0
    /// Of them, those of another length than all frames have.
    var misfits = 0
    /// Datagrams in sends that a full socket refused for good, or that a closing one had.
    var full = 0
    /// Answers that were handed over and are for clients without a name; at the most, those in one
    /// read with the end of their session.
    var nameless = 0
    /// Answers that were refused because their client is gone.
    var gone = 0
    /// Sockets of datagrams that could not be opened.
    var failedOpens = 0
}

/// A listening socket as one worker sees it. Its slot number is its position plus one.
package struct WorkerListener: Sendable {
    package var socket: Int32
    package var pair: PairID
    /// Other workers watch the same descriptor.
    package var isShared: Bool
    /// A datagram socket: the relay takes it over, and keeps it while it has sessions.
    package var isDatagrams: Bool
    var isArmed = false
    /// Its multishot accept is being cancelled; single accepts follow.
    var isEnding = false
    /// The relay has taken the socket over, and closes it.
    var isTaken = false
    /// After an error, not armed before this time; 0 is at once.
    var pausedUntil: UInt64 = 0
    var errors: UInt32 = 0
    var isClosed = false

    package init(socket: Int32, pair: PairID, isShared: Bool, isDatagrams: Bool = false) {
        self.isDatagrams = isDatagrams
        self.socket = socket
        self.pair = pair
        self.isShared = isShared
    }
}

/// A listening socket as one worker sees it. Its slot number is its position plus one.
package struct WorkerListener: Sendable {
    package var socket: Int32
    package var pair: PairID
    /// Other workers watch the same descriptor.
    package var isShared: Bool
    /// Datagrams come to it: the relay has it, and keeps it while sessions of it are open.
    package var isDatagrams: Bool
    var isArmed = false
    /// Its multishot accept is being cancelled, to go on one at a time.
    var isEnding = false
    /// The relay has taken it over, and closes it.
    var isTaken = false
    /// Not armed before then, after an error; 0 is at once.
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

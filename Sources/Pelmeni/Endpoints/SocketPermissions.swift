/// The users that may connect to a Unix socket, or send to it: the mode of its file, chmod(2).
///
/// `[.owner, .group]` is the mode 0660. A `rawValue` gives any other mode, such as `0o620`.
public struct SocketPermissions: OptionSet, Sendable, Hashable {
    /// The mode, 0 to 0777.
    public let rawValue: UInt16

    /// - Parameter rawValue: the mode. An ``Engine`` refuses bits above 0777.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The user that the process runs as: 0600.
    public static let owner = SocketPermissions(rawValue: 0o600)
    /// The members of the file's group: 0060.
    public static let group = SocketPermissions(rawValue: 0o060)
    /// All others: 0006.
    public static let others = SocketPermissions(rawValue: 0o006)
}

internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

extension MachineReport {
    /// The limits that an engine reaches first.
    package struct Limits: Codable, Equatable, Sendable {
        /// Descriptors (`ulimit -n`): the limit in force, and the one that an engine raises it to.
        package var descriptors: UInt64
        package var descriptorsHard: UInt64
        /// Stream sessions for which these suffice, with the default number of workers.
        package var sessions: Int
        /// How to get more; nil when there are enough.
        package var sessionsRemedy: String?
        /// Bytes that may be locked (`ulimit -l`); nil is no limit.
        package var lockedBytes: UInt64?
        /// The processors of the affinity mask.
        package var processors: [Int]
        /// The cgroup's quota in whole processors; nil is none.
        package var processorQuota: Int?
        /// The default number of workers.
        package var workers: Int
        /// The longest queue of connections that wait for accept(2): `net.core.somaxconn`.
        package var acceptQueue: Int?
        /// `net.ipv4.ping_group_range`, and whether a group of this process is in it: icmp without
        /// root needs that.
        package var pingGroups: String?
        package var mayPing: Bool
        /// Raw sockets are granted, as `CAP_NET_RAW` does: an icmp listener needs one, and an icmp
        /// upstream without a ping socket.
        package var mayUseRaw: Bool
        /// The kernel answers echo requests itself, beside an icmp listener; nil without the
        /// family.
        package var answersPing: Bool?
        package var answersPingV6: Bool?
        package var hasIPv6: Bool

        private enum CodingKeys: String, CodingKey {
            case descriptors
            case descriptorsHard = "descriptors_hard"
            case sessions
            case sessionsRemedy = "sessions_remedy"
            case lockedBytes = "locked_bytes"
            case processors
            case processorQuota = "processor_quota"
            case workers
            case acceptQueue = "accept_queue"
            case pingGroups = "ping_groups"
            case mayPing = "may_ping"
            case mayUseRaw = "may_use_raw"
            case answersPing = "answers_ping"
            case answersPingV6 = "answers_ping_ipv6"
            case hasIPv6 = "ipv6"
        }

        static func gather() -> Limits {
            var soft: UInt64 = 0
            var hard: UInt64 = 0
            _ = pelmeni_descriptor_limit(&soft, &hard)
            let quota = Int(pelmeni_quota_processors())
            let budget = DescriptorBudget.expected(workers: Processors.workers())
            let sessions = budget.sessions(hasStreams: true, hasDatagrams: false)
            let groups = MachineReport.Files.text("/proc/sys/net/ipv4/ping_group_range")
                .map { $0.split(whereSeparator: \.isWhitespace) }
            return Limits(
                descriptors: soft, descriptorsHard: hard, sessions: sessions,
                sessionsRemedy: sessions < DescriptorBudget.sessionsMin ? budget.remedy : nil,
                lockedBytes: lockedLimit(),
                processors: Processors.usable().map(Int.init),
                processorQuota: quota > 0 ? quota : nil, workers: Processors.workers(),
                acceptQueue: MachineReport.Files.number("/proc/sys/net/core/somaxconn"),
                pingGroups: groups?.joined(separator: " "), mayPing: mayPing(groups ?? []),
                mayUseRaw: opensRaw(), answersPing: answersPing("ipv4/icmp_echo_ignore_all"),
                answersPingV6: answersPing("ipv6/icmp/echo_ignore_all"), hasIPv6: opensIPv6())
        }

        private static func lockedLimit() -> UInt64? {
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 else {
                return nil
            }
            return limit.rlim_cur == rlim_t.max ? nil : UInt64(limit.rlim_cur)
        }

        private static func mayPing(_ range: [Substring]) -> Bool {
            let ends = range.compactMap { UInt32($0) }
            guard ends.count == 2, ends[0] <= ends[1] else { return false }
            let count = getgroups(0, nil)
            var groups = [gid_t](repeating: 0, count: max(0, Int(count)))
            let got = getgroups(count, &groups)
            let allowed = ends[0]...ends[1]
            return ([getegid()] + groups.prefix(max(0, Int(got)))).contains { allowed.contains($0) }
        }

        /// By a socket, since a user namespace has capabilities that its network does not heed.
        private static func opensRaw() -> Bool {
            let socket = pelmeni_datagram_open_kind(AF_INET, 1, Int32(IPPROTO_ICMP), 1)
            guard socket >= 0 else { return false }
            _ = pelmeni_socket_close(socket)
            return true
        }

        private static func answersPing(_ setting: String) -> Bool? {
            MachineReport.Files.number("/proc/sys/net/\(setting)").map { $0 == 0 }
        }

        /// By a bind: a kernel may have the family while every interface has it switched off.
        private static func opensIPv6() -> Bool {
            let socket = pelmeni_socket_open(AF_INET6, 0)
            guard socket >= 0 else { return false }
            defer { _ = pelmeni_socket_close(socket) }
            let loopback = SocketAddress(v6: in6addr_loopback, port: 0)
            return withUnsafeBytes(of: loopback.storage) { bytes in
                pelmeni_socket_bind(socket, bytes.baseAddress, loopback.length, 0) == 0
            }
        }
    }
}

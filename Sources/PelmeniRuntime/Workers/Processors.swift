internal import CPelmeni
internal import PelmeniCore

/// The processors that this process may use.
package enum Processors {
    /// Their numbers, by the affinity mask.
    package static func usable() -> [Int32] {
        var list = [Int32](repeating: 0, count: 1024)
        let count = Int(pelmeni_usable_processors(&list, Int32(list.count)))
        return count > 0 ? Array(list.prefix(count)) : [0]
    }

    /// Workers that keep them busy: the mask's count, or the cgroup's quota where that is smaller.
    package static func workers() -> Int {
        let usable = usable().count
        let quota = Int(pelmeni_quota_processors())
        return quota > 0 ? min(usable, quota) : usable
    }
}

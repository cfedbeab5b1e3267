internal import CPelmeni
internal import Glibc

/// Sessions by client address: a hash table chained through the sessions' rows.
///
/// Each worker's hash has its own key: clients cannot choose addresses that share a bucket.
struct ClientTable {
    /// Session numbers plus one: mapped memory is an empty table, and costs nothing until used.
    private let buckets: UnsafeMutablePointer<UInt32>
    private let mask: UInt32
    private let key: UInt64

    init?(sessions: Int, key: UInt64) {
        var capacity = 64
        while capacity < sessions { capacity *= 2 }
        guard let memory = pelmeni_memory_map(UInt64(capacity * MemoryLayout<UInt32>.stride))
        else { return nil }
        buckets = memory.bindMemory(to: UInt32.self, capacity: capacity)
        mask = UInt32(capacity - 1)
        self.key = key
    }

    func destroy() {
        pelmeni_memory_unmap(buckets, UInt64((Int(mask) + 1) * MemoryLayout<UInt32>.stride))
    }

    /// The hash of an address and its listener; `local` is all zeros where unknown.
    @inline(__always)
    func hash(
        _ name: UnsafeRawPointer, _ length: Int, local: pelmeni_local, listener: LegID
    ) -> UInt32 {
        var hash = key ^ UInt64(listener.rawValue)
        var at = 0
        while at &+ 8 <= length {
            hash = Self.mix(hash, name.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at &+= 8
        }
        while at < length {
            hash = Self.mix(hash, UInt64(name.load(fromByteOffset: at, as: UInt8.self)))
            at &+= 1
        }
        withUnsafeBytes(of: local.address) {
            hash = Self.mix(hash, $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            hash = Self.mix(hash, $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        return UInt32(truncatingIfNeeded: hash >> 32)
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return product.high ^ product.low
    }

    /// The first session of a hash's bucket, or none.
    @inline(__always)
    func first(_ hash: UInt32) -> SessionID { SessionID(buckets[Int(hash & mask)] &- 1) }

    @inline(__always)
    func insert(_ session: SessionID, _ states: MessageTable) {
        let bucket = Int(states[session].hash & mask)
        states[session].next = SessionID(buckets[bucket] &- 1)
        states[session].isKnown = true
        buckets[bucket] = session.rawValue &+ 1
    }

    func remove(_ session: SessionID, _ states: MessageTable) {
        let bucket = Int(states[session].hash & mask)
        states[session].isKnown = false
        let next = states[session].next
        var at = SessionID(buckets[bucket] &- 1)
        guard at != session else {
            buckets[bucket] = next.rawValue &+ 1
            return
        }
        while !at.isNone {
            guard states[at].next != session else {
                states[at].next = next
                return
            }
            at = states[at].next
        }
    }
}

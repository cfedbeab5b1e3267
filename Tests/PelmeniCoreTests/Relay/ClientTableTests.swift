internal import CPelmeni
import Testing

@testable import PelmeniCore

@Suite struct ClientTableTests {
    private let rows = TestRows<RowTableName.Sessions, MessageState>(count: 200) { _ in
        MessageState()
    }

    private func hash(
        _ table: ClientTable, _ name: [UInt8], listener: UInt32 = 1, local: UInt8 = 0
    ) -> UInt32 {
        var address = pelmeni_local()
        withUnsafeMutableBytes(of: &address.address) { $0[0] = local }
        return name.withUnsafeBufferPointer { bytes in
            guard let first = bytes.baseAddress else { return 0 }
            return table.hash(first, name.count, local: address, listener: LegID(listener))
        }
    }

    /// The sessions of a hash's bucket, the latest first.
    private func bucket(_ table: ClientTable, _ hash: UInt32) -> [UInt32] {
        var found: [UInt32] = []
        var session = table.first(hash)
        while !session.isNone {
            found.append(session.rawValue)
            session = rows.table[session].next
        }
        return found
    }

    @Test func whatIsHashed() throws {
        let table = try #require(ClientTable(sessions: 64, key: 7))
        defer { table.destroy() }
        let other = try #require(ClientTable(sessions: 64, key: 8))
        defer { other.destroy() }
        let name: [UInt8] = [2, 0, 0x1f, 0x90, 127, 0, 0, 1, 9]
        let hash = hash(table, name)
        #expect(hash == self.hash(table, name))
        #expect(hash != self.hash(table, name.dropLast()))
        #expect(hash != self.hash(table, name.dropLast() + [10]))
        #expect(hash != self.hash(table, name, listener: 2))
        #expect(hash != self.hash(table, name, local: 1))
        #expect(hash != self.hash(other, name))
    }

    /// Three sessions in one bucket, one of them removed.
    @Test(arguments: [[0, 1, 2] as [UInt32], [1, 0, 2], [2, 0, 1]]) func chains(order: [UInt32])
        throws
    {
        let table = try #require(ClientTable(sessions: 64, key: 7))
        defer { table.destroy() }
        for number: UInt32 in 0..<3 {
            rows.table[SessionID(number)].hash = 5
            table.insert(SessionID(number), rows.table)
        }
        #expect(bucket(table, 5) == [2, 1, 0])
        table.remove(SessionID(order[0]), rows.table)
        #expect(bucket(table, 5) == order.dropFirst().sorted(by: >))
        #expect(!rows.table[SessionID(order[0])].isKnown)
        table.remove(SessionID(order[1]), rows.table)
        #expect(bucket(table, 5) == [order[2]])
        table.remove(SessionID(order[2]), rows.table)
        #expect(table.first(5).isNone)
        // It may be inserted again.
        table.insert(SessionID(order[0]), rows.table)
        #expect(bucket(table, 5) == [order[0]])
    }

    @Test func moreThanThereAreBuckets() throws {
        let table = try #require(ClientTable(sessions: 1, key: 7))
        defer { table.destroy() }
        for id in rows.ids {
            rows.table[id].hash = id.rawValue &* 0x9e37_79b9
            table.insert(id, rows.table)
        }
        for id in rows.ids where id.rawValue % 3 == 0 { table.remove(id, rows.table) }
        for id in rows.ids {
            let isThere = bucket(table, rows.table[id].hash).contains(id.rawValue)
            #expect(isThere == (id.rawValue % 3 != 0))
            #expect(rows.table[id].isKnown == isThere)
        }
    }
}

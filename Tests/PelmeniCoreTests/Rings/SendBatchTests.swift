import CPelmeni
import Glibc
import Testing

@testable import PelmeniCore

/// Sends on many sockets in one call, and the same with a call for each.
@Suite(.serialized) struct SendBatchTests {
    private static func pair(_ type: __socket_type) throws -> (near: Int32, far: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(
            type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    private static func read(_ socket: Int32) -> [UInt8]? {
        var room = [UInt8](repeating: 0, count: 4096)
        let came = recv(socket, &room, room.count, Int32(MSG_DONTWAIT))
        return came < 0 ? nil : Array(room.prefix(came))
    }

    @Test(arguments: [true, false]) func eachHasItsOwnResult(isUsed: Bool) throws {
        var batch = try #require(SendBatch(isUsed: isUsed))
        defer { batch.destroy() }
        #expect(batch.refusal == nil)
        let count = SendBatch.capacity
        let pairs = try (0..<count).map { _ in try Self.pair(SOCK_DGRAM) }
        // One descriptor is no socket, one has no reader, one is full; one datagram is empty.
        let (none, gone, full, empty) = (3, 10, 20, 30)
        close(pairs[gone].far)
        defer {
            // Once each: the numbers of closed descriptors belong to other tests.
            for index in 0..<count {
                close(pairs[index].near)
                if index != gone { close(pairs[index].far) }
            }
        }
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        defer { bytes.deallocate() }
        for index in 0..<count { bytes[index] = UInt8(index) }
        var filler = [UInt8](repeating: 1, count: 1)
        while send(pairs[full].near, &filler, 1, Int32(MSG_DONTWAIT)) == 1 {}
        for index in 0..<count {
            batch.append(
                index == none ? -1 : pairs[index].near, bytes + index, index == empty ? 0 : 1,
                token: Token(.sendDatagrams, index: UInt32(index), generation: 7))
        }
        #expect(batch.isFull)
        #expect(batch.send() == count)
        #expect(batch.count == 0)
        for index in 0..<count {
            let (token, result) = batch.outcome(index)
            #expect(token.index == UInt32(index))
            switch index {
            case none: #expect(result == -EBADF)
            case gone: #expect(result == -ECONNREFUSED || result == -ECONNRESET, "\(result)")
            case full: #expect(result == -EAGAIN)
            case empty:
                #expect(result == 0)
                #expect(Self.read(pairs[index].far) == [])
            default:
                #expect(result == 1)
                #expect(Self.read(pairs[index].far) == [UInt8(index)])
            }
            if index != full, index != gone { #expect(Self.read(pairs[index].far) == nil) }
        }
    }

    @Test(arguments: [true, false]) func sendsOfOneSocketKeepTheirOrder(isUsed: Bool) throws {
        var batch = try #require(SendBatch(isUsed: isUsed))
        defer { batch.destroy() }
        let (near, far) = try Self.pair(SOCK_STREAM)
        defer {
            close(near)
            close(far)
        }
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        defer { bytes.deallocate() }
        for index in 0..<256 { bytes[index] = UInt8(index) }
        // Twice, so that a second batch begins; it has a single send.
        for round in [0..<40, 40..<41, 41..<100] {
            for index in round {
                batch.append(near, bytes + index, 1, token: Token(rawValue: UInt64(index)))
            }
            #expect(batch.send() == round.count)
            for index in 0..<round.count { #expect(batch.outcome(index).result == 1) }
        }
        #expect(Self.read(far) == (0..<100).map { UInt8($0) })
    }

    @Test func aStreamTakesWhatFits() throws {
        var batch = try #require(SendBatch(isUsed: true))
        defer { batch.destroy() }
        let (near, far) = try Self.pair(SOCK_STREAM)
        let (other, end) = try Self.pair(SOCK_STREAM)
        defer { for socket in [near, far, other, end] { close(socket) } }
        let much = UnsafeMutableRawPointer.allocate(byteCount: 8 << 20, alignment: 16)
        defer { much.deallocate() }
        batch.append(near, much, 8 << 20, token: Token(rawValue: 1))
        batch.append(other, much, 10, token: Token(rawValue: 2))
        #expect(batch.send() == 2)
        let taken = batch.outcome(0).result
        #expect(taken > 0 && taken < 8 << 20, "what the socket had room for, without waiting")
        #expect(batch.outcome(1).result == 10)
    }
}

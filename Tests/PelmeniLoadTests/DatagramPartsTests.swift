import Testing

@testable import PelmeniLoad

/// The parts of datagram loads.
@Suite struct DatagramPartsTests {
    private func bytes(_ count: Int) -> UnsafeMutableRawPointer {
        .allocate(byteCount: count, alignment: 8)
    }

    private let head = DatagramHead(
        kind: .question, number: 7, client: 3, length: 1_400, sequence: 1 << 40)

    @Test func aDatagramIsWholeOrWrong() {
        let content = DatagramContent(number: 7)
        let datagram = bytes(1_500)
        defer { datagram.deallocate() }
        content.make(datagram, head)
        #expect(content.check(datagram, count: 1_400) == .good(head))
        for count in [0, 31] {
            #expect(content.check(datagram, count: count) == .bad(.wrongLength))
        }
        for count in [32, 1_399, 1_401, 1_500] {
            #expect(content.check(datagram, count: count) == .bad(.wrongLength))
        }
        for place in [0, 5, 9, 17, 25, 32, 700, 1_399] {
            let old = datagram.load(fromByteOffset: place, as: UInt8.self)
            datagram.storeBytes(of: old ^ 4, toByteOffset: place, as: UInt8.self)
            #expect(content.check(datagram, count: 1_400) == .bad(.wrongByte), "\(place)")
            datagram.storeBytes(of: old, toByteOffset: place, as: UInt8.self)
        }
        let other = DatagramContent(number: 8)
        #expect(other.check(datagram, count: 1_400) == .bad(.wrongByte))
    }

    /// The head of one datagram and the rest of another.
    @Test(arguments: [(3, 1), (4, 0), (3, -1)]) func tailsDoNotFitOtherHeads(
        client: Int, step: Int64
    ) {
        let content = DatagramContent(number: 7)
        let (first, second) = (bytes(1_400), bytes(1_400))
        defer {
            first.deallocate()
            second.deallocate()
        }
        var other = head
        other.client = UInt32(client)
        other.sequence = UInt64(Int64(head.sequence) + step)
        content.make(first, head)
        content.make(second, other)
        first.advanced(by: 700).copyMemory(from: second + 700, byteCount: 700)
        #expect(content.check(first, count: 1_400) == .bad(.wrongByte))
    }

    @Test func questionsBecomeAnswers() {
        let content = DatagramContent(number: 7)
        let datagram = bytes(1_400)
        defer { datagram.deallocate() }
        content.make(datagram, head)
        DatagramHead.answer(datagram, count: 1_400)
        var answer = head
        answer.kind = .answer
        #expect(content.check(datagram, count: 1_400) == .good(answer))
    }

    @Test func creditsAreChecked() {
        let credit = DatagramCredit(number: 7, client: 3, sequence: 400, received: 399)
        let datagram = bytes(DatagramCredit.bytes)
        defer { datagram.deallocate() }
        credit.write(datagram)
        func read(_ count: Int = DatagramCredit.bytes) -> DatagramCredit.Finding {
            DatagramCredit.read(datagram, count: count, number: 7)
        }
        #expect(read() == .good(credit))
        #expect(read(DatagramCredit.bytes - 1) == .bad(.wrongLength))
        for place in 0..<DatagramCredit.bytes {
            let old = datagram.load(fromByteOffset: place, as: UInt8.self)
            datagram.storeBytes(of: old ^ 1, toByteOffset: place, as: UInt8.self)
            #expect(read() == .bad(.wrongByte), "\(place)")
            datagram.storeBytes(of: old, toByteOffset: place, as: UInt8.self)
        }
    }

    @Test func aClientKnowsWhatBecameOfItsQuestions() {
        var client = TripClient()
        func take(_ sequence: UInt64) -> TripClient.Answer { client.take(sequence) }
        client.ask(0)
        #expect(take(2) == .unknown)
        #expect(take(0) == .unknown)
        #expect(take(1) == .awaited)
        #expect(take(1) == .repeated)
        client.ask(0)
        // Given up.
        client.ask(0)
        #expect(take(2) == .late)
        #expect(take(2) == .repeated)
        #expect(take(1) == .repeated)
        #expect(take(3) == .awaited)
        client.ask(0)
        client.leave()
        #expect(take(4) == .late)
        for _ in 0..<70 {
            client.ask(0)
            _ = take(client.sequence)
        }
        // Too long ago to be remembered.
        #expect(take(1) == .late)
    }

    @Test func aCreditThatCannotBeIsRefused() {
        var client = TrainClient()
        client.sent = 80
        func take(_ sequence: UInt64, _ received: UInt64) -> Bool {
            client.take(
                DatagramCredit(number: 7, client: 0, sequence: sequence, received: received), 0)
        }
        #expect(!take(81, 80))
        #expect(!take(40, 41))
        #expect(take(40, 39))
        #expect(client.inFlight == 40 && client.received == 39 && client.isTried)
        client.giveUp()
        #expect(client.inFlight == 0 && !client.isKnown)
        #expect(take(80, 79))
        #expect(client.isKnown && client.received == 79)
        // An older credit that was overtaken takes nothing back.
        #expect(take(40, 39))
        #expect(client.isKnown && client.received == 79)
    }
}

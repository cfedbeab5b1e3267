import Testing

@testable import PelmeniCore

@Suite struct TokenTests {
    @Test func partsComeBack() {
        let token = Token(.send, index: 0xdead_beef, generation: 0x00ab_cdef)
        #expect(token.index == 0xdead_beef)
        #expect(token.generation == 0xab_cdef)
        #expect(token.kind == .send)
    }

    @Test(arguments: OperationKind.allCases) func aKindComesBack(kind: OperationKind) {
        #expect(Token(kind, index: 1, generation: 2).kind == kind)
    }

    @Test func onlyTwentyFourBitsOfAGenerationCount() {
        let token = Token(.receive, index: 7, generation: 0xff00_0001)
        #expect(token.generation == 1)
        #expect(token.index == 7)
    }

    @Test func anotherKindIsTheSameSlot() {
        let token = Token(.receive, index: 12, generation: 34).with(.cancel)
        #expect(token == Token(.cancel, index: 12, generation: 34))
    }
}

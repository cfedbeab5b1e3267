import Testing

/// The checks of types and state machines, on text planted to break them.
@Suite struct PlantedStateTests {
    private func file(_ path: String, _ text: String) -> SourceText {
        SourceText(path: path, text: text)
    }

    @Test func aTypeThatHoldsMuch() {
        func type(_ count: Int, _ word: String = "struct") -> SourceText {
            let body = (0..<count).map { "    private(set) var a\($0): [Int: Int] = [:]\n" }
            let others = """
                    static let b = 1
                    var c: Int { 2 }
                    var d: (Int) -> Int {
                        let e = 3
                        return { _ in e }
                    }

                """
            return file("Sources/A/A.swift", "\n\(word) A {\n\(body.joined())\(others)}\n")
        }
        let check = { StateChecks.storedProperties($0, today: [:]) }
        #expect(check(type(21)).map(\.line) == [2])
        #expect(check(type(21, "final class")).count == 1)
        #expect(check(type(20)).isEmpty)
        let known = { StateChecks.storedProperties($0, today: ["A": 25]) }
        #expect(known(type(26)).count == 1)
        #expect(known(type(25)).isEmpty)
        #expect(known(type(24)).map(\.line) == [2], "the number falls with it")
        let nested = "struct A {\n    enum B {}\n    struct C { let d: Int }\n    let e: C\n}\n"
        #expect(check(file("Sources/A/A.swift", nested)).isEmpty)
    }

    @Test func aStateMachineThatAssertsLess() {
        let planted = file("Sources/A/A.swift", "assert(a)\nprecondition(b)\n// assert(c)\n")
        let check = { StateChecks.assertions([planted], today: ["Sources/A/A.swift": $0]) }
        #expect(check(2).isEmpty)
        #expect(check(3).count == 1)
        #expect(check(1).count == 1, "the number rises with it")
        #expect(StateChecks.assertions([], today: ["Sources/A/A.swift": 1]).count == 1)
    }
}

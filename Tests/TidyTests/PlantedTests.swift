import Testing

/// Every check of the tidy tests, on text planted to break it and on text that keeps it.
@Suite struct PlantedTests {
    private func file(_ path: String, _ text: String) -> SourceText {
        SourceText(path: path, text: text)
    }

    private func body(lines: Int) -> String {
        String(repeating: "    step()\n", count: lines)
    }

    @Test func commentsAndStringsAreBlanked() {
        let planted = file(
            "Sources/A/A.swift",
            ##"""
            a /* b /* c */ d */ e // f
            let g = "h \(i + "j(" ) k" + #"l " \(m) \#(n)"# + """
              o " p
              """
            q
            """##)
        let words = planted.tokens.filter(\.isWord).map(\.text)
        #expect(words == ["a", "e", "let", "g", "i", "n", "q"])
        #expect(planted.tokens.last?.line == 5)
    }

    @Test func aCharacterOfCIsNoString() {
        let planted = file("CSupport/a.c", "a = '\"'; b = '\\''; c /* ' /* */ d")
        #expect(planted.tokens.filter(\.isWord).map(\.text) == ["a", "b", "c", "d"])
    }

    @Test func aLongFile() {
        let line = "let a = 1\n"
        let check = TextChecks.fileLength
        let path = "Sources/A/A.swift"
        #expect(check(file(path, String(repeating: line, count: 501))).map(\.line) == [501])
        #expect(check(file(path, String(repeating: line, count: 500))).isEmpty)
        #expect(check(file("docs/a.md", String(repeating: line, count: 501))).isEmpty)
    }

    @Test func twoFlagsOfOneBit() {
        func flag(_ name: String, _ bit: Int) -> String {
            "static let \(name) = Flags(rawValue: 1 << \(bit))\n"
        }
        let head = "struct Flags {\n"
        let check = FlagChecks.distinctBits
        let path = "Sources/A/A.swift"
        #expect(check(file(path, head + flag("a", 14) + flag("b", 14) + "}")).map(\.line) == [3])
        #expect(check(file(path, head + flag("a", 14) + flag("b", 15) + "}")).isEmpty)
        let apart = head + flag("a", 1) + "}\n" + head + flag("b", 1) + "}"
        #expect(check(file(path, apart)).isEmpty)
    }

    @Test func aLongFunction() {
        let check = FunctionChecks.functionLength
        let path = "Sources/A/A.swift"
        for head in ["func a<T>(_ b: () -> Void = {}) -> T where T: P", "init?(a: Int)", "deinit"] {
            #expect(check(file(path, "\n\(head) {\n\(body(lines: 69))}\n")).map(\.line) == [2])
            #expect(check(file(path, "\(head) {\n\(body(lines: 68))}\n")).isEmpty)
        }
        let requirement = "protocol P {\n    func a()\n    var b: Int { get }\n}\n"
        #expect(FunctionChecks.swiftSpans(file(path, requirement).tokens).isEmpty)
        #expect(check(file("CSupport/a.c", "int a(int b)\n{\n\(body(lines: 69))}\n")).count == 1)
        #expect(check(file("CSupport/a.c", "struct a {\n\(body(lines: 90))};\n")).isEmpty)
    }

    @Test func aKernelName() {
        let check = TextChecks.kernelNames
        let planted = "// EPOLLIN\nlet a = \"IORING_OP\"\nlet b = EPOLLIN\nio_uring_enter()\n"
        #expect(check(file("Sources/PelmeniCore/Rings/A.swift", planted)).map(\.line) == [3, 4])
        #expect(check(file("Sources/PelmeniCore/Rings/Epoll/A.swift", planted)).isEmpty)
        #expect(check(file("CSupport/CPelmeni/a.c", planted)).isEmpty)
    }

    @Test func aPrint() {
        let check = TextChecks.printing
        let planted = "print(1)\nfunc print() {}\nSwift.print(2)\nfingerprint(3)\n"
        #expect(check(file("Sources/Pelmeni/A.swift", planted)).map(\.line) == [1, 3])
        #expect(check(file("Sources/PelmeniCLI/A.swift", planted)).isEmpty)
        #expect(check(file("Sources/Examples/A/A.swift", planted)).isEmpty)
        #expect(check(file("Sources/PelmeniLoad/Examples/A.swift", planted)).count == 2)
        #expect(check(file("Tests/A/A.swift", planted)).isEmpty)
    }

    @Test func anOpenEnd() {
        let check = TextChecks.openEnds
        let later = TextChecks.laterWord
        let lines = ["\(later) #12 a", "\(later): b", "\(later)(#7)", TextChecks.fixWord]
        let planted = lines.map { "// \($0)\n" }.joined()
        #expect(check(file("Makefile", planted)).map(\.line) == [2, 4])
    }

    @Test func whiteSpace() {
        let check = TextChecks.whitespace
        #expect(check(file("a.md", "a\nb \nc\t\n\td\n")).map(\.line) == [2, 3])
        #expect(check(file("Sources/A/A.swift", "a\n\tb\n")).map(\.line) == [2])
    }

    @Test func anImportOfFoundation() {
        let check = TextChecks.foundation
        let planted = "import Glibc\ninternal import Foundation\n// import Foundation\n"
        #expect(check(file("Sources/PelmeniCore/A.swift", planted)).map(\.line) == [2])
        #expect(check(file("Sources/Pelmeni/A.swift", planted)).map(\.line) == [2])
        #expect(check(file("Sources/PelmeniTesting/Judge/A.swift", planted)).map(\.line) == [2])
        #expect(check(file("Sources/Examples/ClientTee/A.swift", planted)).map(\.line) == [2])
        #expect(check(file("Sources/PelmeniCLI/A.swift", planted)).isEmpty)
    }

    @Test func anOptionOfTheCommand() {
        let check = TextChecks.commandOptions
        let planted = "/// `--pool`\nlet a = \"use --backend epoll\"\nlet b = \"a -- b\"\n"
        #expect(check(file("Sources/Pelmeni/A.swift", planted)).map(\.line) == [2])
        #expect(check(file("Sources/PelmeniCore/Engine/OptionName.swift", planted)).isEmpty)
        #expect(check(file("Sources/PelmeniCLI/A.swift", planted)).isEmpty)
    }

    @Test func aPageTitle() {
        let check = TextChecks.pageTitle
        #expect(check(file("docs/a.md", "# A\n```\n# b\n```\n## C\n")).isEmpty)
        #expect(check(file("docs/a.md", "# A\n# B\n")).map(\.line) == [2])
        #expect(check(file("docs/guide/a.md", "text\n")).map(\.line) == [1])
        #expect(check(file("README.md", "")).count == 1)
        #expect(check(file("Tests/a.md", "")).isEmpty)
    }

    @Test func aMachinePath() {
        let path = TextChecks.machinePaths[0]
        #expect(TextChecks.machinePath(file("Makefile", "a\ncd \(path)main\n")).map(\.line) == [2])
        #expect(TextChecks.machinePath(file("Makefile", "network/a\n")).isEmpty)
    }

    @Test func aProgramThatGetsDescriptors() {
        let check = DescriptorChecks.childDescriptors
        let planted = "// fork()\nlet a = posix_spawnp(&b)\n"
        #expect(check(file("Tests/A/A.swift", planted)).map(\.line) == [2])
        #expect(
            check(file("Sources/A/A.swift", planted + "pelmeni_spawn_close_from(b, 3)")).isEmpty)
        #expect(check(file("CSupport/a.c", "if (fork() == 0) {}\n")).count == 1)
        #expect(check(file("Tests/A/A.swift", "a.fork()\nfunc b(fork: Int) {}\n")).isEmpty)
    }

    @Test func aDescriptorThatIsNotMarked() {
        let check = DescriptorChecks.creation
        let path = "Tests/A/A.swift"
        #expect(check(file(path, "Glibc.pipe(&a)\n")).count == 1)
        #expect(check(file(path, "pipe(&a)\n")).count == 1)
        #expect(check(file(path, "try pipe()\nfunc pipe() {}\n")).isEmpty)
        #expect(check(file(path, "let b = listener.accept()\n")).isEmpty)
        #expect(
            check(file(path, "let a = SOCK_STREAM\nsocketpair(1, a, 0, &b)\n")).map(\.line) == [2])
        #expect(check(file("CSupport/a.c", "socket(1, SOCK_STREAM | SOCK_CLOEXEC, 0);\n")).isEmpty)
        #expect(check(file("CSupport/a.c", "pipe2(a, O_NONBLOCK);\n")).count == 1)
    }

    @Test func aFileNamedForNothingInIt() {
        let check = StructureChecks.fileName
        #expect(check(file("Sources/A/Worker.swift", "struct Walker {}\n")).count == 1)
        #expect(check(file("Sources/A/Worker.swift", "// struct Worker\n")).count == 1)
        #expect(check(file("Sources/A/Worker+Close.swift", "extension A.Worker {}\n")).isEmpty)
        #expect(check(file("Sources/A/main.swift", "run()\n")).isEmpty)
    }

    @Test func aHigherTypeInALowerFolder() {
        let core = "Sources/PelmeniCore"
        let low = file("\(core)/Buffers/Pool.swift", "struct Pool {\n    var worker: Worker\n}\n")
        let high = file("\(core)/Engine/Worker.swift", "struct Worker { var pool: Pool }\n")
        let ring = file("\(core)/Rings/Epoll/Ring.swift", "struct Ring { enum Worker {} }\n")
        let stray = file("\(core)/Misc/A.swift", "struct A {}\n")
        let check = StructureChecks.folderOrder
        #expect(check([low, high]).map(\.description).count == 1)
        #expect(check([low, high]).first?.line == 2)
        #expect(check([low, high, ring]).isEmpty, "a name of two folders is nobody's")
        #expect(check([high, ring]).isEmpty)
        #expect(check([stray]).count == 1)
    }

    @Test func aStrayFolder() {
        let check = StructureChecks.strayFolder
        #expect(check(file("Sources/PelmeniCore/Rings/Simulated/A.swift", "")).count == 1)
        #expect(check(file("Sources/PelmeniCore/Rings/Hosted/A.swift", "")).isEmpty)
        #expect(check(file("Sources/PelmeniCore/Rings/A.swift", "")).isEmpty)
        #expect(check(file("Sources/PelmeniTesting/Misc/A.swift", "")).count == 1)
        #expect(check(file("Sources/PelmeniTesting/Peers/Misc/A.swift", "")).count == 1)
        #expect(check(file("Sources/PelmeniTesting/A.swift", "")).isEmpty)
        #expect(check(file("Sources/Examples/Misc/A.swift", "")).count == 1)
        #expect(check(file("Sources/Examples/RedisGuard/A.swift", "")).isEmpty)
    }

    @Test func theSimulationInTheProduct() {
        let check = StructureChecks.simulationImport
        let planted = "import Glibc\npackage import PelmeniTesting\n// import PelmeniTesting\n"
        #expect(check(file("Sources/PelmeniCore/A.swift", planted)).map(\.line) == [2])
        #expect(check(file("Sources/PelmeniTesting/A.swift", planted)).isEmpty)
        #expect(check(file("Tests/A/A.swift", planted)).isEmpty)
        #expect(check(file("Sources/Examples/TestedProtocol/A.swift", planted)).isEmpty)
        #expect(check(file("Sources/Examples/AllowList/A.swift", planted)).map(\.line) == [2])
    }

    @Test func aThinLayerThatReachesInside() {
        let check = StructureChecks.thinImport
        let planted = """
            @_spi(Inside) import Logging
            public import Pelmeni
            internal import PelmeniCore
            package import Pelmeni
            @testable import Pelmeni
            import CPelmeni
            """
        let offences = check(file("Sources/PelmeniICMP/A.swift", planted))
        #expect(offences.map(\.line) == [1, 3, 4, 5, 6])
        #expect(check(file("Sources/Pelmeni/A.swift", planted)).isEmpty)
    }

    @Test func aLongLine() {
        let check = LineChecks.lineLength
        let long = String(repeating: "a", count: 101)
        let path = "Sources/A/A.swift"
        #expect(check(file(path, "\n\(long)\n")).map(\.line) == [2])
        #expect(check(file(path, "/// \(long)\n")).count == 1)
        #expect(check(file(path, "let a = \"\(long)\"\n")).isEmpty, "a text in quotes")
        #expect(check(file("CSupport/a.h", "// \(long)\n")).isEmpty)
        let wide = String(repeating: "b ", count: 81)
        #expect(check(file("CSupport/a.h", "// \(wide)c\n")).count == 1)
        #expect(check(file("docs/a.md", "\(wide)\n| \(wide)|\n")).map(\.line) == [1])
        #expect(check(file("Benchmarks/prototypes/a.c", wide)).isEmpty)
    }

    @Test func aLongFrontPage() {
        let check = LineChecks.frontPage
        let wide = String(repeating: "a", count: 121)
        #expect(check(file("README.md", "\n| \(wide.dropFirst(2)) |\n")).map(\.line) == [2])
        #expect(check(file("README.md", String(repeating: "a\n", count: 121))).map(\.line) == [121])
        #expect(check(file("README.md", String(repeating: "a\n", count: 120))).isEmpty)
        #expect(check(file("docs/README.md", wide)).isEmpty)
    }

    @Test func aPredicateThatActs() {
        let check = NameChecks.predicates
        let planted = "mutating func isOpen() -> Bool {}\nmutating func issue() {}\n"
        #expect(check(file("Sources/A/A.swift", planted)).map(\.line) == [1])
        let inline = "private mutating func hasRoom() {}\nfunc hasRoom() {}\n"
        #expect(check(file("Sources/A/A.swift", inline)).map(\.line) == [1])
    }

    @Test func twoTypesOfOneName() {
        let check = NameChecks.uniqueTypes
        let first = file("Sources/A/Plan.swift", "struct Plan { struct Step {} }\n")
        let second = file("Sources/B/Plan.swift", "enum Other {}\nfinal class Plan {}\n")
        let nested = file("Sources/B/Step.swift", "enum Step {}\nextension Plan {}\n")
        #expect(check([first, second]).map(\.line) == [2])
        #expect(check([first, nested]).isEmpty)
        #expect(check([first, file("Tests/B/Plan.swift", "struct Plan {}\n")]).isEmpty)
    }

    @Test func aPageOutsideTheIndex() {
        let check = PageChecks.indexed
        let index = file("docs/README.md", "[a](guide/a.md) [b](b.md) [c](../README.md)\n")
        let page = file("docs/guide/a.md", "# A\n")
        let stray = file("docs/guide/stray.md", "# B\n")
        #expect(check([index, page, stray]).map(\.path) == ["docs/guide/stray.md", index.path])
        #expect(check([index, page, file("docs/b.md", "# B\n")]).isEmpty)
        #expect(check([page]).count == 1, "there is no index")
    }

    @Test func aLinkToNowhere() {
        func reasons(_ text: String) -> [String] {
            let page = file("docs/guide/a.md", "# A, `b` c\n\(text)\n")
            let other = file("docs/b.md", "# B\n```\n# c\n```\n")
            return PageChecks.deadLinks([page, other]).map(\.reason)
        }
        #expect(reasons("[x](../b.md) [y](../b.md#b) [z](#a-b-c) [w](https://b.md)").isEmpty)
        #expect(reasons("`[x](c.md)`\n```\n[y](c.md)\n```\n[`z`](../guide)").isEmpty)
        #expect(reasons("[x](c.md) [`y`](b.md)") == ["no file c.md", "no file b.md"])
        #expect(reasons("[x](../../../b.md)") == ["no file ../../../b.md"])
        #expect(reasons("[x](../b.md#c) [y](#b)") == ["no heading ../b.md#c", "no heading #b"])
    }

    @Test func aMetricOutsideTheGuide() {
        let names = file("Sources/PelmeniMetrics/MetricName.swift", "a = \"pelmeni_a_total\"\n")
        let check = PageChecks.metricNames
        #expect(check([names, file("docs/guide/embedding.md", "`pelmeni_a_total`\n")]).isEmpty)
        #expect(check([names, file("docs/guide/embedding.md", "`pelmeni_b`\n")]).count == 2)
    }

    @Test func aQuotationOfNoProgram() {
        func lines(_ text: String) -> [Int] {
            let page = file("docs/guide/hooks.md", "a\n```swift\n\(text)\n```\n```\nd\n```\n")
            let program = file("Sources/Examples/A/A.swift", "    a()\n        b()\n    c()\n")
            let other = file("Sources/A/A.swift", "d()\n")
            return PageChecks.quotedCode([page, program, other]).map(\.line)
        }
        #expect(lines("a()\n    b()").isEmpty)
        #expect(lines("import A\nimport B\n\nb()").isEmpty)
        #expect(lines("a()\nc()") == [3])
        #expect(lines("b") == [3], "part of a line")
        #expect(lines("d()") == [3], "a file that no example is")
    }
}

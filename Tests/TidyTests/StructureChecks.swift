/// The rules on places: the file, and the folder of the core.
enum StructureChecks {
    /// The core's folders, lowest first: a folder names no type of one to its right.
    static let order = [
        "Buffers", "Sockets", "Framing", "Rings", "Legs", "Hooks", "Protocols", "Relay", "Engine",
    ]

    /// Folders without an order among themselves.
    static let folders: [String: Set<Substring>] = [
        "Sources/Examples/": [
            "AllowList", "CardRedactor", "ChatServer", "ClientTee", "DNSRewriter", "FixedHTTP",
            "HTTPGate", "HTTPRewriter",
            "RedisGuard", "RelayService", "SequencedClient", "Support", "TestedProtocol",
            "UppercaseServer",
        ],
        "Sources/Pelmeni/": ["Doctor", "Endpoints", "Engine", "Pairs", "Pelmeni.docc"],
        "Sources/PelmeniCore/Rings/": ["Epoll", "Hosted", "Uring"],
        "Sources/PelmeniRuntime/": ["Configuration", "Listeners", "Logs", "Names", "Workers"],
        "Sources/PelmeniTesting/": [
            "Chaos", "Content", "Judge", "Kernel", "Network", "Peers", "Scripts",
        ],
    ]

    private static let core = "Sources/PelmeniCore/"
    private static let typeWords: Set<String> = [
        "struct", "class", "enum", "protocol", "actor", "typealias",
    ]

    /// A type's name, and whether it stands inside another.
    struct Declaration: Equatable {
        let name: String
        let isNested: Bool
        let line: Int
    }

    static func declarations(_ tokens: [CodeToken]) -> [Declaration] {
        var depth = 0
        var found: [Declaration] = []
        for index in tokens.indices {
            let text = tokens[index].text
            if text == "{" { depth += 1 }
            if text == "}" { depth -= 1 }
            guard typeWords.contains(text), index + 1 < tokens.count else { continue }
            // `class func`, `.protocol`, `: class` and the like declare nothing.
            let name = tokens[index + 1]
            let before = index > 0 ? tokens[index - 1].text : ""
            guard name.isWord, before != ".", name.text.first?.isUppercase == true else {
                continue
            }
            found.append(Declaration(name: name.text, isNested: depth > 0, line: name.line))
        }
        return found
    }

    /// Files directly in the core's root rank lowest: they may name no folder's types.
    private static func rank(_ file: SourceText) -> Int? {
        let folders = file.folders.dropFirst(2)
        guard let folder = folders.first else { return -1 }
        return order.firstIndex(of: String(folder))
    }

    static func folderOrder(_ files: [SourceText]) -> [Offence] {
        let swift = files.filter { $0.path.hasPrefix(core) && $0.fileExtension == "swift" }
        var offences: [Offence] = []
        var ranked: [(file: SourceText, tokens: [CodeToken], rank: Int)] = []
        for file in swift {
            if let rank = rank(file) {
                ranked.append((file, file.tokens, rank))
            } else {
                offences.append(
                    Offence(path: file.path, line: 1, reason: "a folder outside the order"))
            }
        }

        var homes: [String: Set<Int>] = [:]
        var outermost: Set<String> = []
        for entry in ranked {
            for declaration in declarations(entry.tokens) {
                homes[declaration.name, default: []].insert(entry.rank)
                if !declaration.isNested { outermost.insert(declaration.name) }
            }
        }
        for entry in ranked {
            for token in entry.tokens where token.isWord && outermost.contains(token.text) {
                guard let ranks = homes[token.text], ranks.count == 1, let home = ranks.first,
                    home > entry.rank
                else { continue }
                offences.append(
                    Offence(
                        path: entry.file.path, line: token.line,
                        reason: "names \(token.text) of the higher folder \(order[home])"))
            }
        }
        return offences
    }

    static func strayFolder(_ file: SourceText) -> [Offence] {
        guard let (home, known) = folders.first(where: { file.path.hasPrefix($0.key) }) else {
            return []
        }
        let inner = file.path.dropFirst(home.count).split(separator: "/").dropLast()
        guard let folder = inner.first, inner.count > 1 || !known.contains(folder) else {
            return []
        }
        return [Offence(path: file.path, line: 1, reason: "a folder that \(home) does not have")]
    }

    /// A program is built without the simulation: no other module of `Sources` imports it, but for
    /// the example whose subject it is.
    static func simulationImport(_ file: SourceText) -> [Offence] {
        guard file.folders.first == "Sources", file.fileExtension == "swift",
            !file.path.hasPrefix("Sources/PelmeniTesting/"),
            !file.path.hasPrefix("Sources/Examples/TestedProtocol/")
        else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropLast().compactMap { index in
            guard tokens[index].text == "import", tokens[index + 1].text == "PelmeniTesting" else {
                return nil
            }
            return Offence(
                path: file.path, line: tokens[index].line,
                reason: "the simulation is imported by what is built without it")
        }
    }

    /// Layers between the engine and other packages, and a protocol.
    private static let thin: Set<Substring> = [
        "PelmeniHTTP", "PelmeniHTTPTypes", "PelmeniICMP", "PelmeniLogging", "PelmeniMetrics",
        "PelmeniServiceLifecycle",
    ]

    /// A thin layer stands on the public face: of the project it imports `Pelmeni` alone, as an
    /// embedder does.
    static func thinImport(_ file: SourceText) -> [Offence] {
        guard file.folders.first == "Sources", file.folders.count > 1,
            thin.contains(file.folders[1])
        else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropLast().compactMap { index in
            func offence(_ reason: String) -> Offence {
                Offence(path: file.path, line: tokens[index].line, reason: reason)
            }
            guard tokens[index].text != "_spi" else { return offence("what no embedder sees") }
            guard tokens[index].text == "import" else { return nil }
            let module = tokens[index + 1].text
            let isPrivileged =
                index > 0 && ["package", "testable"].contains(tokens[index - 1].text)
            // The conversions of HTTP stand on the protocol's public face.
            let isOfHTTP = file.folders[1] == "PelmeniHTTPTypes" && module == "PelmeniHTTP"
            guard
                isPrivileged || (module.contains("Pelmeni") && module != "Pelmeni" && !isOfHTTP)
            else { return nil }
            return offence("an import of \(module) that an embedder cannot have")
        }
    }

    static func fileName(_ file: SourceText) -> [Offence] {
        guard file.folders.first == "Sources", file.fileExtension == "swift",
            file.fileName != "main.swift", file.fileName != "Package.swift"
        else { return [] }
        let stem = file.fileName.dropLast(".swift".count)
        let wanted = stem.prefix { $0 != "+" }.lowercased()
        let words = typeWords.union(["extension", "func", "macro"])
        let tokens = file.tokens
        for index in tokens.indices where words.contains(tokens[index].text) {
            var next = index + 1
            while next < tokens.count, tokens[next].isWord {
                if tokens[next].text.lowercased() == wanted { return [] }
                guard next + 1 < tokens.count, tokens[next + 1].text == "." else { break }
                next += 2
            }
        }
        return [
            Offence(path: file.path, line: 1, reason: "declares and extends no \(stem)")
        ]
    }
}

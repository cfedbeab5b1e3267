internal import Foundation

/// A peer that can be started here, or the reason why not.
package struct PeerPlan: Sendable {
    package let description: PeerDescription
    /// The folder of its file: relative paths begin there.
    let folder: String

    package init(_ description: PeerDescription, folder: String) {
        self.description = description
        self.folder = folder
    }

    /// Debian keeps servers outside a user's PATH.
    private static let moreFolders = ["/usr/sbin", "/usr/local/sbin"]

    static func program(_ name: String) -> String? {
        if name.contains("/") {
            return FileManager.default.isExecutableFile(atPath: name) ? name : nil
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + moreFolders
        return folders.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The reason why it cannot be started, or nil.
    func refusal() -> String? {
        guard let name = description.command.first else { return "its command is empty" }
        guard program(of: name) != nil else {
            return "\(name) is not \(name.contains("/") ? "there" : "installed")"
        }
        let missing = (description.needs ?? []).map(absolute)
            .first { !FileManager.default.fileExists(atPath: $0) }
        return missing.map { "it needs \($0), which is not there" }
    }

    func subject() -> Subject {
        var subject = Subject(
            name: description.name, title: description.title,
            kind: description.prototypeOf == nil ? .peer : .prototype)
        subject.prototypeOf = description.prototypeOf
        subject.refusal = refusal()
        if subject.refusal == nil { subject.version = version() }
        return subject
    }

    /// The command, with its configuration written into the scratch folder.
    ///
    /// - Parameter pairs: the ports of each listener and its origin, one pair or two.
    func command(
        pairs: [(listen: UInt16, origin: UInt16)], workers: Int, traffic: Scenario.Traffic,
        scratch: ScratchFolder
    ) throws(BenchError) -> [String] {
        let own = try scratch.newFolder(description.name)
        var values = ["peers": folder, "workers": "\(workers)", "folder": own]
        for (pair, prefix) in zip(pairs, ["", "stalled-"]) {
            values[prefix + "listen"] = "\(pair.listen)"
            values[prefix + "origin"] = "\(pair.origin)"
        }
        if let template = template(for: traffic) {
            let source = absolute(template)
            guard let text = TextFile.read(source) else { throw .failed("\(source) is missing") }
            let path = own + "/" + (template.split(separator: "/").last.map(String.init) ?? "conf")
            let filled = try Placeholders.fill(text, values, in: source)
            do {
                try filled.write(toFile: path, atomically: false, encoding: .utf8)
            } catch {
                throw .failed("\(path): \(error.localizedDescription)")
            }
            values["config"] = path
        }
        var words: [String] = []
        for word in command(for: traffic) {
            words.append(try Placeholders.fill(word, values, in: "command of \(description.name)"))
        }
        guard let program = words.first.flatMap(program(of:)) else {
            throw .refused("\(words.first ?? "its program") is not installed")
        }
        return [program] + words.dropFirst()
    }

    private func command(for traffic: Scenario.Traffic) -> [String] {
        switch traffic {
        case .streams, .bulk: description.command
        case .http, .httpBulk: description.httpCommand ?? description.command
        case .datagrams: description.udpCommand ?? description.command
        case .stalls: description.stalledCommand ?? description.command
        }
    }

    private func template(for traffic: Scenario.Traffic) -> String? {
        switch traffic {
        case .streams: description.config
        case .bulk: description.bulkConfig ?? description.config
        case .datagrams: description.udpConfig
        case .http: description.httpConfig
        case .httpBulk: description.httpBulkConfig ?? description.httpConfig
        case .stalls: description.stalledConfig ?? description.config
        }
    }

    private func program(of name: String) -> String? {
        Self.program(name.contains("/") ? absolute(name) : name)
    }

    private func absolute(_ path: String) -> String {
        let filled = (try? Placeholders.fill(path, ["peers": folder], in: path)) ?? path
        return filled.hasPrefix("/") ? filled : folder + "/" + filled
    }

    private func version() -> String {
        guard let words = description.version, let name = words.first,
            let program = program(of: name)
        else { return "" }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        guard (try? process.run()) != nil else { return "" }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Self.version(in: text, pattern: description.versionPattern)
    }

    static func version(in text: String, pattern: String?) -> String {
        guard let pattern, let regex = try? Regex(pattern),
            let match = text.firstMatch(of: regex), match.output.count > 1,
            let found = match.output[1].substring
        else { return String(text.prefix { $0 != "\n" }) }
        return String(found)
    }
}

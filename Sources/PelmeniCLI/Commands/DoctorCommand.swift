import ArgumentParser
import Foundation
import Pelmeni

/// `pelmeni doctor`: prints what this machine grants.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this machine grants: kernel, io_uring features, limits.",
        discussion: """
            EXAMPLES:
              pelmeni doctor
              pelmeni doctor --json
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let report = MachineReport.gather()
        StandardStream.output.write(json ? try Self.json(report) : DoctorTable.text(report))
    }

    static func json(_ report: MachineReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}

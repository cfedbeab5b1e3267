internal import PelmeniLoad

/// An origin in a process of its own.
struct OriginProcess {
    private static let patience = 10.0

    let child: ChildProcess
    let port: UInt16

    init(_ job: OriginJob, _ context: BenchContext, cores: CoreSet) throws(BenchError) {
        child = try context.child("bench-origin", cores: cores)
        do throws(BenchError) {
            try child.write(line: JSONLine.text(job))
            let text = try child.expect("listening", within: Self.patience)
            guard let port = UInt16(text) else {
                throw .failed("the origin listens on no port: \(text)")
            }
            self.port = port
        } catch {
            child.end(within: 0)
            throw error
        }
    }

    /// Ends the origin.
    ///
    /// - Returns: its faults, by kind.
    func finish() -> [String: Int] {
        child.closeInput()
        defer { child.end() }
        do throws(BenchError) {
            while let line = try child.readLine(within: Self.patience) {
                guard line.hasPrefix("{") else { continue }
                let outcome = try JSONLine.value(OriginOutcome.self, line, of: "the origin")
                var errors = outcome.faults.filter { $0.value > 0 }
                if let failure = outcome.failure { errors["origin: \(failure)", default: 0] += 1 }
                return errors
            }
        } catch {
            // After an interrupt the origin owes no result.
            return error == .interrupted ? [:] : ["origin: \(error)": 1]
        }
        return ["origin ended without a word: \(child.problem())": 1]
    }
}

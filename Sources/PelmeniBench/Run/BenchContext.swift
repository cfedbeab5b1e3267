/// The shared data of all parts of a run.
struct BenchContext {
    let options: BenchOptions
    let folder: ScratchFolder
    let interrupt: Interrupt

    /// Starts this program with one of its hidden commands.
    func child(
        _ command: String, _ arguments: [String] = [], cores: CoreSet
    ) throws(BenchError) -> ChildProcess {
        try ChildProcess(
            command, [options.program, command] + arguments, cores: cores, folder: folder,
            interrupt: interrupt)
    }
}

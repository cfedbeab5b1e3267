import Glibc

switch SimulatorOptions.parse(Array(CommandLine.arguments.dropFirst())) {
case .failure(let mistake):
    SimulatorOutput.error("pelmeni-simulator: \(mistake.text)\n\(SimulatorOptions.usage)")
    exit(2)
case .success(let options):
    if options.wantsHelp {
        print(SimulatorOptions.usage)
        exit(0)
    }
    var run = SimulatorRun(options)
    exit(run.run())
}

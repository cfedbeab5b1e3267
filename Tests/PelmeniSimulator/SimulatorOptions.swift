/// The options of the command line.
struct SimulatorOptions {
    /// A fault of the command line.
    struct Mistake: Error {
        var text: String
    }

    var seeds: UInt64 = 1000
    var first: UInt64 = 1
    /// One seed, with a line for each event.
    var replay: UInt64?
    var showsProgress = false
    /// Continues after a failure, and prints them all.
    var goesOn = false
    /// Only seeds whose worlds have datagrams.
    var onlyDatagrams = false
    /// Only seeds whose worlds have HTTP.
    var onlyHTTP = false
    /// Only seeds whose worlds have hooks or drivers.
    var onlyHooks = false
    /// Only seeds whose worlds have neither.
    var withoutHooks = false
    /// Prints one number for the events of all seeds.
    var wantsHash = false
    var wantsHelp = false

    static let usage = """
        usage: pelmeni-simulator [--seeds N] [--first S] [--progress] [--go-on] [--datagrams]
                                 [--http] [--hooks | --no-hooks] [--hash]
               pelmeni-simulator --seed S

        Runs the engine over a simulated kernel, once for each seed from S (1) on, N (1000) of them, and
        checks that nothing is lost. Stops at the first failure, unless --go-on is given. --seed runs a
        single one and prints what happens. --datagrams leaves the seeds out that have none, --hooks those
        without hooks and drivers, --no-hooks those with them, --http those without HTTP. --hash prints a last line, `hash` and a
        number: two engines that did the same in every seed print the same.
        """

    static func parse(_ arguments: [String]) -> Result<SimulatorOptions, Mistake> {
        var options = SimulatorOptions()
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--progress": options.showsProgress = true
            case "--go-on": options.goesOn = true
            case "--datagrams": options.onlyDatagrams = true
            case "--http": options.onlyHTTP = true
            case "--hooks": options.onlyHooks = true
            case "--no-hooks": options.withoutHooks = true
            case "--hash": options.wantsHash = true
            case "--help", "-h": options.wantsHelp = true
            case "--seeds", "--first", "--seed":
                guard let text = rest.popFirst(), let number = UInt64(text) else {
                    return .failure(Mistake(text: "\(word) needs a number"))
                }
                switch word {
                case "--seeds": options.seeds = number
                case "--first": options.first = number
                default: options.replay = number
                }
            default: return .failure(Mistake(text: "\(word) is not an option"))
            }
        }
        return .success(options)
    }
}

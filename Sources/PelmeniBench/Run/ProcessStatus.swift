/// The memory lines of `/proc/PID/status`.
struct ProcessStatus: Equatable {
    var residentBytes: UInt64 = 0
    /// The highest since the process began.
    var residentPeakBytes: UInt64 = 0

    init(parsing text: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count >= 2, let kibibytes = UInt64(fields[1]) else { continue }
            switch fields[0] {
            case "VmRSS:": residentBytes = kibibytes << 10
            case "VmHWM:": residentPeakBytes = kibibytes << 10
            default: break
            }
        }
    }
}

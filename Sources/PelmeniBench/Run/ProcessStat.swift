/// The used fields of `/proc/PID/stat`.
struct ProcessStat: Equatable {
    var parent: Int32
    /// Of all threads, ended ones too, in clock ticks.
    var userTicks: UInt64
    var systemTicks: UInt64

    init?(parsing text: String) {
        // The name may hold spaces and brackets; the fields begin after its last bracket.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
        guard fields.count > 12, let parent = Int32(fields[1]), let user = UInt64(fields[11]),
            let system = UInt64(fields[12])
        else { return nil }
        self.parent = parent
        userTicks = user
        systemTicks = system
    }
}

import ArgumentParser
import PelmeniBench

/// `--placement` on the command line.
enum PlacementArgument: String, ExpressibleByArgument, CaseIterable {
    case shared
    case split

    var value: BenchReport.Placement {
        switch self {
        case .shared: .shared
        case .split: .split
        }
    }
}

import Pelmeni
import PelmeniCore
import Testing

/// The world of a crossing: real sockets by one of the backends, or the simulated kernel.
enum World: Sendable, CustomTestStringConvertible {
    case real(Variant)
    case simulated

    static let all = Variant.all.map(World.real) + [.simulated]

    var testDescription: String {
        switch self {
        case .real(let variant): variant.testDescription
        case .simulated: "simulated"
        }
    }
}

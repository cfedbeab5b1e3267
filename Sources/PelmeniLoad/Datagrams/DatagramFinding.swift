/// The result of a datagram's check.
enum DatagramFinding: Equatable {
    case good(DatagramHead)
    case bad(Fault)
}

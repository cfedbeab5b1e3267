/// The end of a pair that a URL names.
enum EndpointSide: Sendable {
    case listener
    case upstream
}

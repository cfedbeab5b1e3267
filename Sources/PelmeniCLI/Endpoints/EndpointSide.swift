/// Which end of a pair a URL is.
enum EndpointSide: Sendable {
    case listener
    case upstream
}

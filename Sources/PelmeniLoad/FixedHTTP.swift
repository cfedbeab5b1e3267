/// The one request and the one answer of HTTP loads: the same bytes each time, so that a comparison
/// of memory verifies an answer.
enum FixedHTTP {
    static let request: StaticString = "GET / HTTP/1.1\r\nHost: pelmeni\r\n\r\n"
    /// Its body has 32 bytes.
    static let answer: StaticString =
        "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n0123456789abcdef0123456789abcdef"
}

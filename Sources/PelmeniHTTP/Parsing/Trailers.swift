/// The lines behind the last chunk, RFC 9112, 7.1.2.
struct Trailers {
    /// Fields that the proxy acts on are dropped.
    var facts = FieldFacts()
    /// Behind the empty line.
    var end = 0

    /// Nil while the empty line has not come.
    static func read(_ octets: Octets, _ limits: HTTPLimits) throws(HTTPRefusal) -> Trailers? {
        let bounded = Octets(octets.start, count: min(octets.count, limits.trailerBytes + 2))
        var trailers = Trailers()
        var parser = FieldParser(
            bounded, at: 0, fieldsMax: limits.fields, forgives: false, isBehindBody: true)
        guard try parser.read(into: &trailers.facts) else {
            guard octets.count < limits.trailerBytes + 2 else { throw .trailersTooLong }
            return nil
        }
        trailers.end = parser.at
        return trailers
    }
}

/// The parts of a request that a line of an access log has, found in whatever came.
struct AccessRequest {
    private var method = 0..<0
    private var target = 0..<0
    private var version = 0..<0
    private var fieldsStart = 0
    /// The first line has ended.
    private(set) var isWhole = false

    init(_ octets: Octets) {
        var first = 0
        // RFC 9112, 2.2: an empty line may stand before a request.
        if octets.count > 1, octets[0] == 0x0d, octets[1] == 0x0a { first = 2 }
        let bounded = Octets(octets.start, count: min(octets.count, AccessBounds.lineBytes))
        var end = bounded.count
        if let feed = bounded.lineFeed(from: first) {
            isWhole = true
            fieldsStart = feed &+ 1
            end = feed > first && octets[feed &- 1] == 0x0d ? feed &- 1 : feed
        } else {
            fieldsStart = octets.count
        }
        split(octets, first..<max(first, end))
    }

    /// The method ends at the first space, the version begins behind the last one.
    private mutating func split(_ octets: Octets, _ line: Range<Int>) {
        var space = line.lowerBound
        while space < line.upperBound, octets[space] != 0x20 { space &+= 1 }
        method = line.lowerBound..<space
        guard space < line.upperBound else {
            target = space..<space
            version = space..<space
            return
        }
        var last = line.upperBound &- 1
        while octets[last] != 0x20 { last &-= 1 }
        guard last > space, isWhole else {
            target = space &+ 1..<line.upperBound
            version = line.upperBound..<line.upperBound
            return
        }
        target = space &+ 1..<last
        version = last &+ 1..<line.upperBound
    }

    // MARK: Writing

    func writeLine(_ octets: Octets, _ text: inout AccessText, isJSON: Bool) {
        text.write(isJSON ? ",\"method\":\"" : " \"")
        text.write(octets, method, most: AccessBounds.methodBytes, isJSON: isJSON)
        text.write(isJSON ? "\",\"target\":\"" : " ")
        text.write(octets, target, most: AccessBounds.targetBytes, isJSON: isJSON)
        text.write(isJSON ? "\",\"version\":\"" : " ")
        text.write(octets, version, most: AccessBounds.versionBytes, isJSON: isJSON)
        text.write("\"")
    }

    /// Host, User-Agent and Referer: the first line of each.
    func writeFields(_ octets: Octets, _ text: inout AccessText, isJSON: Bool) {
        var (host, agent, referer) = (0..<0, 0..<0, 0..<0)
        var at = fieldsStart
        var lines = 0
        while let feed = octets.lineFeed(from: at), feed > at, octets[at] != 0x0d,
            lines < HTTPLimits.fieldsMax
        {
            lines &+= 1
            switch Octets.small(octets[at]) {
            case 0x68: Self.find("host:", octets, at, feed, &host)
            case 0x75: Self.find("user-agent:", octets, at, feed, &agent)
            case 0x72: Self.find("referer:", octets, at, feed, &referer)
            default: break
            }
            at = feed &+ 1
        }
        write(host, isJSON ? ",\"host\":\"" : " host=\"", octets, &text, isJSON)
        write(agent, isJSON ? ",\"user_agent\":\"" : " user_agent=\"", octets, &text, isJSON)
        write(referer, isJSON ? ",\"referer\":\"" : " referer=\"", octets, &text, isJSON)
    }

    private static func find(
        _ name: StaticString, _ octets: Octets, _ at: Int, _ feed: Int, _ value: inout Range<Int>
    ) {
        let behind = at &+ name.utf8CodeUnitCount
        guard value.isEmpty, behind <= feed, octets.equals(at..<behind, name) else { return }
        let end = feed > behind && octets[feed &- 1] == 0x0d ? feed &- 1 : feed
        value = octets.trimmed(behind..<end)
    }

    private func write(
        _ value: Range<Int>, _ name: StaticString, _ octets: Octets, _ text: inout AccessText,
        _ isJSON: Bool
    ) {
        guard !value.isEmpty else { return }
        text.write(name)
        text.write(octets, value, most: AccessBounds.fieldBytes, isJSON: isJSON)
        text.write("\"")
    }
}

/// All scenarios.
package enum ScenarioCatalog {
    private static let mebibyte: UInt32 = 1 << 20

    /// In the order of a run.
    package static let all: [Scenario] =
        exchanges + [kibibyte, think, connect, download, upload] + [download, upload].map(paced) + [
            open
        ]
        + idle + [
            twoWorkers, stalled, pipeline,
        ]
        + datagrams + [burst]
        + http + [httpConnect, httpDownload, httpUpload, httpIdle]

    /// The scenarios of a run without names.
    package static let usual = all.filter { !["rr8", "rr64-1k", "idle1000"].contains($0.name) }

    /// The scenarios of a run within a minute.
    package static let quick = all.filter { ["rr64", "connect", "download"].contains($0.name) }

    /// The scenarios that show what hooks cost.
    package static let ofHooks = all.filter {
        ["rr64", "rr64-1k", "idle4000", "http64"].contains($0.name)
    }
    package static let hooksName = "hooks"

    package static let twoWorkersName = "two-workers"

    private static let exchanges: [Scenario] = {
        let one = Scenario(
            "rr1", .exchange, .addedMedianLatency, connections: 1,
            summary: "64 bytes there and back on 1 connection: the latency that the proxy adds")
        let more = [8, 64, 512, 4_000].map { count in
            Scenario(
                "rr\(count)", .exchange, .cpuPerRequest, connections: count,
                summary: "64 bytes there and back on \(count) kept connections")
        }
        return [one] + more
    }()

    private static let kibibyte: Scenario = {
        var scenario = Scenario(
            "rr64-1k", .exchange, .cpuPerRequest, connections: 64,
            summary: "1 KiB there and back on 64 kept connections")
        scenario.requestBytes = 1024
        scenario.answerBytes = 1024
        return scenario
    }()

    /// Some 2,500 requests a second, a small part of the slowest proxy's limit: all have the same
    /// work, and mostly one connection at a time.
    private static let think: Scenario = {
        var scenario = Scenario(
            "think512", .exchange, .cpuPerRequest, connections: 512,
            summary: "64 bytes there and back on 512 kept connections, each with pauses of 200 ms")
        scenario.thinkMicroseconds = 200_000
        return scenario
    }()

    private static let connect = Scenario(
        "connect", .connect, .cpuPerRequest, connections: 32,
        summary: "a new connection for each request, 32 at a time")

    private static let download: Scenario = {
        var scenario = Scenario(
            "download", .download, .cpuPerGigabyte, connections: 1,
            summary: "one stream towards the client, in answers of 1 MiB")
        scenario.answerBytes = mebibyte
        return scenario
    }()

    private static let upload: Scenario = {
        var scenario = Scenario(
            "upload", .upload, .cpuPerGigabyte, connections: 1,
            summary: "one stream towards the origin, in requests of 1 MiB")
        scenario.requestBytes = mebibyte
        return scenario
    }()

    /// bbr paces on a loopback too, which is another load: the sender pays more.
    private static func paced(_ scenario: Scenario) -> Scenario {
        var paced = scenario
        paced.congestion = "bbr"
        paced.name += "-bbr"
        paced.summary += ", with bbr"
        return paced
    }

    private static let open = Scenario(
        "open", .open, .tailLatency, connections: 64,
        summary: "64 connections at a fixed rate, 60 % of what was reached: the tail of latency")

    private static let idle = [1_000, 4_000].map { count in
        Scenario(
            "idle\(count)", .idle, .residentPerPair, connections: count,
            summary: "\(count) connections that do nothing: memory for each")
    }

    private static let twoWorkers = Scenario(
        twoWorkersName, .exchange, .cpuPerRequest, connections: 512,
        summary: "512 connections on 1 worker and on 2, on two cores")

    private static let stalled: Scenario = {
        var scenario = Scenario(
            "stalled", .stalled, .tailLatency, connections: 1_000,
            summary: "100 clients beside 1,000 that ask for a stream and do not read it")
        scenario.bystanders = 100
        return scenario
    }()

    private static let pipeline: Scenario = {
        var scenario = Scenario(
            "pipeline", .exchange, .cpuPerRequest, connections: 16,
            summary: "16 requests under way on each of 16 connections")
        scenario.pipeline = 16
        return scenario
    }()

    private static let datagrams = [1, 64].map { count in
        Scenario(
            "udp\(count)", .datagrams, .cpuPerTrip, connections: count,
            summary: count == 1
                ? "UDP: 64 bytes there and back for 1 client"
                : "UDP: 64 bytes there and back for \(count) clients, one datagram each under way")
    }

    private static let burst: Scenario = {
        var scenario = Scenario(
            "udp-burst", .trains, .cpuPerDatagram, connections: 8,
            summary: "UDP: trains of 40 datagrams of 1,400 bytes from 8 clients, one way")
        scenario.requestBytes = 1_400
        scenario.trainDatagrams = 40
        scenario.trainsInFlight = 1
        return scenario
    }()

    private static let http = [64, 512].map { count in
        ofHTTP(
            Scenario(
                "http\(count)", .exchange, .cpuPerRequest, connections: count,
                summary: "HTTP: GETs of 64 bytes on \(count) kept connections"))
    }

    private static let httpConnect = ofHTTP(
        Scenario(
            "http-connect", .connect, .cpuPerRequest, connections: 32,
            summary: "HTTP: a new connection for each GET, 32 at a time"))

    private static let httpDownload: Scenario = {
        var scenario = ofHTTP(
            Scenario(
                "http-download", .download, .cpuPerGigabyte, connections: 8,
                summary: "HTTP: GETs of 1 MiB on 8 kept connections"))
        scenario.answerBytes = mebibyte
        return scenario
    }()

    private static let httpUpload: Scenario = {
        var scenario = ofHTTP(
            Scenario(
                "http-upload", .upload, .cpuPerGigabyte, connections: 8,
                summary: "HTTP: POSTs of 1 MiB on 8 kept connections"))
        scenario.requestBytes = mebibyte
        return scenario
    }()

    /// As many as 20,000 descriptors permit: Pelmeni counts two for each session.
    private static let httpIdle = ofHTTP(
        Scenario(
            "http-idle", .idle, .residentPerClient, connections: 9_900,
            summary: "HTTP: 9900 kept connections that do nothing after a GET: memory for each"))

    private static func ofHTTP(_ scenario: Scenario) -> Scenario {
        var scenario = scenario
        scenario.speaksHTTP = true
        scenario.requestBytes = 0
        return scenario
    }

    /// - Throws: for an unknown name, with the known ones.
    package static func named(_ names: [String]) throws(BenchError) -> [Scenario] {
        var found: [Scenario] = []
        for name in names {
            guard let scenario = all.first(where: { $0.name == name }) else {
                throw .usage(
                    "there is no scenario '\(name)'; there are "
                        + all.map(\.name).joined(separator: ", "))
            }
            if !found.contains(scenario) { found.append(scenario) }
        }
        return found
    }
}

/// The method and its limits.
struct MethodSection {
    let report: BenchReport

    var markup: [Markup] {
        [Markup("h2", text: "How it was measured")]
            + [rounds, statistics, cost, network, loops, placement, load].map {
                Markup("p", text: $0)
            }
    }

    private var rounds: String {
        "Rounds are interleaved: in each of the \(report.rounds) rounds every subject runs once, "
            + "so that a passing disturbance of the machine affects all of them. A turn "
            + "warms up for \(ReportText.number(report.warmUpSeconds)) s and is measured for "
            + "\(ReportText.number(report.windowSeconds)) s. Every answer is checked byte by "
            + "byte; a wrong answer is an error and not a request."
    }

    private var statistics: String {
        "A subject is compared with another within each round, which gives one ratio a round. "
            + "The report shows the median of these ratios and its 95 % interval, from a paired "
            + "bootstrap over rounds. An interval that contains 1 shows no difference, "
            + "whatever the medians are."
    }

    private var cost: String {
        "Processor time is that of the proxy's own threads and processes, as the kernel's "
            + "scheduler accounts it; its split into user and system comes from ticks and "
            + "is less exact. Beside it stands the time of load, proxy and origin together (all three): "
            + "load or origin may pay for a saving of the proxy. On loopback, a sender's processor time pays for much of the "
            + "receiver's network stack as well, for every subject alike."
    }

    private var network: String {
        "Congestion control decides how long streams are cut and who sends them: bbr paces on a "
            + "loopback too, and moves cost from the proxy to the sender. So a run has a network "
            + "of its own where the kernel grants one, and names the congestion control of its "
            + "connections; long streams should be read as bytes a second beside the "
            + "processor time of all three, load, proxy and origin."
    }

    private var loops: String {
        "Most loads are closed loops: a connection sends its next request when it has its "
            + "answer, so a proxy that stalls gets fewer requests, and its tail looks better than it "
            + "is. In an open loop requests are due at fixed times, and each is timed from its due "
            + "time: read latencies at a given rate there. A datagram without an answer "
            + "within 200 ms is given up and counted as lost; it is in no latency."
    }

    private var placement: String {
        let place = "Placement was \(MachineLines.placement(report)). "
        return switch report.placement {
        case .shared:
            place + "Load and origin take time from the proxy, so requests/s is not its "
                + "maximum; compare processor time a request."
        case .split:
            place + "Load or origin can limit the throughput; a direct run, without "
                + "a proxy, shows their limit. Cores that are threads of one core still "
                + "slow each other down."
        }
    }

    private var load: String {
        "Load and origins run on \(report.loadRing), whatever the subject runs on, so that all "
            + "subjects get the same peers. Figures of other machines, or of another day, "
            + "cannot be compared with these; ratios can, with care."
    }
}

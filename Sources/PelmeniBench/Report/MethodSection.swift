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
        "Rounds are interleaved: in each of the \(report.rounds) rounds every subject has its "
            + "turn, so that a machine that becomes slower for a while slows all of them. A turn "
            + "warms up for \(ReportText.number(report.warmUpSeconds)) s and is measured for "
            + "\(ReportText.number(report.windowSeconds)) s. Every answer is checked byte by "
            + "byte; one that is wrong is an error and not a request."
    }

    private var statistics: String {
        "A subject is compared with another within each round, which gives one ratio a round. "
            + "Shown are the median of these ratios and its 95 % interval, from a paired "
            + "bootstrap over rounds. Where the interval holds 1, no difference was shown, "
            + "whatever the medians say."
    }

    private var cost: String {
        "Processor time is that of the proxy's own threads and processes, as the kernel's "
            + "scheduler accounts it; how it divides into user and system comes from ticks and "
            + "is less exact. Beside it stands that of load, proxy and origin together (all three): "
            + "what a proxy saves, its neighbours may pay. On loopback, a sender's processor time pays for much of the "
            + "receiver's network stack as well, for every subject alike."
    }

    private var network: String {
        "Congestion control decides how long streams are cut and who sends them: bbr paces on a "
            + "loopback too, and moves cost from the proxy to the sender. So a run has a network "
            + "of its own where the kernel grants one, and says which congestion control its "
            + "connections used; long streams should be read as bytes a second beside the "
            + "processor time of all three, load, proxy and origin."
    }

    private var loops: String {
        "Most loads are closed loops: a connection sends its next request when it has its "
            + "answer, so a proxy that stalls is asked less, and its tail looks better than it "
            + "is. In an open loop requests are due at fixed times, and each is timed from when "
            + "it was due: latencies at a given rate should be read there. A datagram that is not "
            + "answered within 200 ms is given up and counted as lost; it is in no latency."
    }

    private var placement: String {
        let place = "Placement was \(MachineLines.placement(report)). "
        return switch report.placement {
        case .shared:
            place + "What load and origin use is missing to the proxy, so requests/s is not "
                + "what it could reach; processor time a request is what to compare."
        case .split:
            place + "Load or origin can be what limits the throughput; a direct run, without "
                + "a proxy, shows how far they go. Cores that are threads of one core still "
                + "slow each other down."
        }
    }

    private var load: String {
        "Load and origins run on \(report.loadRing), whatever the subject runs on, so that all "
            + "subjects meet the same peers. Figures of other machines, or of another day, "
            + "cannot be compared with these; ratios can, with care."
    }
}

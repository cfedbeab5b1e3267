"""From samples to figures: medians, and ratios taken round by round."""

import statistics

from .subjects import PEERS

# Beyond these a neighbour was measured too. A quiet run stays under 0.1 and 1.3.
OTHERS_MAX = 0.15
RATE_SPREAD_MAX = 2.0


def figure(samples):
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples)}


def ratio(costs, others):
    """The median of each round's own ratio: what slows a whole round down cancels out."""
    return figure([cost / other for cost, other in zip(costs, others)])


def better_peer(samples):
    """The cheaper of HAProxy and nginx, by median; None when neither was measured."""
    peers = [name for name in PEERS if samples.get(name)]
    return min(peers, key=lambda name: statistics.median(samples[name]["costs"]), default=None)


def unsteady(samples, core):
    """Why a scenario's figures are not fit for publication; empty when they are."""
    reasons = []
    if core["others"] > OTHERS_MAX:
        reasons.append(f"{core['others']:.0%} of the core went to others")
    for name, own in samples.items():
        least, most = min(own["rates"]), max(own["rates"])
        if most > least * RATE_SPREAD_MAX:
            reasons.append(f"{name}: the rate of its rounds differs by a factor of {most / least:.1f}")
    return reasons


def summarise(samples):
    """`samples` holds for each subject its `costs` and `rates`, a round each."""
    peer = better_peer(samples)
    summary = {}
    for name, own in samples.items():
        summary[name] = {"cost": figure(own["costs"]), "rate": figure(own["rates"])}
        if peer and name != peer:
            summary[name]["ratio"] = ratio(own["costs"], samples[peer]["costs"])
        if "epoll" in samples and name.startswith("io_uring"):
            summary[name]["ratio_to_epoll"] = ratio(own["costs"], samples["epoll"]["costs"])
    return {"better_peer": peer, "subjects": summary}

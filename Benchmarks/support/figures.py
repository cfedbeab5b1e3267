"""From samples to figures: medians, and ratios taken round by round."""

import statistics

from .subjects import PEERS


def figure(samples):
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples)}


def ratio(costs, others):
    """The median of each round's own ratio: what slows a whole round down cancels out."""
    return figure([cost / other for cost, other in zip(costs, others)])


def better_peer(samples):
    """The cheaper of HAProxy and nginx, by median; None when neither was measured."""
    peers = [name for name in PEERS if samples.get(name)]
    return min(peers, key=lambda name: statistics.median(samples[name]["costs"]), default=None)


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

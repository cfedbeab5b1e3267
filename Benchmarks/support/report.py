"""How results are shown: a table in the terminal, and a Markdown table from a stored result."""

from .subjects import NAMES, PELMENI, PEERS, TITLES


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(figure):
    return f"{figure['median']:.2f} ({figure['min']:.2f}..{figure['max']:.2f})"


def machine_lines(result):
    machine = result["machine"]
    kind = "virtual machine" if machine["virtual"] else "machine"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    mitigations = "; ".join(f"{name}: {state}" for name, state in machine["mitigations"].items())
    return {
        "date": result["date"],
        "machine": f"{machine['cpu']}, {kind} with {machine['cores']} cores, "
                   f"{machine['memory_gib']} GiB, {machine['system']}",
        "kernel": f"Linux {machine['kernel']}, congestion control {machine['congestion_control']}",
        "mitigations": mitigations or "none needed",
        "placement": f"{machine['placement']}: {machine['affinity']}",
        "programs": versions,
        "measured": f"{result['rounds']} interleaved rounds of {result['seconds']} s, "
                    "after one that warms up",
        "cost": "CPU of the proxy's own process; lower is better",
    }


def header(result):
    return "\n".join(f"{name:<12} {text}" for name, text in machine_lines(result).items())


def scenario_table(scenario):
    """The terminal's table for one scenario."""
    summary = scenario["summary"]
    peer = summary["better_peer"]
    against = f"/ {TITLES[peer]}" if peer else "/ -"
    rows = [("", scenario["cost_unit"], "min..max", scenario["rate_unit"], against, "/ own epoll")]
    for name in NAMES:
        own = summary["subjects"].get(name)
        if not own:
            continue
        cost = own["cost"]
        rows.append((
            TITLES[name], number(cost["median"]), f"{number(cost['min'])}..{number(cost['max'])}",
            number(own["rate"]["median"]), spread(own["ratio"]) if "ratio" in own else "",
            spread(own["ratio_to_epoll"]) if "ratio_to_epoll" in own else ""))
    lines = [f"{scenario['name']}: {scenario['title']}"] + ["  " + line for line in _aligned(rows)]
    core = scenario["core"]
    lines.append(f"  the core: {core['others']:.0%} went to others (stolen: {core['steal']:.0%}), "
                 f"{core['idle']:.0%} was idle")
    lines += [f"  UNSTEADY, not for publication: {why}" for why in scenario["unsteady"]]
    lines += [f"  not measured: {TITLES[name]}: {why}" for name, why in scenario["refused"].items()]
    return "\n".join(line.rstrip() for line in lines)


def _aligned(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))) for row in rows]


def markdown(result):
    """The README's figures: a table, and the line that says where they came from."""
    shown = [*PEERS, *PELMENI]
    head = ["CPU of the proxy", *(TITLES[name] for name in shown),
            "io_uring / better peer", "epoll / better peer"]
    lines = [_row(head), _row(["---"] + ["---:"] * (len(head) - 1))]
    for scenario in result["scenarios"]:
        subjects = scenario["summary"]["subjects"]
        costs = [number(subjects[name]["cost"]["median"]) if name in subjects else "-" for name in shown]
        ratios = [spread(subjects[name]["ratio"]) if "ratio" in subjects.get(name, {}) else "-"
                  for name in ("io_uring", "epoll")]
        lines.append(_row([f"{scenario['title']}, {scenario['cost_unit']}", *costs, *ratios]))
    return "\n".join([*lines, "", _provenance(result)])


def _provenance(result):
    machine = machine_lines(result)
    return (f"Measured {result['date'][:10]} on {machine['machine']}; {machine['kernel']}; "
            f"{machine['placement']}; one worker each; {machine['measured']}. "
            f"{machine['programs']}. Medians; ratios are medians of the rounds' own ratios, with "
            f"their least and greatest. `make bench` repeats it; "
            f"[Benchmarks/README.md](Benchmarks/README.md) says how to read it.")


def _row(cells):
    return f"| {' | '.join(cells)} |"

#!/usr/bin/env python3
"""Tests of what could make a figure wrong without anyone noticing. Under a second."""

import json
import pathlib
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True

import table  # noqa: E402
from support import figures, loads, machine, report, subjects  # noqa: E402
from support.processes import Children, Failed  # noqa: E402

WRK = """Running 1s test @ http://127.0.0.1:1/
  33917 requests in 1.00s, 6.1MB read
{more}Requests/sec:  33901.25
Transfer/sec:      6.1MB
"""


def iperf(sent, received, **more):
    return json.dumps({"end": {
        "sum_sent": {"bytes": sent},
        "sum_received": {"bytes": received, "bits_per_second": received * 8}}, **more})


def samples(**costs):
    return {name: {"costs": own, "rates": [1.0] * len(own)} for name, own in costs.items()}


class Reading(unittest.TestCase):
    def test_wrk_is_counted(self):
        load = loads.read_wrk(0, WRK.format(more=""))
        self.assertEqual((load.units, load.rate, load.errors), (33917, 33901.25, []))

    def test_wrk_errors_are_errors(self):
        for line in ("  Socket errors: connect 0, read 3, write 0, timeout 0\n",
                     "  Non-2xx or 3xx responses: 12\n"):
            self.assertEqual(loads.read_wrk(0, WRK.format(more=line)).errors, [line.strip()])
        self.assertTrue(loads.read_wrk(1, "unable to connect").errors)
        self.assertTrue(loads.read_wrk(0, WRK.replace("33917", "0").format(more="")).errors)

    def test_iperf3_counts_what_arrived(self):
        load = loads.read_iperf3(0, iperf(2_000_000_000, 1_999_000_000))
        self.assertEqual((load.units, load.errors), (1.999, []))

    def test_iperf3_errors_are_errors(self):
        self.assertTrue(loads.read_iperf3(1, "").errors)
        self.assertTrue(loads.read_iperf3(1, iperf(1, 1, error="the server is busy")).errors)
        self.assertTrue(loads.read_iperf3(0, iperf(10, 0)).errors)
        self.assertTrue(loads.read_iperf3(0, iperf(2_000_000_000, 1_900_000_000)).errors)


class Figures(unittest.TestCase):
    def test_a_ratio_pairs_rounds(self):
        # One round was three times slower for both: the ratio does not see it.
        self.assertEqual(figures.ratio([5.0, 15.0, 5.0], [10.0, 30.0, 10.0]),
                         {"median": 0.5, "min": 0.5, "max": 0.5})

    def test_the_better_peer_is_by_median(self):
        own = samples(haproxy=[9.0, 30.0, 10.0], nginx=[11.0, 12.0, 13.0], io_uring=[5.0, 15.0, 6.0])
        summary = figures.summarise(own)
        self.assertEqual(summary["better_peer"], "haproxy")
        self.assertEqual(summary["subjects"]["io_uring"]["ratio"]["max"], 0.6)
        self.assertNotIn("ratio", summary["subjects"]["haproxy"])

    def test_no_peer_no_ratio(self):
        summary = figures.summarise(samples(io_uring=[5.0], epoll=[10.0]))
        self.assertIsNone(summary["better_peer"])
        self.assertNotIn("ratio", summary["subjects"]["io_uring"])
        self.assertEqual(summary["subjects"]["io_uring"]["ratio_to_epoll"]["median"], 0.5)


    def test_a_disturbed_scenario_is_unsteady(self):
        quiet = {"others": 0.05}
        even = {"io_uring": {"rates": [10.0, 9.0, 11.0]}}
        self.assertEqual(figures.unsteady(even, quiet), [])
        self.assertEqual(len(figures.unsteady(even, {"others": 0.28})), 1)
        self.assertEqual(len(figures.unsteady({"io_uring": {"rates": [10.0, 0.5]}}, quiet)), 1)


def stored(date="2026-01-02T03:04:05Z", **changes):
    own = samples(haproxy=[10.0], nginx=[11.0], io_uring=[7.0], epoll=[9.0])
    scenarios = [{
        "name": name, "title": scenario.title, "cost_unit": scenario.cost_unit,
        "rate_unit": scenario.rate_unit, "refused": {}, "unsteady": [],
        "summary": figures.summarise(own),
        "core": {"idle": 0, "others": 0, "softirq": 0, "steal": 0},
    } for name, scenario in loads.SCENARIOS.items()]
    return {"date": date, "quick": False, "rounds": 1, "seconds": 1, "errors": [],
            "machine": machine.describe(0), "versions": {"pelmeni": "1"},
            "scenarios": scenarios, **changes}


class Table(unittest.TestCase):
    def test_it_is_idempotent_and_touches_nothing_else(self):
        text = report.markdown(stored())
        once = table.with_figures(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", text)
        self.assertEqual(table.with_figures(once, text), once)
        self.assertTrue(once.startswith("before\n") and once.endswith(f"{table.END}\nafter\n"))
        self.assertNotIn("old", once)
        self.assertIn("0.70 (0.70..0.70)", once)

    def test_it_refuses_a_readme_without_markers(self):
        for text in ("", table.BEGIN, f"{table.END}{table.BEGIN}"):
            self.assertRaises(Failed, table.with_figures, text, "table")

    def test_it_takes_the_newest_publishable_result(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            disturbed = stored(date="2026-03-01T00:00:00Z")
            disturbed["scenarios"][0]["unsteady"] = ["a neighbour"]
            for name, result in {
                "a.json": stored(), "b.json": stored(date="2026-02-01T00:00:00Z"),
                "c.json": stored(date="2026-03-01T00:00:00Z", quick=True),
                "d.json": stored(date="2026-03-01T00:00:00Z", errors=["lost"]),
                "e.json": stored(date="2026-03-01T00:00:00Z", scenarios=[]),
                "f.json": disturbed,
            }.items():
                (folder / name).write_text(json.dumps(result))
            self.assertEqual(table.newest(folder)[0], "b.json")

    def test_a_file_name_names_the_kind_of_machine_only(self):
        kind = {"cpu": "AMD EPYC (tm) 7/2", "cores": 2, "kernel": "6.18.44-of-host"}
        self.assertEqual(machine.slug(kind), "amd-epyc-tm-7-2-2-core-linux-6.18")


class Processes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.children = Children(self.folder.name)

    def tearDown(self):
        self.children.stop_all()
        self.folder.cleanup()

    def test_cpu_counts_workers_and_agrees_with_schedstat(self):
        # A shell that waits for a shell that works, as a master waits for its worker.
        child = self.children.start("busy", ["sh", "-c", "sh -c 'i=0; while [ $i -lt 50000 ]; do "
                                             "i=$((i+1)); done; echo done; sleep 9'; true"])
        child.wait_until(lambda: "done" in child.output())
        time.sleep(0.05)
        told = sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])
                   for pid in child.pids)
        self.assertGreaterEqual(len(child.pids), 2)
        self.assertAlmostEqual(child.cpu_ns() / told, 1, delta=0.02)

    def test_a_child_that_cannot_start_is_named(self):
        child = self.children.start("broken", ["sh", "-c", "echo no such option; exit 7"])
        with self.assertRaisesRegex(Failed, "broken ended with status 7: no such option"):
            child.wait_listening(subjects.free_port())

    def test_a_stubborn_child_is_killed_with_its_workers(self):
        child = self.children.start("stubborn", ["sh", "-c", "trap '' TERM; sleep 60 & echo up; wait; wait"])
        child.wait_until(lambda: "up" in child.output())
        pids = child.adopt_workers()
        self.assertIsNone(child.stop(seconds=0.2))
        time.sleep(0.1)
        states = [pathlib.Path(f"/proc/{pid}/stat") for pid in pids]
        self.assertFalse([s for s in states if s.exists() and s.read_text().rpartition(") ")[2][0] != "Z"])

    def test_listening_is_seen_without_connecting(self):
        port = subjects.free_port()
        code = (f"import socket, time; s = socket.socket(); s.bind(('127.0.0.1', {port})); s.listen(); "
                "s.settimeout(0.5)\ntry: s.accept(); print('probed', flush=True)\n"
                "except TimeoutError: print('quiet', flush=True)\ntime.sleep(9)")
        child = self.children.start("listener", [sys.executable, "-c", code])
        child.wait_listening(port)
        child.wait_until(lambda: child.output())
        self.assertEqual(child.output(), "quiet\n")


if __name__ == "__main__":
    unittest.main()

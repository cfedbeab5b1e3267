import Foundation
import PelmeniBench
import Testing

@testable import PelmeniCLI

@Suite struct BenchPeerTests {
    private static let folder: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.path + "/Benchmarks"
    }()

    @Test func ourOwnFileIsRead() throws {
        let path = Self.folder + "/peers.yaml"
        let peers = try BenchPeersFile.parse(
            try String(contentsOfFile: path, encoding: .utf8), in: path)
        let scenarios = Set(ScenarioCatalog.all.map(\.name))
        for peer in peers {
            #expect(scenarios.isSuperset(of: peer.scenarios ?? []), "\(peer.name)")
        }
        let prototypes = peers.filter { $0.prototypeOf != nil }
        #expect(prototypes.compactMap(\.prototypeOf).sorted() == ["epoll", "io_uring"])
        for prototype in prototypes {
            #expect(prototype.udpCommand != nil && prototype.countsInBest == nil)
            // The Makefile builds the prototypes of the description, each from a source of the same
            // name.
            for command in [prototype.command, prototype.udpCommand ?? []] {
                let name = try #require(command.first?.split(separator: "/").last)
                let source = "\(Self.folder)/prototypes/\(name).c"
                #expect(FileManager.default.fileExists(atPath: source), "\(source)")
            }
        }
    }

    @Test func thePeersOfHooksAreRead() throws {
        let path = Self.folder + "/hook-peers.yaml"
        let peers = try BenchPeersFile.parse(
            try String(contentsOfFile: path, encoding: .utf8), in: path)
        let scenarios = Set(ScenarioCatalog.ofHooks.map(\.name))
        for peer in peers {
            #expect(!scenarios.isDisjoint(with: peer.scenarios ?? []), "\(peer.name)")
            #expect(scenarios.isSuperset(of: peer.scenarios ?? []), "\(peer.name)")
        }
        #expect(peers.map(\.name) == ["mitmproxy"])
    }

    /// Each target names subjects that take part where it is judged.
    @Test func targetsHaveTheirPrototypes() throws {
        let path = Self.folder + "/peers.yaml"
        let peers = try BenchPeersFile.parse(
            try String(contentsOfFile: path, encoding: .utf8), in: path)
        let targets = try BenchTargetsFile.read(Self.folder + "/targets.yaml")
        let judged = targets.filter { $0.baseline == Target.prototype }
        #expect(!judged.isEmpty)
        for target in judged {
            let prototype = peers.first { $0.prototypeOf == target.subject }
            #expect(prototype?.scenarios?.contains(target.scenario) == true, "\(target.scenario)")
            #expect(target.most == 1.03)
        }
        for target in targets where ["download", "upload"].contains(target.scenario) {
            #expect(target.congestion == BenchNetwork.usualCongestion)
        }
    }

    @Test func aPrototypeOfNobodyIsNamed() {
        let text = "- {name: c, title: C, command: [c], prototype-of: kqueue}"
        #expect {
            _ = try BenchPeersFile.parse(text, in: "p.yaml")
        } throws: {
            "\($0)".contains("'prototype-of' of c is kqueue, not io_uring or epoll")
        }
    }
}

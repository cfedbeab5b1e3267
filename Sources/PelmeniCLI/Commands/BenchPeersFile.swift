import Foundation
import PelmeniBench
import Yams

/// The file of peers, YAML.
enum BenchPeersFile {
    static func read(_ path: String) throws(BenchError) -> [PeerPlan] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .usage("--peers \(path) cannot be read")
        }
        let peers = try parse(String(decoding: data, as: UTF8.self), in: path)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return peers.map { PeerPlan($0, folder: folder) }
    }

    static func parse(_ text: String, in path: String) throws(BenchError) -> [PeerDescription] {
        let peers: [PeerDescription]
        do {
            peers = try YAMLDecoder().decode([PeerDescription].self, from: text)
        } catch {
            throw .usage("--peers \(path) makes no sense: \(error)")
        }
        for peer in peers {
            guard let backend = peer.prototypeOf, !SubjectPlan.backends.contains(backend) else {
                continue
            }
            throw .usage(
                "--peers \(path): 'prototype-of' of \(peer.name) is \(backend), not "
                    + SubjectPlan.backends.joined(separator: " or "))
        }
        return peers
    }
}

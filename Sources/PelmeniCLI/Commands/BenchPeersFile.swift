import Foundation
import PelmeniBench
import Yams

/// The file that describes the peers.
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
        do {
            return try YAMLDecoder().decode([PeerDescription].self, from: text)
        } catch {
            throw .usage("--peers \(path) makes no sense: \(error)")
        }
    }
}

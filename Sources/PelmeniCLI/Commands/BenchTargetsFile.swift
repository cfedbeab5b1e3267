import Foundation
import PelmeniBench
import Yams

/// The file of targets, YAML.
enum BenchTargetsFile {
    static func read(_ path: String) throws(BenchError) -> [Target] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .usage("--targets \(path) cannot be read")
        }
        return try parse(String(decoding: data, as: UTF8.self), in: path)
    }

    static func parse(_ text: String, in path: String) throws(BenchError) -> [Target] {
        let targets: [Target]
        do {
            targets = try YAMLDecoder().decode([Target].self, from: text)
        } catch {
            throw .usage("--targets \(path) makes no sense: \(error)")
        }
        for target in targets {
            do throws(BenchError) {
                _ = try ScenarioCatalog.named([target.scenario])
            } catch { throw .usage("--targets \(path): \(error)") }
            guard target.most > 0, target.most.isFinite else {
                throw .usage("--targets \(path): 'most' of \(target.scenario) is not above 0")
            }
        }
        return targets
    }
}

internal import Foundation

/// A folder for the children's files; removed at the end of the run.
final class ScratchFolder {
    let path: String
    private var count = 0

    init() throws(BenchError) {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("pelmeni-bench-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw .failed("no scratch folder: \(error.localizedDescription)")
        }
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A new path.
    func newPath(_ name: String) -> String {
        count += 1
        return "\(path)/\(count)-\(name)"
    }

    func newFolder(_ name: String) throws(BenchError) -> String {
        let folder = newPath(name)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .failed("no folder for \(name): \(error.localizedDescription)")
        }
        return folder
    }
}

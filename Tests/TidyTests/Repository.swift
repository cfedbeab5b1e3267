import Foundation

/// The repository that these tests were compiled from.
struct Repository {
    let root: URL

    static let current: [SourceText] = {
        let here = URL(filePath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return Repository(root: root).texts()
    }()

    /// Names of folders without files of the project.
    private static func isForeign(_ name: String) -> Bool {
        name == ".git" || name == ".swiftpm" || name == "__pycache__"
            || name.hasPrefix(".build")
    }

    /// Every text file, in the order of its path; other files and links are left out.
    func texts() -> [SourceText] {
        let prefix = root.path(percentEncoded: false)
        let keys: [URLResourceKey] = [.isDirectoryKey, .isRegularFileKey]
        guard
            let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys)
        else { return [] }
        var texts: [SourceText] = []
        for case let url as URL in walk {
            let values = try? url.resourceValues(forKeys: Set(keys))
            // In a work tree of git's, `.git` is a file.
            let isForeign = Self.isForeign(url.lastPathComponent)
            if values?.isDirectory == true {
                if isForeign { walk.skipDescendants() }
                continue
            }
            if isForeign { continue }
            guard values?.isRegularFile == true, let data = try? Data(contentsOf: url),
                data.count < 2_000_000, !data.contains(0),
                let text = String(data: data, encoding: .utf8)
            else { continue }
            let path = url.path(percentEncoded: false).dropFirst(prefix.count)
            texts.append(SourceText(path: String(path.drop { $0 == "/" }), text: text))
        }
        return texts.sorted { $0.path < $1.path }
    }
}

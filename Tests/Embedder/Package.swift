// swift-tools-version: 6.3
import PackageDescription

// A package outside Pelmeni's, as an embedder has it: it sees the public names of a product alone,
// and sets no flag but for warnings.
let package = Package(
    name: "embedder",
    dependencies: [.package(name: "pelmeni", path: "../..")],
    targets: [
        .executableTarget(
            name: "embedder", dependencies: [.product(name: "Pelmeni", package: "pelmeni")],
            path: "Sources/Embedder", swiftSettings: [.treatAllWarnings(as: .error)])
    ],
    swiftLanguageModes: [.v6]
)

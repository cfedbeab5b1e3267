// swift-tools-version: 6.3
import PackageDescription

// A package of its own: building and testing Pelmeni must not fetch Hummingbird.
let package = Package(
    name: "hummingbird-origin",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1")
    ],
    targets: [
        .executableTarget(
            name: "hummingbird-origin",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.3
import PackageDescription

// A package of its own: building and testing Pelmeni must not fetch SwiftNIO.
let package = Package(
    name: "pelmeni-benchmarks",
    products: [
        .executable(name: "nio-relay", targets: ["NIORelay"])
    ],
    dependencies: [
        // Exactly: results name this version, as Options.version says it.
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2")
    ],
    targets: [
        .executableTarget(
            name: "NIORelay",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]
        )
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "pelmeni",
    products: [
        .library(name: "Pelmeni", targets: ["Pelmeni"]),
        .library(name: "PelmeniHTTP", targets: ["PelmeniHTTP"]),
        .library(name: "PelmeniICMP", targets: ["PelmeniICMP"]),
        .library(name: "PelmeniTesting", targets: ["PelmeniTesting"]),
        .library(name: "PelmeniLogging", targets: ["PelmeniLogging"]),
        .library(name: "PelmeniMetrics", targets: ["PelmeniMetrics"]),
        .library(name: "PelmeniServiceLifecycle", targets: ["PelmeniServiceLifecycle"]),
        .library(name: "PelmeniHTTPTypes", targets: ["PelmeniHTTPTypes"]),
        .executable(name: "pelmeni", targets: ["PelmeniCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CLiburing",
            path: "CSupport/CLiburing",
            pkgConfig: "liburing",
            providers: [.apt(["liburing-dev"])]
        ),
        .target(name: "CPelmeni", dependencies: ["CLiburing"], path: "CSupport/CPelmeni"),
        .target(
            name: "PelmeniCore", dependencies: ["CPelmeni"],
            // `Buffer` lends its bytes as spans.
            swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]
        ),
        .target(
            name: "PelmeniRuntime", dependencies: ["PelmeniCore", "CPelmeni"],
            swiftSettings: strict
        ),
        .target(
            name: "Pelmeni", dependencies: ["PelmeniRuntime", "PelmeniCore"],
            swiftSettings: strict
        ),
        .target(name: "PelmeniICMP", dependencies: ["Pelmeni"], swiftSettings: strict),
        .target(name: "PelmeniHTTP", dependencies: ["Pelmeni"], swiftSettings: strict),
        .target(
            name: "PelmeniTesting",
            dependencies: ["Pelmeni", "PelmeniRuntime", "PelmeniCore", "CPelmeni"],
            swiftSettings: strict
        ),
        // Thin layers between the engine and packages that embedders use: each imports the public
        // face alone, and none is a part of the product `Pelmeni`.
        .target(
            name: "PelmeniLogging",
            dependencies: ["Pelmeni", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        .target(
            name: "PelmeniMetrics",
            dependencies: ["Pelmeni", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict
        ),
        .target(
            name: "PelmeniServiceLifecycle",
            dependencies: [
                "Pelmeni",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "PelmeniHTTPTypes",
            dependencies: [
                "PelmeniHTTP", .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "PelmeniLoad",
            dependencies: ["Pelmeni", "PelmeniRuntime", "PelmeniCore", "CPelmeni"],
            swiftSettings: strict
        ),
        .target(
            name: "PelmeniBench",
            dependencies: [
                "PelmeniLoad", "Pelmeni", "PelmeniHTTP", "PelmeniRuntime", "PelmeniCore",
                "CPelmeni",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "PelmeniCLI",
            dependencies: [
                "Pelmeni", "PelmeniHTTP", "PelmeniICMP", "PelmeniRuntime", "PelmeniCore",
                "PelmeniLoad", "PelmeniBench",
                "PelmeniLogging",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        // No product, as the examples have none: SwiftPM builds a program of the target's name,
        // and embedders see none.
        .target(
            name: "HTTPChaos", dependencies: ["PelmeniTesting", "PelmeniHTTP", "Pelmeni"],
            path: "Tests/HTTPChaos", swiftSettings: strict
        ),
        .executableTarget(
            name: "pelmeni-simulator", dependencies: ["HTTPChaos", "PelmeniTesting"],
            path: "Tests/PelmeniSimulator", swiftSettings: strict
        ),
        .target(name: "AllocationCount", path: "Tests/AllocationCount"),
        .executableTarget(
            name: "hook-memory", dependencies: ["AllocationCount", "ExampleSupport", "Pelmeni"],
            path: "Tests/HookMemory", exclude: ["check.py"], swiftSettings: strict
        ),
        .target(
            name: "ExampleSupport", dependencies: ["Pelmeni", "CPelmeni"],
            path: "Sources/Examples/Support", swiftSettings: strict
        ),
        .executableTarget(
            name: "uppercase-server", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/UppercaseServer", swiftSettings: strict
        ),
        .executableTarget(
            name: "card-redactor", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/CardRedactor", swiftSettings: strict
        ),
        .executableTarget(
            name: "dns-rewriter", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/DNSRewriter", swiftSettings: strict
        ),
        .executableTarget(
            name: "client-tee", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/ClientTee", swiftSettings: strict
        ),
        .executableTarget(
            name: "redis-guard", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/RedisGuard", swiftSettings: strict
        ),
        .executableTarget(
            name: "chat-server", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/ChatServer", swiftSettings: strict
        ),
        .executableTarget(
            name: "sequenced-client", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/SequencedClient", swiftSettings: strict
        ),
        .executableTarget(
            name: "fixed-http", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/FixedHTTP", swiftSettings: strict
        ),
        .executableTarget(
            name: "http-gate", dependencies: ["ExampleSupport", "Pelmeni", "PelmeniHTTP"],
            path: "Sources/Examples/HTTPGate", swiftSettings: strict
        ),
        .executableTarget(
            name: "http-rewriter", dependencies: ["ExampleSupport", "Pelmeni", "PelmeniHTTP"],
            path: "Sources/Examples/HTTPRewriter", swiftSettings: strict
        ),
        .executableTarget(
            name: "relay-service",
            dependencies: [
                "ExampleSupport", "Pelmeni", "PelmeniLogging", "PelmeniMetrics",
                "PelmeniServiceLifecycle",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Examples/RelayService", swiftSettings: strict
        ),
        .executableTarget(
            name: "tested-protocol", dependencies: ["ExampleSupport", "Pelmeni", "PelmeniTesting"],
            path: "Sources/Examples/TestedProtocol", swiftSettings: strict
        ),
        .executableTarget(
            name: "allow-list", dependencies: ["ExampleSupport", "Pelmeni"],
            path: "Sources/Examples/AllowList", swiftSettings: strict
        ),
        .target(
            name: "TestSupport", dependencies: ["CPelmeni"], path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .target(
            name: "EngineTestSupport",
            dependencies: ["Pelmeni", "PelmeniRuntime", "PelmeniCore", "TestSupport"],
            path: "Tests/EngineTestSupport", swiftSettings: strict
        ),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "PelmeniCoreTests",
            dependencies: [
                "PelmeniRuntime", "PelmeniCore", "PelmeniTesting", "CPelmeni", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniRuntimeTests",
            dependencies: ["PelmeniRuntime", "PelmeniCore", "CPelmeni", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniTestingTests", dependencies: ["PelmeniTesting", "Pelmeni"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniTests",
            dependencies: [
                "Pelmeni", "PelmeniRuntime", "PelmeniCore", "PelmeniTesting", "CPelmeni",
                "EngineTestSupport", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniHTTPTests",
            dependencies: [
                "HTTPChaos", "PelmeniHTTP", "PelmeniTesting", "Pelmeni", "EngineTestSupport",
                "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniHTTPTypesTests",
            dependencies: [
                "PelmeniHTTPTypes", "PelmeniHTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniICMPTests", dependencies: ["PelmeniICMP", "Pelmeni"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniLoggingTests",
            dependencies: [
                "PelmeniLogging", "Pelmeni", "EngineTestSupport", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniMetricsTests",
            dependencies: [
                "PelmeniMetrics", "Pelmeni", "EngineTestSupport", "TestSupport",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniServiceLifecycleTests",
            dependencies: [
                "PelmeniServiceLifecycle", "Pelmeni", "EngineTestSupport", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniLoadTests",
            dependencies: [
                "PelmeniLoad", "Pelmeni", "PelmeniRuntime", "PelmeniCore", "CPelmeni",
                "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniBenchTests",
            dependencies: [
                "PelmeniBench", "PelmeniLoad", "PelmeniRuntime", "PelmeniCore", "CPelmeni",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PelmeniCLITests",
            dependencies: [
                "PelmeniCLI", "Pelmeni", "PelmeniHTTP", "PelmeniICMP", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IntegrationTests", dependencies: ["CPelmeni", "TestSupport"],
            swiftSettings: strict
        ),
    ]
)

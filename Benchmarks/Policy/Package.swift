// swift-tools-version: 6.2
import PackageDescription

// How long a decision takes: `swift run -c release --package-path Benchmarks/Policy`.
// A package of its own, so that nothing else is built for it; the sources are the module's own.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "policy-benchmark",
    dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
    targets: [
        .target(name: "Policy", dependencies: ["Yams"], swiftSettings: strict),
        .executableTarget(name: "DecisionBenchmark", dependencies: ["Policy"], swiftSettings: strict),
    ]
)

// swift-tools-version: 6.2
import PackageDescription

/// The one list of settings that every Swift target shares.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A library target below `Sources/`.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one module, with whatever they keep in `Vectors/`.
func tests(of name: String, _ dependencies: [Target.Dependency] = [], vectors: Bool = false) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.init(stringLiteral: name)] + dependencies,
        resources: vectors ? [.copy("Vectors")] : [],
        swiftSettings: strict
    )
}

/// A program below `Sources/`.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "postern",
    products: [
        .executable(name: "postern-auth", targets: ["postern-auth"]),
        .executable(name: "postern-worker", targets: ["postern-worker"]),
        .executable(name: "postern-console", targets: ["postern-console"]),
        .executable(name: "posternctl", targets: ["posternctl"]),
        .executable(name: "postern-bench-bare", targets: ["postern-bench-bare"]),
        .executable(name: "postern-bench-masking", targets: ["postern-bench-masking"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries: a module map and a shim each.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CHyperscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Generated data that ships inside the binary.
        .target(name: "CCatalogue"),
        .target(name: "CMaskingRules"),

        // Wrappers: each the sole importer of its C module.
        module("Compression", ["CZlib"]),
        module("FastCGI", ["CFastCGI", "Locking"]),
        module("HTTPClient", ["CCurl", "Locking", httpTypes]),
        module("Locking"),
        module("Metrics", ["Locking"]),
        module("OpenSSL", ["COpenSSL"]),
        module("PatternMatch", ["CHyperscan"]),
        module("Postgres", ["CLibpq"]),
        module("XMLStream", ["CExpat"]),

        // Domain.
        module("Approvals", ["Locking", "OpenSSL", "Postgres"]),
        module("Audit", ["Locking", "Metrics", "OpenSSL", "Postgres"]),
        module("AWSRequest", ["CCatalogue", "Compression", "XMLStream", httpTypes]),
        module("Identity", ["HTTPClient", "Locking", "OpenSSL", "Postgres", "XMLStream", httpTypes]),
        module("Masking", ["CMaskingRules", "Compression", "Locking", "OpenSSL", "PatternMatch", "XMLStream"]),
        module("Policy", [yams]),
        module("SigV4", ["Compression", "Locking", "OpenSSL", httpTypes]),

        // Composition.
        module("Configuration", ["Audit", "AWSRequest", "Identity", "OpenSSL", "Policy", yams, logging]),
        module(
            "Gateway",
            [
                "Approvals", "Audit", "AWSRequest", "Configuration", "FastCGI", "HTTPClient", "Identity", "Locking",
                "Masking", "Metrics", "OpenSSL", "Policy", "Postgres", "SigV4", httpTypes, logging,
            ]
        ),
        module(
            "Console",
            [
                "Approvals", "Audit", "Configuration", "FastCGI", "Identity", "Metrics", "OpenSSL", "Policy",
                "Postgres",
                mustache, logging,
            ]
        ),

        // Programs.
        program(
            "postern-auth",
            [
                "Configuration", "FastCGI", "HTTPClient", "Identity", "Locking", "Metrics", "Policy", argumentParser,
                logging,
            ]
        ),
        program(
            "postern-worker",
            [
                "Approvals", "Audit", "AWSRequest", "Configuration", "FastCGI", "Gateway", "HTTPClient", "Identity",
                "Locking", "OpenSSL", "Policy", argumentParser, logging,
            ]
        ),
        program(
            "postern-console",
            ["Configuration", "Console", "FastCGI", "HTTPClient", "Identity", argumentParser, logging]
        ),
        program(
            "posternctl",
            [
                "Approvals", "Audit", "AWSRequest", "Compression", "Configuration", "Gateway", "HTTPClient", "Identity",
                "Masking", "OpenSSL", "Policy", "Postgres", argumentParser, httpTypes, yams,
            ]
        ),
        program("postern-bench-bare", ["FastCGI", "HTTPClient", argumentParser, httpTypes]),
        program("postern-bench-masking", ["Masking"]),

        // Tests.
        .target(
            name: "PrivateCluster",
            dependencies: ["Postgres"],
            path: "Tests/PrivateCluster",
            swiftSettings: strict
        ),
        tests(of: "Approvals", ["OpenSSL", "Postgres", "PrivateCluster"]),
        tests(of: "Audit", ["Metrics", "OpenSSL", "Postgres", "PrivateCluster"]),
        tests(of: "AWSRequest", [httpTypes], vectors: true),
        tests(of: "Compression"),
        tests(of: "Configuration", ["AWSRequest", yams]),
        tests(
            of: "Console",
            [
                "Approvals", "Configuration", "FastCGI", "Identity", "OpenSSL", "Postgres", "PrivateCluster", mustache,
                logging,
            ]
        ),
        tests(of: "FastCGI"),
        tests(
            of: "Gateway",
            [
                "AWSRequest", "Audit", "Configuration", "FastCGI", "Identity", "Masking", "OpenSSL", "Policy",
                "Postgres", "PrivateCluster", "SigV4", httpTypes,
            ]
        ),
        tests(of: "HTTPClient", [httpTypes]),
        tests(of: "Identity", ["OpenSSL", "Postgres", "PrivateCluster", httpTypes], vectors: true),
        tests(of: "Masking", ["Compression"], vectors: true),
        tests(of: "Metrics"),
        tests(of: "OpenSSL", vectors: true),
        tests(of: "PatternMatch"),
        tests(of: "Policy", vectors: true),
        tests(of: "Postgres", ["PrivateCluster"]),
        tests(of: "SigV4", ["Compression", "OpenSSL", httpTypes], vectors: true),
        tests(of: "XMLStream"),
    ]
)

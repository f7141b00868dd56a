import ArgumentParser
import Foundation
import Masking

/// `posternctl mask`: runs the engine of the workers on texts of one's own.
struct MaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask",
        abstract: "Mask standard input as a worker would mask AWS's answer, or test masking rules.",
        subcommands: [Run.self, Test.self],
        defaultSubcommand: Run.self
    )

    /// What a profile looks for.
    struct ProfileOptions: ParsableArguments {
        @Option(help: "A profile: a JSON file with the members of docs/masking.md.")
        var profile: String?

        func engine() throws -> MaskingEngine {
            guard let profile else { return try MaskingEngine(profile: MaskingProfile()) }
            let file = try JSONDecoder().decode(ProfileFile.self, from: Data(contentsOf: URL(fileURLWithPath: profile)))
            return try MaskingEngine(profile: file.profile())
        }
    }

    /// `posternctl mask`: standard input to standard output, findings to standard error.
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run",
            abstract: "Mask standard input; print what was found to standard error."
        )

        @Option(help: "The service, as botocore names its directory: ssm, secretsmanager, s3.")
        var service = ""

        @Option(help: "The operation: GetParameter.")
        var operation = ""

        @Option(help: "The content type of the answer.")
        var contentType = "application/json"

        @Flag(help: "Take the input as a user's object, whatever its type says; its length stays.")
        var object = false

        @OptionGroup var options: ProfileOptions

        func run() throws {
            let masker = try options.engine().responseMasker(
                MaskingContext(
                    operation: service.isEmpty ? "" : "\(service).\(operation)",
                    contentType: contentType,
                    fingerprintKey: Array("posternctl".utf8),
                    isOpaqueObject: object
                )
            )
            var output: [UInt8] = []
            while let chunk = try FileHandle.standardInput.read(upToCount: 1 << 16), !chunk.isEmpty {
                try masker.write(Array(chunk).span, to: &output)
                try FileHandle.standardOutput.write(contentsOf: Data(output))
                output.removeAll(keepingCapacity: true)
            }
            try masker.finish(to: &output)
            try FileHandle.standardOutput.write(contentsOf: Data(output))
            for (type, count) in masker.findings.sorted(by: { $0.key < $1.key }) {
                Terminal.complain("\(type): \(count)")
            }
        }
    }

    /// `posternctl mask test`: a table of cases.
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test",
            abstract: "Run a table of cases; fail if one does not come out as it says.",
            discussion: """
                The table is a JSON list: {"name": ..., "operation": "ssm.GetParameter", "content_type": ..., \
                "object": false, "body": ..., "masks": ["text that must be gone"], "keeps": ["text that must stay"]}.
                """
        )

        @Argument(help: "The table.")
        var table: String

        @OptionGroup var options: ProfileOptions

        func run() throws {
            let engine = try options.engine()
            let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: table)))
            var failures = 0
            for (index, item) in cases.enumerated() {
                for problem in item.problems(engine) {
                    failures += 1
                    Terminal.say("\(item.name ?? "case \(index + 1)"): \(Terminal.inert(problem))")
                }
            }
            Terminal.say("\(cases.count) cases, \(failures) failures")
            if failures > 0 { throw ExitCode.failure }
        }
    }

    /// One case of a table.
    private struct Case: Decodable {
        var name: String?
        var operation: String?
        var contentType: String?
        var object: Bool?
        var body: String
        var masks: [String]?
        var keeps: [String]?

        enum CodingKeys: String, CodingKey {
            case name, operation, object, body, masks, keeps
            case contentType = "content_type"
        }

        func problems(_ engine: MaskingEngine) -> [String] {
            let context = MaskingContext(
                operation: operation ?? "",
                contentType: contentType ?? "text/plain",
                fingerprintKey: Array("posternctl".utf8),
                isOpaqueObject: object ?? false
            )
            var output: [UInt8] = []
            do {
                let masker = try engine.responseMasker(context)
                try masker.write(Array(body.utf8).span, to: &output)
                try masker.finish(to: &output)
            } catch {
                return ["refused: \(error)"]
            }
            let text = String(decoding: output, as: UTF8.self)
            return (masks ?? []).filter { text.contains($0) }.map { "not masked: \($0)" }
                + (keeps ?? []).filter { !text.contains($0) }.map { "harmed: \($0)" }
        }
    }

    /// A profile as text.
    private struct ProfileFile: Decodable {
        struct Member: Decodable {
            var operation: String
            var path: String
            var mask: Bool
        }

        struct Detector: Decodable {
            var type: String
            var prefix: String
            var minimum: Int
            var maximum: Int
        }

        var personalData: [String]?
        var exceptedTypes: [String]?
        var members: [Member]?
        var detectors: [Detector]?
        var unreadable: String?

        enum CodingKeys: String, CodingKey {
            case members, detectors, unreadable
            case personalData = "personal_data"
            case exceptedTypes = "excepted_types"
        }

        func profile() throws -> MaskingProfile {
            var profile = MaskingProfile()
            if let personalData {
                profile.personalData = try Set(
                    personalData.map { name in
                        guard let kind = MaskingProfile.PersonalData(rawValue: name) else {
                            throw ValidationError("no personal data is called \(name)")
                        }
                        return kind
                    }
                )
            }
            profile.exceptedTypes = Set(exceptedTypes ?? [])
            profile.members = (members ?? []).map { .init(operation: $0.operation, path: $0.path, isMasked: $0.mask) }
            profile.detectors = try (detectors ?? []).map { detector in
                guard detector.minimum >= 1, detector.minimum <= detector.maximum else {
                    throw ValidationError("detector \(detector.type): minimum and maximum")
                }
                return .init(type: detector.type, prefix: detector.prefix, length: detector.minimum...detector.maximum)
            }
            if let unreadable {
                guard let choice = MaskingProfile.Unreadable(rawValue: unreadable) else {
                    throw ValidationError("unreadable: deny or pass")
                }
                profile.unreadable = choice
            }
            return profile
        }
    }
}

import AWSRequest
import ArgumentParser
import Configuration
import Foundation
import Gateway
import Masking

/// `posternctl mask`: runs the engine of the workers on texts of one's own.
struct MaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask",
        abstract: "Mask standard input as a worker would mask AWS's answer, or test masking rules.",
        subcommands: [Run.self, MaskTest.self],
        defaultSubcommand: Run.self
    )

    /// Which profile masks.
    struct ProfileOptions: ParsableArguments {
        @Option(
            help: "The name of a profile of the configuration; or, with a slash or a dot in it, a YAML file with one."
        )
        var profile: String?

        @Option(help: "postern.yaml; or $POSTERN_CONFIG.")
        var config: String?

        func engine() throws -> MaskingEngine {
            do throws(ConfigurationErrors) {
                return try MaskingProfiles.engine(try settings(), catalogue: Self.catalogue())
            } catch {
                PolicyFiles.printError(error.description)
                throw ExitCode.failure
            }
        }

        private static func catalogue() throws(ConfigurationErrors) -> Catalogue {
            do {
                return try Catalogue.embedded()
            } catch {
                let mistake = ConfigurationMistake(file: "catalogue", line: 0, message: "\(error)")
                throw ConfigurationErrors(mistakes: [mistake])
            }
        }

        private func settings() throws(ConfigurationErrors) -> MaskingSettings {
            let name = profile ?? "default"
            if name.contains("/") || name.contains(".") {
                return try MaskingSettings(parsing: Settings.text(ofFile: name), file: name)
            }
            guard let file = config ?? Environment.value(of: "POSTERN_CONFIG") else {
                if profile == nil { return MaskingSettings() }
                let message = "which configuration has the profile \(name)? Give --config, or set $POSTERN_CONFIG."
                throw ConfigurationErrors(mistakes: [ConfigurationMistake(file: name, line: 0, message: message)])
            }
            let profiles = try Settings(file: file, environment: Environment.all).masking
            guard let settings = profiles[name] else {
                let known = profiles.keys.sorted().joined(separator: ", ")
                let message = "masking.profiles has no \(name); there are \(known)"
                throw ConfigurationErrors(mistakes: [ConfigurationMistake(file: file, line: 0, message: message)])
            }
            return settings
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
}

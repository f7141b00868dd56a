import AWSRequest
import ArgumentParser
import Configuration
import Gateway
import Policy

/// `posternctl config`: the configuration file.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check the configuration file.",
        subcommands: [Check.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say everything that is wrong with a configuration and its policies, by file and line.",
            discussion: "Reads nothing but these files; `posternctl doctor` looks at what they name."
        )

        @Argument(help: "The configuration file.")
        var file = "/etc/postern/postern.yaml"

        func run() throws {
            let settings: Settings
            let catalogue = try Catalogue.embedded()
            do throws(ConfigurationErrors) {
                settings = try Settings(file: file, environment: Environment.all)
                _ = try MaskingProfiles.engines(settings.masking, catalogue: catalogue)
            } catch {
                PolicyFiles.printError(error.description)
                throw ExitCode.failure
            }
            let policy = try PolicyFiles.read(settings.policyFiles)
            let missing = MaskingProfiles.missing(in: settings.masking.keys, policy: policy)
            for mistake in missing { PolicyFiles.printError("\(file): \(mistake)") }
            guard missing.isEmpty else { throw ExitCode.failure }
            print("\(file): no mistakes; \(settings.roles.count) roles, \(policy.statementCount) policy statements")
        }
    }
}

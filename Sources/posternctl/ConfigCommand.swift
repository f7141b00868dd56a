import ArgumentParser
import Configuration
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
            do throws(ConfigurationErrors) {
                settings = try Settings(file: file)
            } catch {
                PolicyFiles.printError(error.description)
                throw ExitCode.failure
            }
            let policy = try PolicyFiles.read(settings.policyFiles)
            print("\(file): no mistakes; \(settings.roles.count) roles, \(policy.statementCount) policy statements")
        }
    }
}

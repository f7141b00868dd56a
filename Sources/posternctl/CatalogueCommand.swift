import AWSRequest
import ArgumentParser

/// `posternctl catalogue`: what Postern knows of AWS.
struct CatalogueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogue",
        abstract: "Show what is known of AWS's operations.",
        subcommands: [Show.self]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an operation: its protocol, members, IAM actions, risks and resources.",
            discussion: "Operations are named service:Operation or service.Operation, such as ssm:GetParameter."
        )

        @Argument(help: "The operations.")
        var operations: [String]

        func run() throws {
            let catalogue = try Catalogue.embedded()
            var isUnknown = false
            for name in operations {
                guard let text = catalogue.describe(name) else {
                    isUnknown = true
                    print("\(name): not known; services have botocore's names, operations their own (ssm:GetParameter)")
                    continue
                }
                print(text)
            }
            if isUnknown { throw ExitCode.failure }
        }
    }
}

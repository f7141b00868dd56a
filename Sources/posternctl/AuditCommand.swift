import ArgumentParser

/// `posternctl audit`: read, prove, export and retain the audit records.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read and prove the audit records.",
        subcommands: [AuditBench.self]
    )
}

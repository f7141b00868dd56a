import ArgumentParser
import Configuration

/// The command line of Postern's administrators, approvers and auditors.
struct Posternctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "posternctl",
        abstract: "Administer Postern: approvals, audit, sessions, policies, keys, database.",
        discussion: """
            The database comes from --database, $POSTERN_DATABASE (both libpq connection strings), or the configuration \
            that --config or $POSTERN_CONFIG names; what it lets you do is a matter of the role you log in with.
            """,
        version: Version.current,
        subcommands: [
            ApprovalsCommand.self, AuditCommand.self, CatalogueCommand.self, ConfigCommand.self, DatabaseCommand.self,
            DoctorCommand.self,
            KeysCommand.self, MaskCommand.self, PolicyCommand.self, SessionsCommand.self,
        ]
    )
}

Posternctl.main()

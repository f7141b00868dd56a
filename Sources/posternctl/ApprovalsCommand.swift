import Approvals
import ArgumentParser
import Glibc
import Postgres

/// `posternctl approvals`: what waits for a person.
struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "List, show and decide approvals.",
        discussion: "You decide as the database role that you log in with: a member of postern_approver.",
        subcommands: [List.self, Show.self, Approve.self, Deny.self, Watch.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what is pending.")

        @OptionGroup var options: DatabaseOptions

        @Flag(help: "List decided ones too.")
        var all = false

        func run() throws {
            let store = ApprovalStore(try options.connectionString(), connections: 1, isListening: false)
            let approvals = try ApprovalText.catching { () throws(ApprovalError) in
                try store.list(all ? [] : [.pending])
            }
            if approvals.isEmpty {
                print(all ? "there are no approvals" : "nothing is pending")
                return
            }
            let header = ["ID", "STATE", "OPERATION", "REQUESTER", "VOTES", "EXPIRES", "WHAT"]
            print(
                Terminal.table(
                    [header]
                        + approvals.map { approval in
                            [
                                approval.id.text, approval.state.rawValue, approval.operation,
                                approval.requester.subject, "\(approval.approvals)/\(approval.quorum)",
                                approval.expires, approval.summary,
                            ]
                        }
                )
            )
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one approval in full.")

        @OptionGroup var options: DatabaseOptions
        @Argument(help: "The approval's id.") var id: String

        func run() throws {
            let id = try ApprovalText.parse(id)
            let store = ApprovalStore(try options.connectionString(), connections: 1, isListening: false)
            let (approval, votes) = try ApprovalText.catching { () throws(ApprovalError) in
                (try store.find(id), try store.votes(on: id))
            }
            guard let approval else { throw Failure("there is no approval \(id)") }
            print(ApprovalText.full(approval, votes))
        }
    }

    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Approve a call.")

        @OptionGroup var options: DatabaseOptions
        @Argument(help: "The approval's id.") var id: String
        @Option(help: "Why; goes on record.") var reason = "approved with posternctl"

        func run() throws {
            let state = try ApprovalText.vote("approve", id, reason, options)
            print(state == "pending" ? "counted; more approvals are needed" : "approved")
        }
    }

    struct Deny: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deny a call.")

        @OptionGroup var options: DatabaseOptions
        @Argument(help: "The approval's id.") var id: String
        @Option(help: "Why; goes on record, and to the agent.") var reason = "denied with posternctl"

        func run() throws {
            _ = try ApprovalText.vote("deny", id, reason, options)
            print("denied")
        }
    }

    struct Watch: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print each request and decision as it comes, until interrupted."
        )

        @OptionGroup var options: DatabaseOptions

        func run() throws {
            let string = try options.connectionString()
            let store = ApprovalStore(string, connections: 1, isListening: false)
            var connection = try options.connect()
            try Failure.catching { () throws(PostgresError) in try connection.listen(to: "postern_approval") }
            while true {
                let notification = try Failure.catching { () throws(PostgresError) in
                    try connection.waitForNotification(within: .seconds(60))
                }
                guard let payload = notification?.payload else { continue }
                let words = payload.split(separator: " ").map(String.init)
                guard let word = words.first, let id = ApprovalID(parsing: word) else { continue }
                let approval = try ApprovalText.catching { () throws(ApprovalError) in try store.find(id) }
                guard let approval else { continue }
                Terminal.say(ApprovalText.line(approval, event: words.last ?? ""))
            }
        }
    }
}

/// Approvals as text, and the ways to one.
enum ApprovalText {
    static func parse(_ text: String) throws -> ApprovalID {
        guard let id = ApprovalID(parsing: text) else { throw ValidationError("\(text) is no approval's id") }
        return id
    }

    static func catching<Value>(_ body: () throws(ApprovalError) -> Value) throws -> Value {
        do {
            return try body()
        } catch .unavailable(let error) {
            throw Failure(Failure.words(for: error))
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Votes by the SQL function, as the role that logs in.
    static func vote(_ function: String, _ id: String, _ reason: String, _ options: DatabaseOptions) throws -> String? {
        let id = try parse(id)
        var connection = try options.connect()
        return try Failure.catching { () throws(PostgresError) in
            try connection.execute(
                "SELECT postern.\(function)($1::uuid, $2, $3)",
                [.text(id.text), .text(reason), .text("OS user \(Environment.userName)")]
            ).text(0, 0)
        }
    }

    static func line(_ approval: Approval, event: String) -> String {
        let colour: Terminal.Colour =
            switch event {
            case "pending": .yellow
            case "approved": .green
            case "denied": .red
            default: .dim
            }
        return Terminal.coloured(event.padded(to: 10), colour)
            + Terminal.inert(
                "\(approval.id)  \(approval.requester.subject)  \(approval.operation)  \(approval.summary)"
            )
    }

    static func full(_ approval: Approval, _ votes: [StoredVote]) -> String {
        let uses = approval.usesAllowed.map { "\(approval.uses) of \($0)" } ?? "\(approval.uses), any number"
        var rows: [[String]] = [
            ["id", approval.id.text], ["state", approval.state.rawValue], ["what", approval.summary],
            ["operation", approval.operation], ["resources", approval.resources.joined(separator: " ")],
            ["actions", approval.actions.joined(separator: " ")], ["risks", approval.risks.joined(separator: " ")],
            ["requester", "\(approval.requester.subject) of \(approval.requester.issuer)"],
            ["approvals", "\(approval.approvals) of \(approval.quorum)"], ["approvers", approval.approvers],
            ["created", approval.created], ["expires", approval.expires], ["decided", approval.decided ?? ""],
            ["grant ends", approval.grantExpires ?? ""], ["uses", uses],
        ]
        for (name, value) in approval.details.sorted(by: { $0.key < $1.key }) {
            rows.append([name.replacing("_", with: " "), value])
        }
        for vote in votes {
            rows.append([
                vote.verdict.rawValue, "\(vote.time) \(vote.person.subject) of \(vote.person.issuer): \(vote.reason)",
            ])
        }
        return Terminal.table(rows.filter { $0.last != "" })
    }
}

extension String {
    /// With blanks behind, to so many characters.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

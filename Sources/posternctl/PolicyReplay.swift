import AWSRequest
import ArgumentParser
import Foundation
import Gateway
import Policy
import Postgres

/// `posternctl policy replay`: what another policy would have decided about the calls on record.
struct PolicyReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Judge recorded calls by another policy and say what would change.",
        discussion: """
            Takes the newest calls of the audit, allowed and refused, and compares what was decided with what the policy
            would decide. Ends with 0 when nothing changes, 1 when something does, 2 when it could not be found out.
              posternctl policy replay -p new.yaml --last 10000
              posternctl policy replay -p new.yaml --since yesterday --principal agent-1
            """
    )

    @OptionGroup var files: PolicyFiles
    @OptionGroup var options: DatabaseOptions
    @OptionGroup var filter: AuditFilter

    @Option(help: "How many records at most, the newest ones.")
    var last = 1000

    @Flag(help: "Print each call that would be decided otherwise as one line of JSON.")
    var json = false

    func validate() throws {
        guard (1...10_000_000).contains(last) else { throw ValidationError("--last is between 1 and 10000000") }
    }

    func run() throws {
        let replay: PolicyReplay
        do {
            replay = try replayed()
        } catch {
            if !(error is ExitCode) { Terminal.complain("Error: \(error)") }
            throw ExitCode(2)
        }
        if json { try sayEach(replay.changes) } else { sayGroups(replay.changes) }
        let changed = replay.changes.reduce(0) { $0 + $1.call.repeated }
        let doubtful = replay.changes.filter { !$0.doubts.isEmpty }.reduce(0) { $0 + $1.call.repeated }
        let doubt = doubtful == 0 ? "" : ", \(doubtful) of them perhaps not"
        if !json { print("\(replay.calls) calls: \(changed) would be decided otherwise\(doubt)") }
        if changed > 0 { throw ExitCode(1) }
    }

    /// Judges the records in pieces, so that memory does not grow with their number.
    private func replayed() throws -> PolicyReplay {
        var replay = PolicyReplay(try files.read(), try Catalogue.embedded())
        var connection = try options.connect(timeout: .seconds(300))
        let (condition, parameters) = filter.condition
        return try Failure.catching { () throws(PostgresError) in
            _ = try connection.execute("BEGIN TRANSACTION READ ONLY")
            _ = try connection.execute(
                """
                DECLARE recorded NO SCROLL CURSOR FOR SELECT \(RecordedCall.columns) FROM postern_audit.record AS r
                WHERE \(RecordedCall.condition) AND \(condition) ORDER BY r.ts DESC LIMIT \(last)
                """,
                parameters
            )
            while true {
                let rows = try connection.execute("FETCH 1000 FROM recorded")
                for row in 0..<rows.rowCount { replay.judge(try RecordedCall(rows, row: row)) }
                if rows.rowCount < 1000 { return replay }
            }
        }
    }

    /// Like calls together: the same operation, the same change, by the same statements.
    private func sayGroups(_ changes: [PolicyReplay.Change]) {
        var order: [String] = []
        var groups: [String: (count: Int, newest: PolicyReplay.Change)] = [:]
        for change in changes {
            let text = change.text
            if groups[text] == nil { order.append(text) }
            groups[text, default: (0, change)].count += change.call.repeated
        }
        for text in order {
            guard let group = groups[text] else { continue }
            let calls = group.count == 1 ? "1 call" : "\(group.count) calls"
            print(Terminal.inert("\(calls): \(text)"))
            print(Terminal.inert("    the newest at \(group.newest.call.time): \(group.newest.call.id)"))
            if !group.newest.doubts.isEmpty {
                let keys = group.newest.doubts.joined(separator: ", ")
                print(Terminal.inert("    perhaps not: the audit does not tell \(keys)"))
            }
        }
    }

    private func sayEach(_ changes: [PolicyReplay.Change]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for change in changes {
            print(String(decoding: try encoder.encode(Line(change)), as: UTF8.self))
        }
    }

    /// One changed call.
    private struct Line: Encodable {
        let id, time, operation, before, after, reason: String
        let statementBefore, statementAfter, maskBefore, maskAfter: String?
        let repeated: Int
        let doubts: [String]

        init(_ change: PolicyReplay.Change) {
            (id, time, operation) = (change.call.id, change.call.time, change.call.operation)
            (before, after) = (change.call.outcome, change.outcome)
            reason = change.decision.summary
            (statementBefore, statementAfter) = (change.call.statement, change.decision.statement?.description)
            (maskBefore, maskAfter) = (change.call.maskProfile, change.decision.mask)
            (repeated, doubts) = (change.call.repeated, change.doubts)
        }
    }
}

extension PolicyReplay.Change {
    /// `ssm.PutParameter: Allow by Old (a.yaml:3) -> Deny by New (b.yaml:9)`.
    fileprivate var text: String {
        let before = call.outcome + (call.statement.map { " by \($0)" } ?? "")
        let after = outcome + (decision.statement.map { " by \($0)" } ?? "")
        if call.outcome != outcome { return "\(call.operation): \(before) -> \(after)" }
        let (old, new) = (call.maskProfile ?? "default", decision.mask ?? "default")
        return "\(call.operation): \(after), masked by the profile \(old) -> \(new)"
    }
}

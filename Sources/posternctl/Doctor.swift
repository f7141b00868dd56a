import AWSRequest
import ArgumentParser
import Configuration
import Gateway
import Glibc

/// `posternctl doctor`: walks the whole chain and says what is wrong and how to mend it.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Walk the whole chain: say what is wrong, and how to mend it.",
        discussion: """
            Each line is ok, warn or fail. Ends with 1 when anything fails, with 0 otherwise: made for monitoring, too. \
            Run it as root on a node: it then logs in to the database as each program does.
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Option(help: "Where nginx is, where that is not https://SITE.")
    var url: String?

    @Option(
        help: "A PEM file of certificate authorities that signed nginx's certificate, where it is not the system's."
    )
    var ca: String?

    @Flag(help: "Look at files alone: no sockets, no database, no network.")
    var offline = false

    /// Where the configuration is, unless something else is said.
    private var file: String {
        options.config ?? Environment.value(of: "POSTERN_CONFIG") ?? "/etc/postern/postern.yaml"
    }

    func run() throws {
        let report = DoctorReport()
        if let settings = try settings(report) {
            let files = FileExamination(settings: settings, report: report)
            files.examine()
            if !offline {
                files.examineSockets()
                DatabaseExamination(settings: settings, given: options.database, report: report).examine()
                try NetworkExamination(settings: settings, url: url, ca: ca, report: report).examine()
            }
        }
        print("\(report.counts.ok) ok, \(report.counts.warn) warnings, \(report.counts.fail) failures")
        if report.counts.fail > 0 { throw ExitCode.failure }
    }

    private func settings(_ report: DoctorReport) throws -> Settings? {
        let catalogue = try Catalogue.embedded()
        do throws(ConfigurationErrors) {
            let settings = try Settings(file: file, environment: Environment.all)
            _ = try MaskingProfiles.engines(settings.masking, catalogue: catalogue)
            report.ok("configuration", "\(file) has no mistakes")
            return settings
        } catch {
            for mistake in error.mistakes { report.fail("configuration", mistake.description, mend: "edit the file") }
            return nil
        }
    }
}

/// What the doctor found so far; each finding is printed at once.
final class DoctorReport {
    private(set) var counts = (ok: 0, warn: 0, fail: 0)

    func ok(_ subject: String, _ text: String) {
        counts.ok += 1
        line("ok", .green, subject, text)
    }

    func warn(_ subject: String, _ text: String, mend: String) {
        counts.warn += 1
        line("warn", .yellow, subject, text, mend)
    }

    func fail(_ subject: String, _ text: String, mend: String) {
        counts.fail += 1
        line("fail", .red, subject, text, mend)
    }

    private func line(
        _ level: String,
        _ colour: Terminal.Colour,
        _ subject: String,
        _ text: String,
        _ mend: String? = nil
    ) {
        let padding = String(repeating: " ", count: 6 - level.count)
        Terminal.say(Terminal.coloured(level, colour) + padding + Terminal.inert("\(subject): \(text)"))
        if let mend { Terminal.say("      " + Terminal.inert("to mend: \(mend)")) }
    }
}

/// Another user of this machine, as whom root can act for a while.
enum OtherUser {
    /// Does `body` as the user `name`, where this process is root's and the user exists; as itself otherwise.
    ///
    /// The kernel tells PostgreSQL the effective user of whoever connects (unix(7), SO_PEERCRED).
    static func acting<Result: ~Copyable, Failure: Error>(
        as name: String,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard geteuid() == 0, let entry = unsafe getpwnam(name) else { return try body() }
        guard unsafe seteuid(entry.pointee.pw_uid) == 0 else { return try body() }
        defer { if seteuid(0) != 0 { exit(70) } }
        return try body()
    }
}

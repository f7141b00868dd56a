import ArgumentParser
import Audit
import Configuration
import Foundation
import OpenSSL
import Postgres

/// `posternctl audit verify`: proves that nothing was changed, or says what was.
struct AuditVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that the records are what was recorded, or name what is not.",
        discussion: """
            Reads every record once and goes on after damage; fails if there is any. Without a public key, signatures are \
            not checked; without checkpoints that were kept outside of the database, a database that was rolled back as \
            a whole is not noticed.
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Option(help: "A public key of the checkpoints (PEM); repeat it for several. By default the configuration's.")
    var key: [String] = []

    @Option(
        help: """
            A file of checkpoints that was kept outside of the database, or a directory of them, such as a copy of the \
            bucket; repeat it for several.
            """
    )
    var checkpoint: [String] = []

    @Option(help: "Only records from then on, as PostgreSQL reads times.")
    var since: String?

    func run() throws {
        let keys = try publicKeys()
        if keys.isEmpty { Terminal.complain("no public key: signatures are not checked") }
        let exported = try exportedCheckpoints()
        let verifier = AuditVerifier(try options.connectionString(), keys: keys, exported: exported)
        var progress = Progress("records")
        let start = ContinuousClock.now
        let summary = try Failure.catching { () throws(PostgresError) in
            try verifier.verify(
                since: since,
                progress: { progress.reach($0) },
                report: { Terminal.say(Terminal.coloured("DEFECT", .red) + "  \($0)") }
            )
        }
        progress.end()
        let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
        print(
            """
            \(summary.records) records in \(summary.chains) chains, \(summary.checkpoints) checkpoints\
            \(keys.isEmpty ? " (signatures unchecked)" : ""): \
            \(summary.defects == 0 ? "no defect" : "\(summary.defects) defects"); \
            \(Int(Double(summary.records) / max(seconds, 0.001))) records/s
            """
        )
        guard summary.defects == 0 else { throw ExitCode.failure }
    }

    private func exportedCheckpoints() throws -> [Checkpoint] {
        var exported: [Checkpoint] = []
        for path in try checkpoint.flatMap(Self.files) {
            for line in try ReadFile.text(path).split(whereSeparator: \.isNewline) {
                guard let checkpoint = Checkpoint(line: line) else {
                    throw Failure("\(path): not a line of checkpoints")
                }
                exported.append(checkpoint)
            }
        }
        if exported.isEmpty, !checkpoint.isEmpty {
            throw Failure("there are no checkpoints in what --checkpoint names")
        }
        return exported
    }

    /// The file, or all files below the directory.
    private static func files(_ path: String) throws -> [String] {
        func type(_ file: String) -> FileAttributeType? {
            try? FileManager.default.attributesOfItem(atPath: file)[.type] as? FileAttributeType
        }
        guard type(path) == .typeDirectory else { return [path] }
        return try FileManager.default.subpathsOfDirectory(atPath: path).sorted().map { "\(path)/\($0)" }
            .filter { type($0) == .typeRegular }
    }

    /// The keys that were named, else the one beside the configuration's private key.
    private func publicKeys() throws -> [Ed25519.PublicKey] {
        var paths = key
        if paths.isEmpty, let config = options.config ?? Environment.value(of: "POSTERN_CONFIG"),
            let settings = try? Settings(file: config, environment: Environment.all),
            unsafe access("\(settings.keys.checkpoint).pub", R_OK) == 0
        {
            paths = ["\(settings.keys.checkpoint).pub"]
        }
        return try paths.map { path in
            do {
                return try Ed25519.PublicKey(pem: Array(try ReadFile.text(path).utf8).span)
            } catch {
                throw Failure("\(path): \(error)")
            }
        }
    }
}

/// Small text files.
enum ReadFile {
    static func text(_ path: String) throws(Failure) -> String {
        guard let file = unsafe fopen(path, "re") else {
            throw Failure("\(path): \(unsafe String(cString: strerror(errno)))")
        }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk.prefix(count))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure("\(path): not UTF-8") }
        return text
    }
}

import Foundation
import Postgres
import Synchronization

/// A PostgreSQL cluster of the test process's own, below the temporary directory.
///
/// Made when first used, stopped and deleted when the process exits. Listens on a unix socket only, trusts every role.
public final class PrivateCluster: Sendable {
    /// The cluster, or why there is none.
    public static let shared: Result<PrivateCluster, any Error> = Result {
        let cluster = try PrivateCluster(directory: "/tmp/postern-test-\(getpid())")
        atexit {
            guard case .success(let cluster) = PrivateCluster.shared else { return }
            cluster.remove()
        }
        return cluster
    }

    /// Another cluster, for tests that stop it; `remove` it afterwards.
    public static func makeAnother() throws -> PrivateCluster {
        try PrivateCluster(directory: "/tmp/postern-test-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    }

    /// Whether the programs are installed: the condition of every test that needs a database.
    public static let isAvailable = programs != nil

    /// What `isAvailable == false` means, for the trait.
    public static let whyUnavailable = "needs PostgreSQL's server programs (Debian: postgresql-15)"

    /// The socket's directory, which is conninfo's `host`.
    public let directory: String
    private let programs: String
    private let databases = Atomic(0)
    private let template = Mutex<Result<Void, any Error>?>(nil)

    /// Why the cluster could not be made.
    public struct Failure: Error, CustomStringConvertible {
        /// What the program said.
        public let description: String
    }

    private static let programs: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
            .map { "\(root)/\($0)/bin" }
            .first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
    }()

    private init(directory: String) throws {
        guard let programs = Self.programs else { throw Failure(description: Self.whyUnavailable) }
        self.programs = programs
        self.directory = directory
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        if getuid() == 0 { _ = try Self.run(["chown", "postgres", directory]) }
        _ = try asServer([
            "\(programs)/initdb", "-D", "\(directory)/data", "-A", "trust", "-E", "UTF8", "--no-locale", "-U",
            "postgres",
        ])
        try start()
    }

    /// Stops the server and deletes the cluster.
    public func remove() {
        _ = try? control("stop", "-m", "immediate")
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Starts the server.
    public func start() throws {
        // fsync off: what the tests ask of durability is that acknowledged rows survive the server's crash, not the
        // machine's.
        _ = try control(
            "start",
            "-w",
            "-l",
            "\(directory)/log",
            "-o",
            "-k \(directory) -h '' -c fsync=off -c max_connections=120 -c log_min_messages=fatal"
        )
    }

    /// Stops the server: `fast` or `immediate` (which is a crash).
    public func stop(_ mode: String) throws {
        _ = try control("stop", "-m", mode)
    }

    /// Sends a signal to every process of the server.
    public func signal(_ number: Int32) throws {
        let pid = try serverPid()
        let children = try Self.run(["ps", "--ppid", "\(pid)", "-o", "pid="])
        for child in children.split(whereSeparator: \.isWhitespace).compactMap({ Int32($0) }) { kill(child, number) }
        kill(pid, number)
    }

    /// Makes an empty database and returns its connection string, without a user.
    public func makeDatabase(template: String = "template1") throws -> String {
        let name = "test\(databases.add(1, ordering: .relaxed).newValue)"
        var connection = try Connection(conninfo("postgres"), user: "postgres", timeout: .seconds(30))
        _ = try connection.execute("CREATE DATABASE \(name) TEMPLATE \(template)")
        return conninfo(name)
    }

    /// Makes a database with Postern's schema and returns its connection string, without a user.
    public func makePosternDatabase() throws -> String {
        let made = template.withLock { template in
            let made = template ?? Result { try makeTemplate() }
            template = made
            return made
        }
        try made.get()
        return try makeDatabase(template: "postern_template")
    }

    private func makeTemplate() throws {
        var admin = try Connection(conninfo("postgres"), user: "postgres", timeout: .seconds(30))
        _ = try admin.execute("CREATE DATABASE postern_template")
        var connection = try Connection(conninfo("postern_template"), user: "postgres", timeout: .seconds(30))
        let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "sql").path()
        _ = try Migrator(directory: scripts).migrate(&connection)
    }

    private func conninfo(_ database: String) -> String { "host=\(directory) dbname=\(database)" }

    private func serverPid() throws -> Int32 {
        let text = try String(contentsOfFile: "\(directory)/data/postmaster.pid", encoding: .utf8)
        guard let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Failure(description: "no postmaster.pid")
        }
        return pid
    }

    private func control(_ arguments: String...) throws -> String {
        try asServer(["\(programs)/pg_ctl", "-D", "\(directory)/data"] + arguments)
    }

    /// PostgreSQL refuses to run as root.
    private func asServer(_ command: [String]) throws -> String {
        try Self.run(getuid() == 0 ? ["runuser", "-u", "postgres", "--"] + command : command)
    }

    /// Runs a command and returns what it printed.
    ///
    /// By system(3): Foundation's `Process` waits for a socket that the server would inherit and keep open.
    private static func run(_ command: [String]) throws -> String {
        let path = "/tmp/postern-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).out"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let words = command.map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
        let status = unsafe system("cd /tmp && \(words) >\(path) 2>&1 </dev/null")
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        guard status == 0 else { throw Failure(description: "\(command.joined(separator: " ")): \(text)") }
        return text
    }
}

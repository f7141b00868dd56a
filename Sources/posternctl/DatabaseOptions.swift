import ArgumentParser
import Configuration
import Foundation
import Postgres

/// Which database a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "libpq connection string; or $POSTERN_DATABASE.")
    var database: String?

    @Option(help: "postern.yaml, for its database; or $POSTERN_CONFIG.")
    var config: String?

    /// The connection string.
    func connectionString() throws -> String {
        if let database = database ?? Environment.value(of: "POSTERN_DATABASE") { return database }
        guard let path = config ?? Environment.value(of: "POSTERN_CONFIG") else {
            throw ValidationError("which database? Give --database or --config, or set $POSTERN_DATABASE.")
        }
        do throws(ConfigurationErrors) {
            return try Settings(file: path, environment: Environment.all).database
        } catch {
            throw Failure("\(path): \(error)")
        }
    }

    /// A connection; `timeout` is for each statement.
    func connect(timeout: Duration = .seconds(30)) throws -> Connection {
        let string = try connectionString()
        return try Failure.catching {
            () throws(PostgresError) in try Connection(string, applicationName: "posternctl", timeout: timeout)
        }
    }
}

/// The environment's variables.
enum Environment {
    /// All of them.
    static var all: [String: String] { ProcessInfo.processInfo.environment }

    /// The variable's value; nil where it is unset or empty.
    static func value(of name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Who runs the command, by the system's password file.
    static var userName: String {
        guard let entry = unsafe getpwuid(getuid()), let name = unsafe entry.pointee.pw_name else {
            return "\(getuid())"
        }
        return unsafe String(cString: name)
    }
}

/// What went wrong, for the person at the terminal.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Does `body`; tells what PostgreSQL said in its own words.
    static func catching<Value: ~Copyable>(_ body: () throws(PostgresError) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw Failure(words(for: error))
        }
    }

    static func words(for error: PostgresError) -> String {
        switch error {
        case .malformedConnectionString: "this is no libpq connection string"
        case .connectionFailed(let text): "PostgreSQL: \(text)"
        case .connectionLost: "the connection to PostgreSQL broke; whether the command took effect is unknown"
        case .deadlineExceeded: "PostgreSQL did not answer in time"
        case .statementFailed(let message): "PostgreSQL: \(message.message)"
        default: "PostgreSQL: \(error)"
        }
    }
}

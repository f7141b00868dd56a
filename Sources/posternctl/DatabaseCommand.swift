import ArgumentParser
import Glibc
import Postgres

/// `posternctl db`: the schema.
struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "Make and update the schema.",
        subcommands: [Migrate.self]
    )

    struct Migrate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the database to the newest schema; make the roles.",
            discussion: "Run it as a superuser, or as a role with CREATEROLE that owns the database."
        )

        @OptionGroup var options: DatabaseOptions

        @Option(help: "Directory of the migrations; or $POSTERN_SQL, else beside the program, else ./sql.")
        var sql: String?

        func run() throws {
            let directory = sql ?? Environment.value(of: "POSTERN_SQL") ?? Self.installedDirectory ?? "sql"
            var connection = try options.connect()
            do throws(Migrator.Failure) {
                let applied = try Migrator(directory: directory).migrate(&connection)
                print(applied.isEmpty ? "the schema is up to date" : applied.joined(separator: "\n"))
            } catch {
                throw Failure(Self.words(for: error))
            }
        }

        /// `../share/postern/sql` of the program, where it exists.
        static var installedDirectory: String? {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
            guard count > 0 else { return nil }
            let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let directory = path.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/share/postern/sql"
            return unsafe access(directory, R_OK) == 0 ? directory : nil
        }

        private static func words(for failure: Migrator.Failure) -> String {
            switch failure {
            case .unreadable(let name): "\(name): no migrations can be read there"
            case .misnumbered(let name): "\(name): its number is not the next one"
            case .changed(let name): "\(name) was changed after it was applied to this database"
            case .newerDatabase(let number): "the database has migration \(number), which this program does not know"
            case .refused(let name, let error): "\(name): \(Failure.words(for: error))"
            }
        }
    }
}

import Glibc

/// Brings a database to the newest schema: the files `NNNN_verb_noun.sql` of a directory, forward only, in order.
///
/// Each file is one transaction, which also stores the file's SHA-256; a file that changed after it was applied stops
/// everything. Files run as `postern_owner`, but for those whose first line is `-- run as: administrator`, which run as
/// the role that connected.
public struct Migrator: Sendable {
    /// One file.
    public struct Migration: Sendable {
        /// The number in the name.
        public let number: Int
        /// The file's name.
        public let name: String
        /// The file's text.
        public let script: String
    }

    /// Why a database was not migrated.
    public enum Failure: Error, Equatable {
        /// The directory or file cannot be read, or its name is not of the form `NNNN_verb_noun.sql`.
        case unreadable(String)
        /// Two files have the same number, or one is missing between 1 and the last.
        case misnumbered(String)
        /// The file was changed after it was applied.
        case changed(String)
        /// The database knows a later migration than this program.
        case newerDatabase(Int)
        /// PostgreSQL refused a file.
        case refused(String, PostgresError)
    }

    /// The files, by number.
    public let migrations: [Migration]

    /// Reads the directory.
    public init(directory: String) throws(Failure) {
        var migrations: [Migration] = []
        for name in try Self.names(in: directory).sorted() where name.hasSuffix(".sql") {
            let digits = name.prefix { $0.isASCII && $0.isNumber }
            guard digits.count == 4, let number = Int(digits), name.dropFirst(4).first == "_" else {
                throw .unreadable(name)
            }
            guard number == migrations.count + 1 else { throw .misnumbered(name) }
            migrations.append(
                Migration(number: number, name: name, script: try Self.contents(of: "\(directory)/\(name)"))
            )
        }
        guard !migrations.isEmpty else { throw .unreadable(directory) }
        self.migrations = migrations
    }

    /// Applies what is not applied yet and returns the names of those files.
    ///
    /// Concurrent runs wait for each other.
    public func migrate(_ connection: inout Connection) throws(Failure) -> [String] {
        var applied: [String] = []
        for migration in migrations {
            do throws(PostgresError) {
                _ = try connection.execute("BEGIN")
                // Held to the end of the transaction; the number only has to differ from other users' of the database.
                _ = try connection.execute("SELECT pg_advisory_xact_lock(7290001)", within: .seconds(600))
                let stored = try Self.storedHash(of: migration, &connection)
                let hash = try connection.execute(
                    "SELECT encode(sha256($1::bytea), 'hex')",
                    [.bytes(Array(migration.script.utf8))]
                ).text(0, 0)
                if let stored, stored != hash { throw .unexpectedResult("changed") }
                if stored == nil {
                    try apply(migration, &connection)
                    applied.append(migration.name)
                }
                _ = try connection.execute("COMMIT")
            } catch .unexpectedResult("changed") {
                _ = try? connection.execute("ROLLBACK")
                throw .changed(migration.name)
            } catch {
                _ = try? connection.execute("ROLLBACK")
                throw .refused(migration.name, error)
            }
        }
        try refuseNewer(&connection)
        return applied
    }

    private func apply(_ migration: Migration, _ connection: inout Connection) throws(PostgresError) {
        let isAdministrative = migration.script.hasPrefix("-- run as: administrator\n")
        if !isAdministrative { _ = try connection.execute("SET LOCAL ROLE postern_owner") }
        try connection.run(migration.script, within: .seconds(600))
        _ = try connection.execute("SET LOCAL ROLE postern_owner")
        _ = try connection.execute(
            "INSERT INTO postern.migration (number, name, sha256) VALUES ($1, $2, sha256($3::bytea))",
            [.integer(Int64(migration.number)), .text(migration.name), .bytes(Array(migration.script.utf8))]
        )
    }

    private func refuseNewer(_ connection: inout Connection) throws(Failure) {
        do throws(PostgresError) {
            let newest = try connection.execute("SELECT max(number) FROM postern.migration").integer(0, 0) ?? 0
            if newest > Int64(migrations.count) { throw .unexpectedResult("\(newest)") }
        } catch .unexpectedResult(let newest) {
            throw .newerDatabase(Int(newest) ?? 0)
        } catch {
            throw .refused("postern.migration", error)
        }
    }

    /// The hash that was stored when the migration was applied; nil where it was not.
    private static func storedHash(
        of migration: Migration,
        _ connection: inout Connection
    ) throws(PostgresError) -> String? {
        let table = try connection.execute("SELECT to_regclass('postern.migration') IS NOT NULL")
        guard try table.bool(0, 0) == true else { return nil }
        let rows = try connection.execute(
            "SELECT encode(sha256, 'hex') FROM postern.migration WHERE number = $1",
            [.integer(Int64(migration.number))]
        )
        return rows.rowCount == 0 ? nil : try rows.text(0, 0)
    }

    private static func names(in directory: String) throws(Failure) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw .unreadable(directory) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    private static func contents(of path: String) throws(Failure) -> String {
        guard let file = unsafe fopen(path, "re") else { throw .unreadable(path) }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk.prefix(count))
        }
        guard let text = String(validating: bytes, as: UTF8.self), bytes.count < 1 << 20 else {
            throw .unreadable(path)
        }
        return text
    }
}

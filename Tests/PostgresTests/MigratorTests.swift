import Foundation
import Postgres
import PrivateCluster
import Testing

@Suite("Migrator", .enabled(if: PrivateCluster.isAvailable, "\(PrivateCluster.whyUnavailable)"))
struct MigratorTests {
    let directory = "/tmp/postern-sql-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let first = """
        -- run as: administrator
        DO $$ BEGIN CREATE ROLE postern_owner NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE SCHEMA postern AUTHORIZATION postern_owner;
        CREATE TABLE postern.migration (number int PRIMARY KEY, name text, sha256 bytea);
        ALTER TABLE postern.migration OWNER TO postern_owner;
        """

    func write(_ files: [String: String]) throws -> Migrator {
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        for (name, script) in files {
            try script.write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
        }
        return try Migrator(directory: directory)
    }

    func connect() throws -> Connection {
        try Connection(try PrivateCluster.shared.get().makeDatabase(), user: "postgres", timeout: .seconds(5))
    }

    @Test("Applies what is missing, in order, once")
    func applies() throws {
        var connection = try connect()
        var files = ["0001_create_all.sql": first]
        #expect(try write(files).migrate(&connection) == ["0001_create_all.sql"])
        files["0002_add_table.sql"] = "CREATE TABLE postern.t (a int);"
        #expect(try write(files).migrate(&connection) == ["0002_add_table.sql"])
        #expect(try write(files).migrate(&connection) == [])
        let owner = try connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 't'").text(0, 0)
        #expect(owner == "postern_owner")
    }

    @Test("Refuses a file that changed after it was applied")
    func refusesChanged() throws {
        var connection = try connect()
        _ = try write(["0001_create_all.sql": first]).migrate(&connection)
        let changed = try write(["0001_create_all.sql": first + "\n-- more"])
        #expect(throws: Migrator.Failure.changed("0001_create_all.sql")) { try changed.migrate(&connection) }
    }

    @Test("Refuses a database that is newer than the files")
    func refusesNewer() throws {
        var connection = try connect()
        let files = ["0001_create_all.sql": first, "0002_add_table.sql": "CREATE TABLE postern.t (a int);"]
        _ = try write(files).migrate(&connection)
        let older = try write(["0001_create_all.sql": first])
        #expect(throws: Migrator.Failure.newerDatabase(2)) { try older.migrate(&connection) }
    }

    @Test("A refused file leaves nothing behind")
    func rollsBack() throws {
        var connection = try connect()
        let migrator = try write([
            "0001_create_all.sql": first, "0002_break_off.sql": "CREATE TABLE postern.t (a int); SELECT 1 / 0;",
        ])
        #expect(throws: Migrator.Failure.self) { try migrator.migrate(&connection) }
        #expect(try connection.execute("SELECT to_regclass('postern.t') IS NULL").bool(0, 0) == true)
        #expect(try connection.execute("SELECT count(*) FROM postern.migration").integer(0, 0) == 1)
    }

    @Test("Refuses a misnamed, missing or doubled number")
    func refusesNames() throws {
        #expect(throws: Migrator.Failure.unreadable("1_a.sql")) { try write(["1_a.sql": ""]) }
        #expect(throws: Migrator.Failure.misnumbered("0002_a.sql")) { try write(["0002_a.sql": ""]) }
        #expect(throws: Migrator.Failure.misnumbered("0001_b.sql")) {
            try write(["0001_a.sql": "", "0001_b.sql": ""])
        }
        #expect(throws: Migrator.Failure.unreadable("/nonexistent")) { try Migrator(directory: "/nonexistent") }
    }
}

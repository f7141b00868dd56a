import Foundation
import OpenSSL
import Testing

@testable import Identity

@Suite("Key ring")
struct KeyRingTests {
    private let now = UnixTime(seconds: 1_800_000_000)

    @Test("A new ring is active at once, and comes back from its file the same")
    func roundTrip() throws {
        let ring = try KeyRing.generate(at: now)
        let path = try Scratch.file("ring.json")
        try ring.write(to: path)
        var status = stat()
        #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let read = try KeyRing(file: path)
        #expect(read.keys.map(\.id) == ring.keys.map(\.id))
        for purpose in KeyRing.Purpose.allCases {
            #expect(try read.activeKey(at: now).subkey(purpose) == ring.activeKey(at: now).subkey(purpose))
        }
    }

    @Test("Every purpose and every key has a subkey of its own")
    func subkeysDiffer() throws {
        let ring = try KeyRing.generate(at: now).rotated(at: now, spread: 60, overlap: 3600)
        let all = ring.keys.flatMap { key in
            KeyRing.Purpose.allCases.map { key.subkey($0).withSpan { Hex.encode($0) } }
                + [key.material.withSpan { Hex.encode($0) }]
        }
        #expect(Set(all).count == all.count)
        #expect(all.count == 12)
    }

    @Test("Derives what HKDF-SHA256 says")
    func derivation() throws {
        let document =
            #"{"keys":[{"id":"AAAA","created":"2026-01-01T00:00:00Z","activates":"2026-01-01T00:00:00Z","#
            + #""key":"\#(Base64URL.encode([UInt8](repeating: 7, count: 32)))"}]}"#
        let key = try KeyRing(parsing: Array(document.utf8)).keys[0]
        let expected = try HKDFSHA256.derive(
            from: [UInt8](repeating: 7, count: 32).span,
            salt: [UInt8]().span,
            info: Array("postern session seal 1".utf8).span,
            count: 32
        )
        #expect(key.subkey(.sessionSeal) == expected)
    }

    @Test("A rotation activates the new key after the spread, and keeps the old one for the overlap")
    func rotation() throws {
        let first = try KeyRing.generate(at: now)
        let old = first.keys[0].id
        let second = try first.rotated(at: now, spread: 60, overlap: 3600)
        let new = second.keys[0].id
        #expect(new != old)
        #expect(try second.activeKey(at: now.adding(59)).id == old)
        #expect(try second.activeKey(at: now.adding(60)).id == new)
        #expect(second.key(id: old, at: now.adding(3659)) != nil)
        #expect(second.key(id: old, at: now.adding(3660)) == nil)
        // A second rotation does not lengthen the life of a key that is retiring.
        let third = try second.rotated(at: now.adding(100), spread: 60, overlap: 3600)
        #expect(third.keys.first { $0.id == old }?.retires == now.adding(3660))
        #expect(
            try third.rotated(at: now.adding(3660), spread: 60, overlap: 3600).keys.contains { $0.id == old } == false
        )
    }

    @Test("Has no active key before the first activates")
    func notYetActive() throws {
        let ring = try KeyRing.generate(at: now)
        #expect(throws: KeyRingError.noActiveKey) { try ring.activeKey(at: now.adding(-1)) }
    }

    @Test(
        "Refuses a file that others can reach",
        arguments: [0o644, 0o604, 0o660, 0o620, 0o602, 0o666, 0o777] as [mode_t]
    )
    func tooOpen(_ mode: mode_t) throws {
        let path = try Scratch.file("ring.json")
        try KeyRing.generate(at: now).write(to: path)
        #expect(unsafe chmod(path, mode) == 0)
        #expect(throws: KeyRingError.file(.tooOpen)) { try KeyRing(file: path) }
    }

    @Test("Takes a file that its group may read, and keeps that when it is replaced")
    func groupReadable() throws {
        let path = try Scratch.file("ring.json")
        try KeyRing.generate(at: now).write(to: path)
        #expect(unsafe chmod(path, 0o640) == 0)
        try KeyRing(file: path).rotated(at: now, spread: 0, overlap: 1).write(to: path)
        var status = stat()
        #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(try KeyRing(file: path).keys.count == 2)
    }

    @Test("Refuses a file of another user", .enabled(if: geteuid() == 0, "needs root to give a file away"))
    func otherOwner() throws {
        let path = try Scratch.file("ring.json")
        try KeyRing.generate(at: now).write(to: path)
        #expect(unsafe chown(path, 65_534, 65_534) == 0)
        #expect(throws: KeyRingError.file(.tooOpen)) { try KeyRing(file: path) }
    }

    @Test("Judges a link by the file that it leads to")
    func link() throws {
        let path = try Scratch.file("ring.json")
        try KeyRing.generate(at: now).write(to: path)
        let link = try Scratch.file("link.json")
        #expect(unsafe symlink(path, link) == 0)
        _ = try KeyRing(file: link)
        #expect(throws: KeyRingError.file(.notRegular)) { try KeyRing(file: path).write(to: link) }
        #expect(unsafe chmod(path, 0o604) == 0)
        #expect(throws: KeyRingError.file(.tooOpen)) { try KeyRing(file: link) }
    }

    @Test("Refuses a directory, a missing file and one that is too large")
    func badFiles() throws {
        let path = try Scratch.file("ring.json")
        #expect(throws: KeyRingError.file(.notRegular)) { try KeyRing(file: "/tmp") }
        #expect(throws: KeyRingError.file(.missing)) { try KeyRing(file: path + ".missing") }
        let large = try Scratch.file("large.json")
        try BoundedFile.replace(large, with: [UInt8](repeating: 0x20, count: 65_537))
        #expect(throws: KeyRingError.file(.tooLarge)) { try KeyRing(file: large) }
        try BoundedFile.replace(large, with: [UInt8](repeating: 0x20, count: 65_536))
        #expect(throws: KeyRingError.malformed) { try KeyRing(file: large) }
    }

    static let key = #""id":"AB23","created":"2026-01-01T00:00:00Z","activates":"2026-01-01T00:00:00Z""#
    static let material = Base64URL.encode([UInt8](repeating: 1, count: 32))

    @Test(
        "Refuses documents that are no ring",
        arguments: [
            "", "[]", "{}", #"{"keys":[]}"#, #"{"keys":[7]}"#, #"{"keys":[{\#(key)}]}"#,
            #"{"keys":[{\#(key),"key":"AAAA"}]}"#, #"{"keys":[{\#(key),"key":"\#(material)=="}]}"#,
            #"{"keys":[{\#(key),"key":"\#(material)"},{\#(key),"key":"\#(material)"}]}"#,
            #"{"keys":[{\#(key),"key":"\#(material)","retires":7}]}"#,
            #"{"keys":[{\#(key),"key":"\#(material)","retired":null}]}"#,
            #"{"keys":[{\#(key),"key":"\#(material)"}],"more":1}"#,
            #"{"keys":[{"id":"ab23","created":"2026-01-01T00:00:00Z","activates":"2026-01-01T00:00:00Z","key":"\#(material)"}]}"#,
            #"{"keys":[{"id":"AB23","created":"2026-02-30T00:00:00Z","activates":"2026-01-01T00:00:00Z","key":"\#(material)"}]}"#,
            #"{"keys":[{"id":"AB23","created":"2026-01-01","activates":"2026-01-01T00:00:00Z","key":"\#(material)"}]}"#,
        ]
    )
    func malformed(_ document: String) {
        #expect(throws: KeyRingError.malformed) { try KeyRing(parsing: Array(document.utf8)) }
    }

    @Test("Never prints a key")
    func redacted() throws {
        let ring = try KeyRing.generate(at: now)
        let material = ring.keys[0].material.withSpan { Base64URL.encode($0) }
        var dumped = ""
        dump(ring, to: &dumped)
        #expect(!"\(ring) \(dumped)".contains(material))
        #expect(ring.serialized.contains(material))
    }
}

/// Files of one test run, in a directory of their own.
enum Scratch {
    static func file(_ name: String) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("identity-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory.appendingPathComponent(name).path
    }
}

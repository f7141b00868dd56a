import Glibc
import Testing

@testable import FastCGI

@Suite("Listening socket")
struct ListeningSocketTests {
    private let path = "/tmp/postern-listen-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"

    @Test("Has the mode asked for, and goes with its owner")
    func setsMode() throws {
        do {
            let socket = try ListeningSocket(path: path, mode: 0o640)
            var status = stat()
            #expect(unsafe stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640)
            withExtendedLifetime(socket.descriptor) {}
        }
        #expect(unsafe access(path, F_OK) != 0)
    }

    @Test("Refuses a path on which another process listens")
    func refusesLivePath() throws {
        let first = try ListeningSocket(path: path, mode: 0o600)
        #expect(throws: FastCGIError.addressInUse(path: path)) { _ = try ListeningSocket(path: path, mode: 0o600) }
        withExtendedLifetime(first.descriptor) {}
    }

    @Test("Belongs to the group that is named, and refuses one that is none")
    func setsGroup() throws {
        guard let entry = unsafe getgrgid(getegid()), let name = unsafe entry.pointee.gr_name else {
            Issue.record("this process's group has no name")
            return
        }
        let own = unsafe String(cString: name)
        let socket = try ListeningSocket(path: path, mode: 0o660, groupNamed: own, environment: [:])
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        #expect(status.st_gid == getegid())
        withExtendedLifetime(socket.descriptor) {}
        #expect(throws: FastCGIError.unknownGroup("no-such-group")) {
            _ = try ListeningSocket(path: path + "2", mode: 0o660, groupNamed: "no-such-group", environment: [:])
        }
    }

    @Test("Refuses a path that does not fit a socket address")
    func refusesLongPath() {
        let long = "/tmp/" + String(repeating: "x", count: 120)
        #expect(throws: FastCGIError.self) { _ = try ListeningSocket(path: long, mode: 0o600) }
    }

    @Test(
        "Takes nothing from systemd that was meant for another process",
        arguments: [[:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "1", "LISTEN_FDS": "1"]]
    )
    func refusesForeignInheritance(_ environment: [String: String]) {
        #expect(throws: FastCGIError.notInherited) { _ = try ListeningSocket(inheritedFrom: environment) }
    }
}

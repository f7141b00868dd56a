import Foundation
import OpenSSL
import Synchronization
import Testing

@testable import Audit

@Suite("Second places for records", .serialized)
struct AuditSinkTests {
    private static let head = ChainHead(writer: .databaseChain)

    /// A record at a place of a chain, as the writer hands it over.
    private func record(_ sequence: Int64, userAgent: String = "agent") -> AuditSink.Item {
        var intent = AuditFixture.intent()
        intent.call.userAgent = userAgent
        var encoded = intent.encoded()
        _ = encoded.chain(writer: .databaseChain, sequence: sequence, after: Self.head.hash)
        return .record(encoded)
    }

    private func objects(_ text: some StringProtocol) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    @Test("A line has every column by its name, as JSON, and nothing of NULL")
    func writesLine() throws {
        var event = EventRecord(.denied, id: .make(), time: AuditTime(microseconds: 1_732_456_799_123_456))
        event.message = "quotes \" and \\, a line\nfeed, é"
        event.detail = [("count", .number(-3)), ("text", .text("x"))]
        event.call = AuditFixture.intent().call
        event.call?.parameters = Array("{\"a\":\n1}".utf8)
        var encoded = event.encoded()
        let hash = encoded.chain(writer: .databaseChain, sequence: 7, after: Self.head.hash)
        let text = String(decoding: RecordLine.json(of: encoded), as: UTF8.self)
        #expect(!text.contains("\n"))
        let line = try #require(try objects(text).first)
        #expect(line["format"] as? Int == 1)
        #expect(line["writer"] as? String == "00000000-0000-0000-0000-000000000001")
        #expect(line["sequence"] as? Int == 7)
        #expect(line["ts"] as? String == "2024-11-24T13:59:59.123456Z")
        #expect(line["kind"] as? String == "event")
        #expect(line["id"] as? String == event.id.description)
        #expect(line["groups"] as? [String] == ["agents", "with \"quotes\", commas"])
        #expect(line["message"] as? String == event.message)
        #expect((line["detail"] as? [String: Any])?["count"] as? Int == -3)
        #expect((line["parameters"] as? [String: Any])?["a"] as? Int == 1)
        #expect(line["presigned"] as? Bool == false)
        #expect(line["body_sha256"] as? String == SHA256.hash([1, 2, 3]).hex)
        #expect(line["hash"] as? String == hash.hex)
        #expect(line["decision"] == nil)
        #expect(Set(line.keys).isSubset(of: RecordKind.columnNames + ["hash"]))
    }

    @Test("A file gets whole lines in order, and is made anew where it was rotated away")
    func writesFile() throws {
        let path = "/tmp/postern-sink-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { for name in [path, "\(path).1"] { unsafe unlink(name) } }
        let sink = AuditSink(.file(path))
        sink.offer((1...3).map { record($0) })
        #expect(within(5) { sink.written == 3 })
        unsafe rename(path, "\(path).1")
        sink.offer([record(4)])
        sink.close(within: .seconds(5))
        let old = try objects(try String(contentsOfFile: "\(path).1", encoding: .utf8))
        let new = try objects(try String(contentsOfFile: path, encoding: .utf8))
        #expect((old + new).map { $0["sequence"] as? Int } == [1, 2, 3, 4])
        #expect(sink.dropped == 0)
        var status = stat()
        unsafe stat(path, &status)
        #expect(status.st_mode & 0o777 == 0o640)
    }

    @Test("Nobody waits for a place that cannot be written; what found no room is counted and said")
    func counts() throws {
        let directory = "/tmp/postern-sink-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let sink = AuditSink(.file("\(directory)/audit"), limit: 10)
        sink.offer([record(1)])
        usleep(100_000)
        let start = ContinuousClock.now
        for sequence in 2...1_000 { sink.offer([record(Int64(sequence))]) }
        #expect(ContinuousClock.now - start < .seconds(2))
        // One is on its way, ten wait.
        #expect(sink.dropped == 989)
        unsafe mkdir(directory, 0o700)
        #expect(within(10) { sink.written == 11 })
        sink.offer([record(1_001)])
        sink.close(within: .seconds(5))
        let lines = try objects(try String(contentsOfFile: "\(directory)/audit", encoding: .utf8))
        #expect(lines.prefix(11).map { $0["sequence"] as? Int } == Array(1...11))
        #expect(lines[11]["event"] as? String == "sink_dropped")
        #expect(lines[11]["repeated"] as? Int == 989)
        #expect(lines[12]["sequence"] as? Int == 1_001)
        #expect(lines.count == 13)
    }

    @Test("A sink whose place never comes back ends within its time")
    func ends() {
        let sink = AuditSink(.file("/nonexistent/audit"))
        sink.offer([record(1)])
        let start = ContinuousClock.now
        sink.close(within: .seconds(3))
        #expect(ContinuousClock.now - start < .seconds(3))
        #expect(sink.written == 0)
    }

    @Test(
        "Syslog gets a message a record, with its length in front over TCP and without over UDP",
        arguments: [true, false]
    )
    func sendsSyslog(isTCP: Bool) throws {
        let receiver = try Receiver(isTCP ? SOCK_STREAM : SOCK_DGRAM)
        let address = SyslogAddress(parsing: "\(isTCP ? "tcp" : "udp")://127.0.0.1:\(receiver.port)")
        let sink = AuditSink(.syslog(try #require(address)))
        sink.offer([record(1), record(2)])
        for sequence in 1...2 {
            var message = receiver.message(isTCP: isTCP)
            #expect(message.hasPrefix("<110>1 20"))
            message = String(message.drop { $0 != "{" })
            #expect(try objects(message).first?["sequence"] as? Int == sequence)
        }
        sink.close(within: .seconds(2))
        #expect(sink.written == 2)
    }

    @Test("A datagram that no way takes is given up and counted; those after it go on")
    func givesUp() throws {
        let receiver = try Receiver(SOCK_DGRAM)
        let sink = AuditSink(.syslog(.udp(host: "127.0.0.1", port: receiver.port)))
        var intent = AuditFixture.intent()
        intent.call.parameters = Array("{\"a\":\"\(String(repeating: "x", count: 65_400))\"}".utf8)
        var encoded = intent.encoded()
        _ = encoded.chain(writer: .databaseChain, sequence: 1, after: Self.head.hash)
        sink.offer([.record(encoded), record(2)])
        #expect(receiver.message(isTCP: false).contains(#""sequence":2,"#))
        #expect(within(2) { sink.written == 1 && sink.dropped == 1 })
        sink.close(within: .seconds(2))
    }

    @Test("An upload is repeated until it is confirmed, and gets checkpoints alone")
    func uploads() throws {
        let key = try Ed25519.PrivateKey.generate()
        let checkpoint = try #require(Checkpoint(of: Self.head, at: .now(), key: key))
        let attempts = Mutex<[String]>([])
        let sink = AuditSink(
            .upload(name: "s3://bucket/") { checkpoint in
                attempts.withLock { attempts in
                    attempts.append(checkpoint.line)
                    return attempts.count > 2
                }
            }
        )
        sink.offer([record(1), .checkpoint(checkpoint)])
        #expect(within(5) { attempts.withLock { $0.count } == 3 })
        sink.close(within: .seconds(2))
        #expect(attempts.withLock { Set($0) } == [checkpoint.line])
    }

    /// Waits for something to become true.
    private func within(_ seconds: Int, _ condition: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if condition() { return true }
            usleep(10_000)
        }
        return condition()
    }
}

/// A syslog server for one client.
final class Receiver {
    private let listening: FileHandle
    private var connection: FileHandle?
    let port: UInt16

    init(_ kind: __socket_type) throws {
        let descriptor = socket(AF_INET, Int32(kind.rawValue), 0)
        listening = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0
                    && (kind == SOCK_DGRAM || listen(descriptor, 1) == 0)
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(isReady)
        port = UInt16(bigEndian: address.sin_port)
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next message, without its frame.
    func message(isTCP: Bool) -> String {
        guard isTCP else {
            var buffer = [UInt8](repeating: 0, count: 70_000)
            let count = unsafe recv(listening.fileDescriptor, &buffer, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        let stream =
            connection
            ?? FileHandle(fileDescriptor: accept(listening.fileDescriptor, nil, nil), closeOnDealloc: true)
        connection = stream
        var length = 0
        while let digit = stream.readData(ofLength: 1).first, let value = Int(String(decoding: [digit], as: UTF8.self))
        {
            length = length * 10 + value
        }
        return String(decoding: stream.readData(ofLength: length), as: UTF8.self)
    }
}

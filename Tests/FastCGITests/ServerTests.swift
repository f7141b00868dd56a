import Foundation
import Glibc
import Synchronization
import Testing

@testable import FastCGI

/// One server at a time: libfcgi's shutdown flag is global to the process, so that a drained server is the last.
@Suite("Server", .serialized)
struct ServerTests {
    private static let path = "/tmp/postern-fastcgi-\(getpid()).sock"
    private static let release = DispatchSemaphore(value: 0)

    /// The server of all tests; it is never drained but by the last one.
    private static let running: Server? = {
        do {
            let listener = try ListeningSocket(path: path, mode: 0o600)
            let server = try Server(socket: listener, size: .init(threads: 2, held: 2), handler: answer)
            server.start()
            keep(listener)
            return server
        } catch {
            return nil
        }
    }()

    /// The listener lives as long as the process.
    private static func keep(_ listener: consuming ListeningSocket) {
        let thread = Thread { [listener] in
            sleep(3600)
            withExtendedLifetime(listener.descriptor) {}
        }
        thread.start()
    }

    @Sendable
    private static func answer(_ exchange: Exchange) {
        var body: [UInt8] = []
        switch exchange.parameters.text("REQUEST_URI") {
        case "/echo":
            do {
                while try exchange.read(upTo: 7, into: &body) > 0 {}
                try exchange.writeHead(status: 200, fields: [("X-Count", String(body.count))])
                try exchange.write(body.span)
            } catch {
                exchange.abort()
            }
        case "/abort":
            try? exchange.writeHead(status: 200, fields: [])
            try? exchange.write(Array("half".utf8).span)
            try? exchange.flush()
            exchange.abort()
        case "/hold":
            let held: Void? = exchange.hold { release.wait() }
            try? exchange.writeHead(status: held == nil ? 503 : 200, fields: [])
        case "/split":
            let refused = #expect(throws: FastCGIError.invalidHeader(name: "X")) {
                try exchange.writeHead(status: 200, fields: [("X", "a\r\nInjected: 1")])
            }
            try? exchange.writeHead(status: refused == nil ? 500 : 200, fields: [])
        default:
            try? exchange.writeHead(status: 404, fields: [])
        }
    }

    private func ask(_ uri: String, body: [UInt8] = []) throws -> RecordClient.Answer {
        _ = try #require(Self.running)
        let client = try #require(RecordClient(path: Self.path))
        client.send([("REQUEST_URI", uri)], body: body)
        return client.answer()
    }

    @Test("Streams a body in and out, whatever its size", arguments: [0, 1, 7, 8_192, 200_001])
    func echoes(_ size: Int) throws {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let answer = try ask("/echo", body: body)
        #expect(answer.hasEnded)
        #expect(answer.text.hasPrefix("Status: 200 OK\r\nX-Count: \(size)\r\n\r\n"))
        #expect(Array(answer.standardOutput.suffix(size)) == body)
    }

    @Test("Serves further requests on a connection that is kept")
    func keepsConnections() throws {
        _ = try #require(Self.running)
        let client = try #require(RecordClient(path: Self.path))
        for _ in 0..<3 {
            client.send([("REQUEST_URI", "/echo")], body: [1], keepAlive: true)
            #expect(client.answer().hasEnded)
        }
    }

    @Test("An aborted answer has no end record, so that nobody takes it for whole")
    func abortsWithoutEnd() throws {
        let answer = try ask("/abort")
        #expect(answer.text.hasSuffix("half"))
        #expect(!answer.hasEnded)
    }

    @Test("A client that leaves in its body never reaches the handler's answer")
    func noticesTruncatedBody() throws {
        _ = try #require(Self.running)
        do {
            let client = try #require(RecordClient(path: Self.path))
            client.send([("REQUEST_URI", "/echo")], body: [1, 2, 3], endsBody: false)
        }
        #expect(try ask("/echo", body: [1]).hasEnded)
    }

    @Test("Held requests take no thread from the others, and their places are bounded")
    func holdsApart() throws {
        _ = try #require(Self.running)
        let held = try (0..<2).map { _ in try #require(RecordClient(path: Self.path)) }
        for client in held { client.send([("REQUEST_URI", "/hold")]) }
        usleep(200_000)
        for _ in 0..<4 { #expect(try ask("/echo").hasEnded) }
        #expect(try ask("/hold").text.hasPrefix("Status: 503"))
        for _ in held { Self.release.signal() }
        for client in held { #expect(client.answer().text.hasPrefix("Status: 200")) }
        #expect(try ask("/echo").hasEnded)
    }

    @Test("Refuses a field that would end its line")
    func refusesInjection() throws {
        #expect(try ask("/split").text.hasPrefix("Status: 200 OK\r\n\r\n") == true)
    }

    @Test("Drains: threads that wait for nginx end at once, and nothing is accepted any more")
    func zDrains() throws {
        let server = try #require(Self.running)
        let kept = try #require(RecordClient(path: Self.path))
        kept.send([("REQUEST_URI", "/echo")], keepAlive: true)
        #expect(kept.answer().hasEnded)
        #expect(server.drain(within: 10))
    }
}

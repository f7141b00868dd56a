import Foundation
import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTPClient

/// Answers each connection with fixed bytes and keeps what it received.
private final class FixedServer: Sendable {
    let port: Int
    let received = Mutex<[String]>([])

    init?(_ answers: [String]) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe bind(listener, rebound, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, rebound, &length) == 0
            }
        }
        guard bound else { return nil }
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in
            for answer in answers {
                let connection = accept(listener, nil, nil)
                var buffer = [UInt8](repeating: 0, count: 65_536)
                let count = unsafe recv(connection, &buffer, buffer.count, 0)
                received.withLock { $0.append(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)) }
                let bytes = Array(answer.utf8)
                _ = unsafe send(connection, bytes, bytes.count, Int32(bitPattern: UInt32(MSG_NOSIGNAL)))
                close(connection)
            }
            close(listener)
        }
        thread.start()
    }
}

@Suite("HTTP client")
struct HTTPClientTests {
    private func ask(
        _ answer: String,
        method: HTTPRequest.Method = .get,
        target: String = "/",
        fields: HTTPFields = HTTPFields(),
        body: OutboundBody = .none
    ) throws -> (head: ResponseHead?, body: [UInt8], sent: String) {
        let server = try #require(FixedServer([answer]))
        let client = try HTTPClient()
        let request = OutboundRequest(
            to: .init(scheme: "http", host: "127.0.0.1", port: server.port),
            method: method,
            target: target,
            host: "s3.eu-west-1.amazonaws.com",
            fields: fields
        )
        var head: ResponseHead?
        var received: [UInt8] = []
        let sink = ResponseSink(
            head: {
                head = $0
                return true
            },
            body: { bytes in
                for index in bytes.indices { received.append(bytes[index]) }
                return true
            }
        )
        try client.perform(request, body: body, into: sink)
        return (head, received, server.received.withLock { $0.first ?? "" })
    }

    @Test(
        "Sends the target byte for byte",
        arguments: ["/a//b/../c", "/k%2Fx?uploads", "/%E2%82%AC+~*?b=2&a=1&a", "/a?x=%2f%2F"]
    )
    func keepsTarget(_ target: String) throws {
        let sent = try ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", target: target).sent
        #expect(sent.hasPrefix("GET \(target) HTTP/1.1\r\nHost: s3.eu-west-1.amazonaws.com\r\n"))
    }

    @Test("Adds no field of its own")
    func addsNothing() throws {
        let sent = try ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").sent
        #expect(sent == "GET / HTTP/1.1\r\nHost: s3.eu-west-1.amazonaws.com\r\n\r\n")
    }

    @Test("Sends an empty body with its length, and bytes with theirs", arguments: [[], [65, 66]] as [[UInt8]])
    func sendsBytes(_ bytes: [UInt8]) throws {
        let sent = try ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", method: .post, body: .bytes(bytes)).sent
        #expect(sent.hasPrefix("POST / HTTP/1.1\r\n"))
        #expect(sent.contains("Content-Length: \(bytes.count)\r\n"))
    }

    @Test("Skips 1xx, keeps repeated fields")
    func readsHead() throws {
        let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nX-A: 1\r\nx-a:  2\r\nContent-Length: 2\r\n\r\nno"
        let (head, body, _) = try ask(answer)
        #expect(head?.status == 404)
        #expect(head?.fields.map(\.value) == ["1", "2", "2"])
        #expect(head?.first("X-a") == "1")
        #expect(body == Array("no".utf8))
    }

    @Test(
        "An answer that ends early is an error",
        arguments: ["Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"]
    )
    func noticesTruncation(_ rest: String) {
        #expect(throws: HTTPClientError.self) { try ask("HTTP/1.1 200 OK\r\n" + rest) }
    }

    @Test("Refuses a field that would end its line")
    func refusesInjection() throws {
        var fields = HTTPFields()
        fields.append(HTTPField(name: try #require(.init("x-a")), value: "b"))
        let client = try HTTPClient()
        let request = OutboundRequest(
            to: .init(scheme: "http", host: "127.0.0.1", port: 1),
            method: .get,
            target: "/ HTTP/1.1\r\nX: 1",
            host: "h",
            fields: fields
        )
        let sink = ResponseSink(head: { _ in true }, body: { _ in true })
        #expect(throws: HTTPClientError.invalidField(name: "Host")) { try client.perform(request, into: sink) }
    }

    @Test("Says when nobody listens")
    func reportsRefusal() throws {
        let client = try HTTPClient()
        let request = OutboundRequest(
            to: .init(scheme: "http", host: "127.0.0.1", port: 1),
            method: .get,
            target: "/",
            host: "h"
        )
        let sink = ResponseSink(head: { _ in true }, body: { _ in true })
        #expect(throws: HTTPClientError.unreachable(detail: "Couldn't connect to server")) {
            try client.perform(request, into: sink)
        }
    }
}

import ArgumentParser
import FastCGI
import Foundation
import HTTPClient
import HTTPTypes

/// The path that Postern is measured against: libfcgi in, libcurl out, nothing between.
@main
struct BenchBare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern-bench-bare",
        abstract: "Forwards every request to one server and judges none: the floor for scripts/bench."
    )

    @Option(help: "The unix socket to listen on.")
    var socket: String

    @Option(help: "The server, as https://HOST:PORT or http://HOST:PORT.")
    var upstream: String

    @Option(help: "A PEM file with the server's certificate authority.")
    var caFile: String?

    @Option(help: "Threads.")
    var threads = 48

    func run() throws {
        let signals = SignalWaiter()
        guard let url = URL(string: upstream), let scheme = url.scheme, let host = url.host else {
            throw ValidationError("--upstream is no URL: \(upstream)")
        }
        var settings = HTTPClient.Settings()
        settings.caFile = caFile
        let client = try HTTPClient(settings: settings)
        let destination = OutboundRequest.Destination(
            scheme: scheme,
            host: host,
            port: url.port ?? (scheme == "https" ? 443 : 80)
        )
        let listener = try ListeningSocket(path: socket, mode: 0o660)
        let server = try Server(socket: listener, size: .init(threads: threads)) { exchange in
            try? forward(exchange, to: destination, through: client)
        }
        server.start()
        while signals.next() != .stop {}
        _ = server.drain(within: 10)
    }
}

/// Answers nginx's auth subrequest, and sends everything else on as it is.
@Sendable
private func forward(
    _ exchange: Exchange,
    to destination: OutboundRequest.Destination,
    through client: HTTPClient
) throws {
    guard exchange.parameters.text("POSTERN_ROUTE") != "auth" else {
        exchange.closeAtOnce()
        return try exchange.writeHead(status: 204, fields: [("X-Postern-Identity", "bare")])
    }
    let method = exchange.parameters.text("REQUEST_METHOD").flatMap { HTTPRequest.Method($0) } ?? .get
    var body: [UInt8] = []
    while try exchange.read(upTo: 65_536, into: &body) > 0 {}
    let request = OutboundRequest(
        to: destination,
        method: method,
        target: exchange.parameters.text("REQUEST_URI") ?? "/",
        host: destination.host
    )
    let sink = ResponseSink(
        head: { head in (try? exchange.writeHead(status: head.status, fields: passed(head.fields))) != nil },
        body: { bytes in (try? exchange.write(bytes)) != nil }
    )
    try client.perform(request, body: body.isEmpty ? .none : .bytes(body), into: sink)
}

private func passed(_ fields: [(name: String, value: String)]) -> [(name: String, value: String)] {
    fields.filter { !["connection", "transfer-encoding", "keep-alive"].contains($0.name.lowercased()) }
}

internal import HTTPTypes
public import HTTPClient

extension HTTPClient {
    /// Fetches an issuer's documents with a client of its own, which trusts what the issuer's settings say.
    public static func makeFetch(for issuer: IssuerSettings) throws(HTTPClientError) -> Fetch {
        var settings = Settings()
        settings.caFile = issuer.caFile
        settings.connectTimeout = 2000
        settings.totalTimeout = 5000
        settings.maxIdleHandles = 4
        return try HTTPClient(settings: settings).makeFetch()
    }

    /// Fetches small documents with this client, within the limits of each request.
    ///
    /// - Parameter destination: where to connect in place of what the URL says; the Host field stays the URL's.
    public func makeFetch(through destination: OutboundRequest.Destination? = nil) -> Fetch {
        { [self] request throws(FetchError) in
            try fetch(request, through: destination)
        }
    }

    private func fetch(
        _ request: FetchRequest,
        through destination: OutboundRequest.Destination?
    ) throws(FetchError) -> FetchedDocument {
        guard let url = FetchURL(request.url), let method = HTTPRequest.Method(request.method) else {
            throw .unreachable
        }
        var fields = HTTPFields()
        for header in request.headers {
            guard let name = HTTPField.Name(header.name) else { throw .unreachable }
            fields.append(HTTPField(name: name, value: header.value))
        }
        let outbound = OutboundRequest(
            to: destination
                ?? OutboundRequest.Destination(scheme: url.scheme, host: url.host, port: url.port),
            method: method,
            target: url.target,
            host: url.authority,
            fields: fields
        )
        var status = 0
        var body: [UInt8] = []
        var isTooLarge = false
        let deadline = ContinuousClock.now + .milliseconds(request.timeoutMilliseconds)
        do throws(HTTPClientError) {
            let sink = ResponseSink(
                head: { head in
                    status = head.status
                    return true
                },
                body: { piece in
                    guard body.count + piece.count <= request.maximumBytes else {
                        isTooLarge = true
                        return false
                    }
                    for index in piece.indices { body.append(piece[index]) }
                    return true
                }
            )
            try perform(outbound, body: request.body.isEmpty ? .none : .bytes(request.body), into: sink) {
                ContinuousClock.now >= deadline
            }
        } catch {
            if isTooLarge { throw .tooLarge }
            switch error {
            case .timedOut, .cancelled: throw .timedOut
            case .tooLarge: throw .tooLarge
            case .tls: throw .untrusted
            default: throw .unreachable
            }
        }
        return FetchedDocument(status: status, body: body)
    }
}

/// The parts of an absolute `http` or `https` URL.
struct FetchURL: Equatable {
    let scheme: String
    /// The host without brackets.
    let host: String
    let port: Int
    /// Host and port as the URL has them.
    let authority: String
    /// Path and query.
    let target: String

    init?(_ text: String) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = String(text[..<mark.lowerBound])
        guard scheme == "https" || scheme == "http" else { return nil }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = String(rest[..<end])
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        var portText: Substring?
        if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            let tail = authority[authority.index(after: bracket)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts[0])
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard !host.isEmpty else { return nil }
        guard let portText else {
            port = scheme == "https" ? 443 : 80
            return
        }
        guard let number = UInt16(portText), number > 0 else { return nil }
        port = Int(number)
    }
}

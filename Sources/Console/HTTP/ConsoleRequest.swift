import FastCGI

/// Why a request is not answered with a page.
enum RequestError: Error, Equatable {
    /// There is nothing at this path.
    case notFound
    /// The path does not take this method.
    case methodNotAllowed
    /// A query, form or header that is none.
    case malformed
    /// A body longer than any form of the console.
    case tooLarge
    /// A page that another site, or a script, asked for in the person's name.
    case foreign
}

/// A request as the console reads it: of all headers, only cookies and the browser's own fetch metadata count.
struct ConsoleRequest: Sendable {
    /// What the console takes.
    enum Method: Sendable, Equatable {
        case get
        case post
    }

    /// The most bytes of a form.
    static let maximumBody = 16_384
    /// The most bytes of a request target.
    static let maximumTarget = 8192

    let method: Method
    let route: Route
    let query: FormFields
    let cookies: Cookies
    let form: FormFields
    /// Where nginx says that the request came from.
    let remoteAddress: String
    /// nginx's id of the request, for logs.
    let requestID: String

    /// Reads the parameters, then the body of a POST by `readBody`, which returns at most one byte more than its limit.
    init(
        _ parameters: ParameterList,
        basePath: String,
        readBody: (_ limit: Int) throws(RequestError) -> [UInt8]
    ) throws(RequestError) {
        switch parameters.text("REQUEST_METHOD") {
        case "GET", "HEAD": method = .get
        case "POST": method = .post
        default: throw .methodNotAllowed
        }
        guard let target = parameters.single("REQUEST_URI"), target.count <= Self.maximumTarget else { throw .notFound }
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = target[..<mark]
        guard path.starts(with: basePath.utf8), let text = String(validating: path, as: UTF8.self),
            let route = Route(path: String(text.dropFirst(basePath.count)))
        else { throw .notFound }
        guard route.takes(method) else { throw .methodNotAllowed }
        self.route = route
        query = try FormFields(parsing: target[mark...].dropFirst())
        cookies = Cookies(parameters.single("HTTP_COOKIE") ?? [])
        try FetchMetadata(parameters).check(route, method)
        if method == .post {
            let type = parameters.text("CONTENT_TYPE")?.prefix { $0 != ";" }
            guard type?.lowercased() == "application/x-www-form-urlencoded" else { throw .malformed }
            let body = try readBody(Self.maximumBody)
            guard body.count <= Self.maximumBody else { throw .tooLarge }
            form = try FormFields(parsing: body)
        } else {
            form = FormFields()
        }
        remoteAddress = parameters.text("REMOTE_ADDR") ?? ""
        requestID = parameters.text("POSTERN_REQUEST_ID") ?? ""
    }
}

/// What the browser says about who started a request (W3C Fetch Metadata); scripts cannot change it.
///
/// The gateway's origin also serves what agents store, so even a script of the same origin must not read or send these
/// pages: they are for navigation alone.
private struct FetchMetadata {
    private let site: String?
    private let mode: String?
    private let destination: String?

    init(_ parameters: ParameterList) {
        site = parameters.text("HTTP_SEC_FETCH_SITE")
        mode = parameters.text("HTTP_SEC_FETCH_MODE")
        destination = parameters.text("HTTP_SEC_FETCH_DEST")
    }

    /// Refuses what a browser says was started by something else; a client that says nothing is no browser of today.
    func check(_ route: Route, _ method: ConsoleRequest.Method) throws(RequestError) {
        guard let site else { return }
        switch route {
        case .asset: return
        case _ where route.isFragment: guard site == "same-origin" else { throw .foreign }
        default:
            guard mode == "navigate", destination == "document" else { throw .foreign }
            // Links from chat and the provider's redirect come from other sites; forms never do.
            guard method == .get || site == "same-origin" else { throw .foreign }
        }
    }
}

/// The cookies of a request.
struct Cookies: Sendable {
    private var values: [String: [String]] = [:]

    /// Reads a Cookie field (RFC 6265 section 4.2.1); what is none is left out.
    init(_ field: [UInt8]) {
        for pair in field.split(separator: UInt8(ascii: ";")) {
            let trimmed = pair.drop { $0 == 0x20 }
            guard let mark = trimmed.firstIndex(of: UInt8(ascii: "=")),
                let name = String(validating: trimmed[..<mark], as: UTF8.self),
                let value = String(validating: trimmed[mark...].dropFirst(), as: UTF8.self)
            else { continue }
            values[name, default: []].append(value)
        }
    }

    /// The value of a cookie; nil where there is none, or more than one of the name.
    subscript(name: String) -> String? {
        guard let all = values[name], all.count == 1 else { return nil }
        return all.first
    }
}

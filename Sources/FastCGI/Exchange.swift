import CFastCGI
import Glibc

/// One request and its answer.
///
/// Belongs to the thread that handles it (libfcgi documents no sharing of an `FCGX_Request`); it must not outlive the
/// handler's call.
@safe
public final class Exchange {
    /// What nginx told about the request.
    public let parameters: ParameterList
    private let request: UnsafeMutablePointer<FCGX_Request>
    private let holding: HoldingPool
    private var bodyEnded = false
    private(set) var isAborted = false
    private(set) var closesAtOnce = false

    init(request: UnsafeMutablePointer<FCGX_Request>, holding: HoldingPool) {
        unsafe self.request = request
        self.holding = holding
        parameters = unsafe ParameterList(environment: request.pointee.envp)
    }

    /// Appends at most `limit` bytes of the body to `buffer`; returns how many, 0 at the body's end.
    ///
    /// Blocks until at least one byte is there. `bodyTruncated` when the client left before the end.
    public func read(upTo limit: Int, into buffer: inout [UInt8]) throws(FastCGIError) -> Int {
        guard !bodyEnded, limit > 0 else { return 0 }
        let start = buffer.count
        let room = Int32(clamping: limit)
        buffer.append(contentsOf: repeatElement(0, count: Int(room)))
        let count = unsafe buffer.withUnsafeMutableBytes { all in
            unsafe FCGX_GetStr(
                all.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self),
                room,
                request.pointee.in
            )
        }
        let received = max(0, Int(count))
        buffer.removeLast(Int(room) - received)
        if received < Int(room) {
            bodyEnded = true
            guard unsafe FCGX_GetError(request.pointee.in) == 0 else { throw .bodyTruncated }
        }
        return received
    }

    /// Writes the head of the answer: `status` (three digits) and the fields, in CGI form (RFC 3875 section 6.3).
    ///
    /// Refuses names and values that could end a line; the caller has already dropped what nginx obeys (`X-Accel-*`).
    public func writeHead(status: Int, fields: [(name: String, value: String)]) throws(FastCGIError) {
        // nginx repeats the line; without a reason it would send no blank behind the code (RFC 9112 section 4).
        var head = Array("Status: \(status) \(reasonPhrase(of: status))\r\n".utf8)
        for (name, value) in fields {
            guard name.utf8.allSatisfy(isTokenByte), !name.isEmpty, value.utf8.allSatisfy(isValueByte) else {
                throw .invalidHeader(name: name)
            }
            head.append(contentsOf: name.utf8)
            head.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
            head.append(contentsOf: value.utf8)
            head.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
        }
        head.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
        try write(head.span)
    }

    /// Writes a piece of the body; it may stay in libfcgi's buffer (8 KiB) until `flush` or the end.
    public func write(_ bytes: Span<UInt8>) throws(FastCGIError) {
        var sent = 0
        while sent < bytes.count {
            let piece = bytes.extracting(sent..<min(bytes.count, sent + (1 << 20)))
            let written = unsafe piece.withUnsafeBytes { raw in
                unsafe FCGX_PutStr(
                    raw.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(raw.count),
                    request.pointee.out
                )
            }
            guard written == piece.count else { throw .connectionLost }
            sent += piece.count
        }
    }

    /// Sends what has been written so far; for answers that a client reads as they come.
    public func flush() throws(FastCGIError) {
        guard unsafe FCGX_FFlush(request.pointee.out) == 0 else { throw .connectionLost }
    }

    /// Gives the answer up: the connection is closed without FastCGI's end record, so that nginx cannot mistake what
    /// has been sent for the whole.
    public func abort() {
        isAborted = true
    }

    /// Closes the connection once the answer is sent; for `auth_request` alone.
    ///
    /// nginx never keeps such a connection, since it stops at the answer's head, and waiting for it to close costs a change
    /// of threads a call. An answer that nginx reads to its end must keep its connection: nginx may be sending the next
    /// request on it.
    public func closeAtOnce() {
        closesAtOnce = true
    }

    /// Whether nginx has closed the connection, which is how a client's leaving shows (it sends no abort record).
    public var isClientGone: Bool {
        var watched = pollfd(fd: unsafe postern_fcgi_connection(request), events: pollReadHangUp, revents: 0)
        guard watched.fd >= 0 else { return true }
        let ready = unsafe poll(&watched, 1, 0)
        return ready > 0 && watched.revents & (pollReadHangUp | Int16(POLLHUP | POLLERR)) != 0
    }

    /// Answers with one text as a whole.
    public func answer(status: Int = 200, contentType: String, text: String) {
        let body = Array(text.utf8)
        // A client that has gone is nobody to tell.
        try? writeHead(
            status: status,
            fields: [("Content-Type", contentType), ("Content-Length", String(body.count))]
        )
        try? write(body.span)
    }

    /// What the server's threads do now, this one among them.
    public var occupancy: Occupancy { holding.occupancy }

    /// Runs `wait` in a place of the holding pool, so that a request which waits for a person takes no thread from
    /// the others; nil, and `wait` is not run, when all places are taken.
    public func hold<Result>(_ wait: () -> Result) -> Result? {
        guard holding.enter() else { return nil }
        defer { holding.leave() }
        return wait()
    }
}

/// Linux's POLLRDHUP (poll(2)), which Glibc's module leaves out: it needs `_GNU_SOURCE`.
private let pollReadHangUp: Int16 = 0x2000

/// The reason phrases of RFC 9110 that answers have; else the class of the status.
private func reasonPhrase(of status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 409: "Conflict"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 416: "Range Not Satisfiable"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case ..<300: "Success"
    case ..<400: "Redirection"
    case ..<500: "Client Error"
    default: "Server Error"
    }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

private func isValueByte(_ byte: UInt8) -> Bool {
    byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
}

extension ParameterList {
    /// Copies libfcgi's `NAME=value` strings.
    @unsafe
    init(environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
        var bytes: [UInt8] = []
        var pairs: [(start: Int, split: Int, end: Int)] = []
        guard var cursor = unsafe environment else {
            self.init([Parameter]())
            return
        }
        bytes.reserveCapacity(4096)
        pairs.reserveCapacity(48)
        while let entry = unsafe cursor.pointee {
            let start = bytes.count
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: entry, count: strlen(entry)))
            if let split = bytes[start...].firstIndex(of: UInt8(ascii: "=")) {
                pairs.append((start, split, bytes.count))
            }
            unsafe cursor += 1
        }
        self.init(pairs.map { Parameter(name: bytes[$0.start..<$0.split], value: bytes[($0.split + 1)..<$0.end]) })
    }
}

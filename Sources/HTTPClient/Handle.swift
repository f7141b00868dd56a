import CCurl
import HTTPTypes

/// One easy handle with its connections, used by one thread at a time (libcurl-thread(3)).
///
/// `@unchecked Sendable`: the pool hands a handle from thread to thread under its lock and never to two at once, which
/// libcurl-thread(3) allows.
@safe
final class Handle: @unchecked Sendable {
    /// Two TLS records.
    ///
    /// curl makes and frees the buffers with each exchange, and from 64 KiB on glibc's free goes through the whole heap and
    /// gives memory back to the system.
    private static let bufferSize = 32_768

    let destination: OutboundRequest.Destination
    private let easy: UnsafeMutableRawPointer
    private let connectTo: FieldList

    init(destination: OutboundRequest.Destination) throws(HTTPClientError) {
        guard let easy = unsafe curl_easy_init() else { throw .setup(code: CURLE_FAILED_INIT.rawValue) }
        unsafe self.easy = easy
        self.destination = destination
        connectTo = FieldList()
        if let address = destination.connectTo { connectTo.append("::\(address)") }
    }

    deinit { unsafe curl_easy_cleanup(easy) }

    func perform(
        _ request: OutboundRequest,
        transfer: Transfer,
        settings: HTTPClient.Settings
    ) throws(HTTPClientError) {
        // Keeps live connections, forgets everything else.
        unsafe curl_easy_reset(easy)
        let fields = try fieldList(of: request, body: transfer.body)
        try configure(request, settings: settings)
        try configureBody(of: request, transfer: transfer)
        if !connectTo.isEmpty { try unsafe set(CURLOPT_CONNECT_TO, pointer: connectTo.head) }
        try unsafe set(CURLOPT_HTTPHEADER, pointer: fields.head)
        let code = try unsafe run(transfer)
        withExtendedLifetime(fields) {}
        try check(code, transfer: transfer)
    }

    private func configure(_ request: OutboundRequest, settings: HTTPClient.Settings) throws(HTTPClientError) {
        try set(CURLOPT_URL, "\(destination.scheme)://\(destination.host):\(destination.port)/")
        try set(CURLOPT_REQUEST_TARGET, request.target)
        try set(CURLOPT_PROTOCOLS_STR, destination.scheme)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout)
        try set(CURLOPT_TIMEOUT_MS, settings.totalTimeout)
        try set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try set(CURLOPT_LOW_SPEED_TIME, settings.idleTimeout)
        try set(CURLOPT_BUFFERSIZE, Self.bufferSize)
        try set(CURLOPT_UPLOAD_BUFFERSIZE, Self.bufferSize)
        if let caFile = settings.caFile { try set(CURLOPT_CAINFO, caFile) }
    }

    private func configureBody(of request: OutboundRequest, transfer: Transfer) throws(HTTPClientError) {
        switch transfer.body {
        case .none:
            if request.method == .head {
                try set(CURLOPT_NOBODY, 1)
            } else {
                try set(CURLOPT_HTTPGET, 1)
                try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            }
        case .bytes(let bytes):
            try set(CURLOPT_POST, 1)
            try set(CURLOPT_POSTFIELDSIZE_LARGE, offset: Int64(bytes.count))
            try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        case .stream(let length, _):
            try set(CURLOPT_UPLOAD, 1)
            try set(CURLOPT_INFILESIZE_LARGE, offset: length ?? -1)
            try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    /// Runs the transfer with callbacks that capture nothing: `transfer` is passed as their context for this one call.
    @unsafe
    private func run(_ transfer: Transfer) throws(HTTPClientError) -> CURLcode {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        try set(CURLOPT_NOPROGRESS, 0)
        try unsafe guarded(postern_curl_set_progress(easy, onProgress))
        try unsafe set(CURLOPT_XFERINFODATA, pointer: context)
        try unsafe guarded(postern_curl_set_transfer(easy, CURLOPT_READFUNCTION, onRead))
        try unsafe set(CURLOPT_READDATA, pointer: context)
        try unsafe guarded(postern_curl_set_transfer(easy, CURLOPT_HEADERFUNCTION, onHeader))
        try unsafe set(CURLOPT_HEADERDATA, pointer: context)
        try unsafe guarded(postern_curl_set_transfer(easy, CURLOPT_WRITEFUNCTION, onBody))
        try unsafe set(CURLOPT_WRITEDATA, pointer: context)
        guard case .bytes(let bytes) = transfer.body else {
            return withExtendedLifetime(transfer) { unsafe curl_easy_perform(easy) }
        }
        // Given by address, a small body goes out in one piece with the head: one TLS record, one system call.
        let result = unsafe bytes.withUnsafeBytes { body -> Result<CURLcode, HTTPClientError> in
            do throws(HTTPClientError) {
                // No address at all would make curl ask its read callback.
                let empty: StaticString = ""
                let start = unsafe body.baseAddress ?? UnsafeRawPointer(empty.utf8Start)
                try unsafe set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: start))
                return .success(withExtendedLifetime(transfer) { unsafe curl_easy_perform(easy) })
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func check(_ code: CURLcode, transfer: Transfer) throws(HTTPClientError) {
        if let failure = transfer.failure { throw failure }
        guard code != CURLE_OK else { return }
        let detail = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
            throw .unreachable(detail: detail)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
            throw .tls(detail: detail)
        case CURLE_OPERATION_TIMEDOUT:
            throw .timedOut
        case CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            throw .truncated(detail: detail)
        case CURLE_ABORTED_BY_CALLBACK:
            throw .cancelled
        default:
            throw .broken(detail: detail, afterHead: transfer.hasHead)
        }
    }

    /// The fields as curl wants them; curl's own defaults are switched off by empty ones.
    private func fieldList(of request: OutboundRequest, body: OutboundBody) throws(HTTPClientError) -> FieldList {
        let list = FieldList()
        guard isOneLine(request.host), isOneLine(request.target) else { throw .invalidField(name: "Host") }
        list.append("Host: \(request.host)")
        list.append("User-Agent:")
        list.append("Expect:")
        if request.fields[.accept] == nil { list.append("Accept:") }
        if case .bytes = body, request.fields[.contentType] == nil { list.append("Content-Type:") }
        for field in request.fields {
            guard isOneLine(field.value) else { throw .invalidField(name: field.name.rawName) }
            list.append(field.value.isEmpty ? "\(field.name.rawName);" : "\(field.name.rawName): \(field.value)")
        }
        guard !list.isOutOfMemory else { throw .setup(code: CURLE_OUT_OF_MEMORY.rawValue) }
        return list
    }

    private func isOneLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try unsafe guarded(postern_curl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, offset: Int64) throws(HTTPClientError) {
        try unsafe guarded(postern_curl_set_offset(easy, option, curl_off_t(offset)))
    }

    private func set(_ option: CURLoption, _ value: String) throws(HTTPClientError) {
        try unsafe guarded(postern_curl_set_string(easy, option, value))
    }

    private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(HTTPClientError) {
        try unsafe guarded(postern_curl_set_pointer(easy, option, pointer))
    }

    private func guarded(_ code: CURLcode) throws(HTTPClientError) {
        guard code == CURLE_OK else { throw .setup(code: code.rawValue) }
    }
}

/// A curl string list, freed with its owner.
@safe
final class FieldList {
    private var list: UnsafeMutablePointer<curl_slist>?
    private(set) var isOutOfMemory = false

    deinit { unsafe curl_slist_free_all(list) }

    var isEmpty: Bool { unsafe list == nil }

    var head: UnsafeMutableRawPointer? { unsafe UnsafeMutableRawPointer(list) }

    func append(_ line: String) {
        guard let longer = unsafe curl_slist_append(list, line) else {
            isOutOfMemory = true
            return
        }
        unsafe list = longer
    }
}

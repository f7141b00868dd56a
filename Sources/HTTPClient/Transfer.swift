import CCurl
import Glibc

/// The state of one exchange, which curl's callbacks reach through their context pointer.
final class Transfer {
    let body: OutboundBody
    private(set) var failure: HTTPClientError?
    private(set) var hasHead = false
    private let sink: ResponseSink
    private let maxHeadBytes: Int
    private let isCancelled: () -> Bool
    private var lastAsked = timespec()
    private var outgoing: [UInt8] = []
    private var headBytes = 0
    private var status = 0
    private var fields: [(name: String, value: String)] = []

    init(body: OutboundBody, sink: ResponseSink, maxHeadBytes: Int, isCancelled: @escaping () -> Bool) {
        self.body = body
        self.sink = sink
        self.maxHeadBytes = maxHeadBytes
        self.isCancelled = isCancelled
        unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &lastAsked)
    }

    /// Fills curl's upload buffer; nil gives up.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        switch body {
        // Bytes are given to curl by address.
        case .none, .bytes:
            return 0
        case .stream(_, let read):
            outgoing.removeAll(keepingCapacity: true)
            guard let count = read(buffer.count, &outgoing), count <= buffer.count else {
                failure = failure ?? .stopped
                return nil
            }
            unsafe buffer.copyBytes(from: outgoing[..<count])
            return count
        }
    }

    /// Takes one line of the head, its line end included.
    func header(_ line: UnsafeRawBufferPointer) -> Bool {
        headBytes += line.count
        guard headBytes <= maxHeadBytes else { return fail(.tooLarge(limit: maxHeadBytes)) }
        var text = unsafe line[...]
        while let last = unsafe text.last, last == 0x0A || last == 0x0D { unsafe text = text.dropLast() }
        if unsafe text.starts(with: "HTTP/".utf8) {
            fields.removeAll(keepingCapacity: true)
            let word = unsafe text.drop { $0 != 0x20 }.dropFirst().prefix { $0 != 0x20 }
            status = unsafe Int(String(decoding: word, as: UTF8.self)) ?? 0
            return true
        }
        if unsafe text.isEmpty { return endOfHead() }
        // Trailers come after the head and are not passed on.
        guard !hasHead, let colon = unsafe text.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let value = unsafe text[colon...].dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
        let name = unsafe String(decoding: text[..<colon], as: UTF8.self)
        fields.append((name, unsafe String(decoding: value, as: UTF8.self)))
        return true
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let span = unsafe Span<UInt8>(_unsafeBytes: bytes)
        return sink.body(span) ? true : fail(.stopped)
    }

    /// Whether to give up; the caller is asked ten times a second at most.
    func shouldStop() -> Bool {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
        let elapsed = (now.tv_sec - lastAsked.tv_sec) * 1000 + (now.tv_nsec - lastAsked.tv_nsec) / 1_000_000
        guard elapsed >= 100 else { return false }
        lastAsked = now
        guard isCancelled() else { return false }
        failure = failure ?? .cancelled
        return true
    }

    private func endOfHead() -> Bool {
        guard !hasHead, status >= 200 else { return true }
        hasHead = true
        return sink.head(ResponseHead(status: status, fields: fields)) ? true : fail(.stopped)
    }

    private func fail(_ error: HTTPClientError) -> Bool {
        failure = failure ?? error
        return false
    }
}

// curl's callbacks. A short count makes curl end the transfer; the reason is kept in the transfer.
func onRead(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?)
    -> Int
{
    guard let transfer = unsafe transfer(context) else { return Int(CURL_READFUNC_ABORT) }
    let room = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.read(into: room) ?? Int(CURL_READFUNC_ABORT)
}

func onHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer = unsafe transfer(context) else { return 0 }
    return unsafe transfer.header(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

func onBody(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?)
    -> Int
{
    guard let transfer = unsafe transfer(context) else { return 0 }
    return unsafe transfer.body(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

func onProgress(
    _ context: UnsafeMutableRawPointer?,
    _: curl_off_t,
    _: curl_off_t,
    _: curl_off_t,
    _: curl_off_t
) -> Int32 {
    unsafe transfer(context)?.shouldStop() ?? true ? 1 : 0
}

@unsafe
private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

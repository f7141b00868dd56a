import FastCGI
import HTTPClient
import Masking
import OpenSSL

/// Takes AWS's answer, masks it, and gives it to the agent.
///
/// An answer that fits `wholeLimit` is sent in one piece with its true length; a longer one goes on as it comes, without
/// the fields that a replacement would make false. Once masking has failed nothing more is passed on.
final class ResponseRelay {
    /// Bytes of a masked answer up to which it is held back to learn its length.
    static let wholeLimit = 1 << 20
    /// Bytes of an answer that are kept as its opening.
    static let openingLimit = 512

    private let exchange: Exchange
    private let isHead: Bool
    /// What of a widened range was asked for; nil where no range was.
    var window: RangeWindow?
    private var cut: RangeWindow.Cut?
    private var cutPosition: Int64 = 0
    private let makeMasker: (ResponseHead, _ opening: Span<UInt8>) throws(MaskingError) -> ResponseMasker
    private let maskField: (String, String) throws(MaskingError) -> String
    /// Changes a masked answer that is held whole, where it names hosts of AWS's.
    var rewrite: (([UInt8]) -> [UInt8])?
    /// Where a redirect of AWS's leads instead: to the gateway.
    var location: String?
    private var head: ResponseHead?
    private var masker: ResponseMasker?
    private var isStreaming = false
    private var flushesEachPiece = false
    private var pending: [UInt8] = []
    private var hasher: SHA256Hasher? = SHA256Hasher()
    private var fieldFindings: [String: Int] = [:]
    /// Why the answer was given up.
    private(set) var failure: Rejection?
    /// Whether the agent has got the answer's head.
    private(set) var hasBegun = false
    /// Body bytes given to the agent.
    private(set) var bytesOut: Int64 = 0
    /// Body bytes got from AWS.
    private(set) var bytesFromUpstream: Int64 = 0
    /// The first bytes of the unmasked body, in which protocols put their error code.
    private(set) var opening: [UInt8] = []

    init(
        _ exchange: Exchange,
        isHead: Bool,
        makeMasker: @escaping (ResponseHead, _ opening: Span<UInt8>) throws(MaskingError) -> ResponseMasker,
        maskField: @escaping (String, String) throws(MaskingError) -> String
    ) {
        self.exchange = exchange
        self.isHead = isHead
        self.makeMasker = makeMasker
        self.maskField = maskField
    }

    /// Where the HTTP client delivers.
    var sink: ResponseSink {
        ResponseSink(head: { self.take($0) }, body: { self.take($0) })
    }

    /// AWS's status; nil before there is one.
    var status: Int? { head?.status }

    /// A field of AWS's answer.
    func field(_ name: String) -> String? { head?.first(name) }

    /// Counts by type of what was replaced.
    var findings: [String: Int] { (masker?.findings ?? [:]).merging(fieldFindings, uniquingKeysWith: +) }

    /// SHA-256 of the body that the agent got; to be asked once, at the end.
    func digest() -> SHA256Digest? { hasher.take()?.finish() }

    /// Forgets an answer of which the agent has seen nothing, for another one in its place.
    func reset() {
        head = nil
        masker = nil
        cut = nil
        cutPosition = 0
        isStreaming = false
        flushesEachPiece = false
        pending = []
        fieldFindings = [:]
        failure = nil
        bytesFromUpstream = 0
        opening = []
    }

    /// States that AWS's answer is complete, and sends what is left.
    func finish() throws(Rejection) {
        if let failure { throw failure }
        guard let head else { throw Rejection(HTTPClientError.truncated(detail: "no head")) }
        do throws(MaskingError) {
            try masker?.finish(to: &pending)
        } catch {
            throw Rejection(error)
        }
        if !isStreaming {
            if let rewrite, head.status == 200 { pending = rewrite(pending) }
            try sendHead(head, length: cut.map { Int($0.length) } ?? pending.count)
        }
        try send()
    }

    private func take(_ head: ResponseHead) -> Bool {
        self.head = head
        if head.status == 206, !isHead, !take(range: head) { return false }
        let type = head.first("content-type") ?? ""
        flushesEachPiece = type.hasPrefix("application/vnd.amazon.eventstream") || type.hasPrefix("text/event-stream")
        // Events may be long in coming; the agent gets the head at once.
        guard flushesEachPiece, !isHead else { return true }
        return begin(head, opening: [UInt8]().span) && startStreaming()
    }

    /// Chooses the masker by the head and the body's first bytes.
    private func begin(_ head: ResponseHead, opening: Span<UInt8>) -> Bool {
        do throws(MaskingError) {
            masker = try makeMasker(head, opening)
        } catch {
            return fail(Rejection(error))
        }
        // A large body that keeps its length is passed on as it comes.
        let length = head.first("content-length").flatMap { Int64($0) } ?? 0
        guard masker?.preservesLength == true, length > Int64(Self.wholeLimit), !flushesEachPiece else { return true }
        return startStreaming()
    }

    /// Settles what of a partial answer is passed on; a part that was not widened is not passed on at all.
    private func take(range head: ResponseHead) -> Bool {
        guard head.first("content-encoding") == nil, let window else {
            return fail(Rejection(MaskingError.unreadable(reason: "a part of an object by itself")))
        }
        cut = head.first("content-range").flatMap { window.cut(contentRange: $0) }
        guard cut == nil else { return true }
        return fail(.invalid("InvalidRange", "The requested range cannot be satisfied.", status: 416))
    }

    private func take(_ bytes: Span<UInt8>) -> Bool {
        bytesFromUpstream += Int64(bytes.count)
        open(bytes)
        guard let head, !isHead else { return true }
        if masker == nil, !begin(head, opening: bytes) { return false }
        do throws(MaskingError) {
            try masker?.write(bytes, to: &pending)
        } catch {
            return fail(Rejection(error))
        }
        if !isStreaming, pending.count > Self.wholeLimit { guard startStreaming() else { return false } }
        guard isStreaming else { return true }
        do throws(Rejection) {
            try send()
        } catch {
            return fail(error)
        }
        return true
    }

    /// Keeps the beginning; of white space, with which S3 keeps a link alive until it knows, one byte.
    private func open(_ bytes: Span<UInt8>) {
        guard opening.count < Self.openingLimit else { return }
        opening.reserveCapacity(Self.openingLimit)
        for index in bytes.indices {
            guard opening.count < Self.openingLimit else { return }
            if Self.isSpace(bytes[index]), opening.last.map(Self.isSpace) ?? true { continue }
            opening.append(bytes[index])
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private func startStreaming() -> Bool {
        guard let head else { return false }
        isStreaming = true
        do throws(Rejection) {
            try sendHead(head, length: nil)
            return true
        } catch {
            return fail(error)
        }
    }

    /// - Parameter length: the masked body's length where it is known.
    private func sendHead(_ head: ResponseHead, length: Int?) throws(Rejection) {
        let keepsLength = masker?.preservesLength ?? true
        // A compressed body has been unpacked; of a body that is still coming nobody knows yet.
        let isUnpacked = !keepsLength && head.first("content-encoding") != nil
        let isReplaced = rewrite != nil || !(masker?.findings.isEmpty ?? true)
        let isChanged = length == nil || isUnpacked || cut != nil || isReplaced
        var fields: [(name: String, value: String)] = []
        do throws(MaskingError) {
            for (name, value) in head.fields where ResponseFields.mayPass(name) {
                if isChanged, MaskingEngine.isInvalidatedByMasking(header: name, preservesLength: keepsLength) {
                    continue
                }
                if let cut, name.lowercased() == "content-range" {
                    fields.append((name, cut.contentRange))
                    continue
                }
                if let location, (300..<400).contains(head.status), name.lowercased() == "location" {
                    fields.append((name, location))
                    continue
                }
                let masked = try maskField(name, value)
                if masked != value { fieldFindings["header", default: 0] += 1 }
                fields.append((name, masked))
            }
        } catch {
            throw Rejection(error)
        }
        let isEmpty = head.status == 204 || head.status == 304
        if isHead {
            if let declared = head.first("content-length") { fields.append(("Content-Length", declared)) }
        } else if let length, !isEmpty {
            fields.append(("Content-Length", String(length)))
        } else if let cut {
            fields.append(("Content-Length", String(cut.length)))
        } else if keepsLength, let declared = head.first("content-length") {
            fields.append(("Content-Length", declared))
        }
        if flushesEachPiece { fields.append(("X-Accel-Buffering", "no")) }
        hasBegun = true
        do throws(FastCGIError) {
            try exchange.writeHead(status: head.status, fields: fields)
        } catch {
            throw Rejection(.upstream, status: 502, code: "BadGateway", "The agent left.")
        }
    }

    private func send() throws(Rejection) {
        guard !pending.isEmpty, !isHead else { return }
        // Moved out for the time being, which keeps its memory.
        var piece: [UInt8] = []
        swap(&piece, &pending)
        if let cut { trim(&piece, to: cut) }
        hasher?.update(piece.span)
        bytesOut += Int64(piece.count)
        do throws(FastCGIError) {
            try exchange.write(piece.span)
            if flushesEachPiece { try exchange.flush() }
        } catch {
            throw Rejection(.upstream, status: 502, code: "BadGateway", "The agent left.")
        }
        piece.removeAll(keepingCapacity: true)
        swap(&piece, &pending)
    }

    /// Leaves of the next piece of a widened body what was asked for.
    private func trim(_ piece: inout [UInt8], to cut: RangeWindow.Cut) {
        let start = cutPosition
        cutPosition += Int64(piece.count)
        let from = min(max(cut.skip - start, 0), Int64(piece.count))
        let to = min(max(cut.skip + cut.length - start, from), Int64(piece.count))
        piece.removeSubrange(Int(to)...)
        piece.removeSubrange(..<Int(from))
    }

    private func fail(_ rejection: Rejection) -> Bool {
        failure = failure ?? rejection
        return false
    }
}

import FastCGI
import HTTPClient
import HTTPTypes
import OpenSSL
import SigV4

/// How a payload goes on to AWS: the same bytes, in the form that the new signature covers.
final class OutgoingPayload {
    /// How the new signature covers it.
    let mode: PayloadMode
    private let payload: UnderstoodCall.Payload
    private let incoming: IncomingRequest
    private let source: IncomingBody
    private var decoder: ChunkedBodyDecoder?
    private var encoder: ChunkedBodyEncoder?
    private var hasher: SHA256Hasher? = SHA256Hasher()
    private var raw: [UInt8] = []
    private var decoded: [UInt8] = []
    private var isAtEnd = false
    /// Why the stream was given up.
    private(set) var failure: Rejection?

    init(_ payload: UnderstoodCall.Payload, incoming: IncomingRequest, body: IncomingBody) throws(Rejection) {
        self.payload = payload
        self.incoming = incoming
        source = body
        switch payload {
        case .whole(_, let digest): mode = .hash(digest)
        case .streamed(let hash): mode = hash.map { .hash($0) } ?? .unsignedPayload
        case .chunked(let verified):
            do throws(SignatureError) {
                // A trailer goes on as a trailer; without one the decoded bytes go as they are.
                if verified.claim.payload == .streamingSigned(trailer: false) {
                    mode = .unsignedPayload
                } else {
                    mode = .streamingUnsignedTrailer
                    encoder = ChunkedBodyEncoder()
                }
                decoder = try ChunkedBodyDecoder(verified)
            } catch {
                throw Rejection(error)
            }
        }
    }

    /// What the client sends.
    var body: OutboundBody {
        switch payload {
        case .whole(let bytes, _):
            return bytes.isEmpty && !expectsBody ? .none : .bytes(bytes)
        case .streamed:
            if incoming.contentLength == 0 { return .bytes([]) }
            return .stream(length: incoming.contentLength) { [self] limit, buffer in pass(limit, &buffer) }
        case .chunked:
            return .stream(length: encoder == nil ? decoder?.decodedLength : nil) { [self] limit, buffer in
                unpack(limit, &buffer)
            }
        }
    }

    /// Whether `body` is there for a second time.
    var canRepeat: Bool {
        switch payload {
        case .whole: true
        case .streamed: incoming.contentLength == 0
        case .chunked: false
        }
    }

    /// The fields as they fit the payload's form.
    func adjusted(_ fields: HTTPFields) -> HTTPFields {
        guard case .chunked = payload, encoder == nil else { return fields }
        return Self.unframed(fields)
    }

    /// The fields of a body that is no longer aws-chunked.
    static func unframed(_ fields: HTTPFields) -> HTTPFields {
        var fields = fields
        for name in ["x-amz-decoded-content-length", "x-amz-trailer"] {
            if let name = HTTPField.Name(name) { fields[name] = nil }
        }
        let encodings = fields[values: .contentEncoding].joined(separator: ",")
        fields[.contentEncoding] = ChunkedBodyEncoder.contentEncodingWhenDecoded(encodings)
        return fields
    }

    /// Methods of which a request without Content-Length would be odd.
    private var expectsBody: Bool { [.post, .put, .patch].contains(incoming.request.method) }

    /// Passes bytes on as they are; the last ones only if the whole is what was signed.
    private func pass(_ limit: Int, _ buffer: inout [UInt8]) -> Int? {
        do throws(Rejection) {
            let start = buffer.count
            let count = try source.read(upTo: limit, into: &buffer)
            guard case .streamed(let hash?) = payload else { return count }
            hasher?.update(buffer.span.extracting(start..<buffer.count))
            // AWS refuses a payload that does not fit the hash in the signature; this is only sooner.
            if count == 0, let actual = hasher.take()?.finish(), actual != hash {
                throw Rejection(SignatureError.contentHashMismatch)
            }
            return count
        } catch {
            failure = error
            return nil
        }
    }

    /// Verifies and unpacks aws-chunked, and packs it anew where there is a trailer.
    private func unpack(_ limit: Int, _ buffer: inout [UInt8]) -> Int? {
        do throws(Rejection) {
            while decoded.isEmpty, !isAtEnd { try fill() }
        } catch {
            failure = error
            return nil
        }
        let count = min(limit, decoded.count)
        buffer.append(contentsOf: decoded[..<count])
        decoded.removeFirst(count)
        return count
    }

    private func fill() throws(Rejection) {
        raw.removeAll(keepingCapacity: true)
        let count = try source.read(upTo: 65_536, into: &raw)
        var plain: [UInt8] = []
        do throws(SignatureError) {
            if count > 0 {
                try decoder?.decode(raw.span, into: &plain)
                if !plain.isEmpty { append(plain) }
            } else {
                isAtEnd = true
                let trailers = try decoder?.finish() ?? []
                encoder?.finish(trailers: trailers, into: &decoded)
            }
        } catch {
            throw Rejection(error)
        }
    }

    private func append(_ plain: [UInt8]) {
        if encoder == nil {
            decoded.append(contentsOf: plain)
        } else {
            encoder?.encode(plain.span, into: &decoded)
        }
    }
}

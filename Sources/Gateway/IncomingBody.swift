import FastCGI

/// The body of a request, read at most once.
final class IncomingBody {
    /// The most bytes of a body that is held whole: for hashing, parsing or an approval.
    static let wholeLimit = 32 << 20

    private let exchange: Exchange
    private let declared: Int64?
    /// Bytes read so far.
    private(set) var received: Int64 = 0

    init(_ exchange: Exchange, declared: Int64?) {
        self.exchange = exchange
        self.declared = declared
    }

    /// Whether the declared length is within `wholeLimit`, as far as one is.
    ///
    /// - Parameter decoded: the length that an aws-chunked body declares, which need not have any other.
    func fitsWhole(decoded: Int64?) -> Bool { (declared ?? decoded).map { $0 <= Int64(Self.wholeLimit) } ?? true }

    /// Reads everything, up to `wholeLimit`; refuses by the declared length before it reads.
    func whole(reason: String) throws(Rejection) -> [UInt8] {
        let limit = Self.wholeLimit
        if let declared, declared > Int64(limit) { throw Self.tooLarge(reason) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(clamping: declared ?? 0))
        // One byte more than is promised shows the end in the same read.
        let piece = min(max((declared ?? 65_535) + 1, 1), 65_536)
        while try read(upTo: Int(piece), into: &bytes) > 0 {
            guard bytes.count <= limit else { throw Self.tooLarge(reason) }
        }
        if let declared, declared != received {
            throw .invalid("IncompleteBody", "The request body has another length than Content-Length says.")
        }
        return bytes
    }

    /// Appends at most `limit` bytes; 0 at the end.
    func read(upTo limit: Int, into buffer: inout [UInt8]) throws(Rejection) -> Int {
        do {
            let count = try exchange.read(upTo: limit, into: &buffer)
            received += Int64(count)
            return count
        } catch {
            throw Rejection(error)
        }
    }

    private static func tooLarge(_ reason: String) -> Rejection {
        let limit = wholeLimit >> 20
        return .invalid(
            "RequestEntityTooLarge",
            "The body is larger than \(limit) MiB, the limit for \(reason).",
            status: 413
        )
    }
}

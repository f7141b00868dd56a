/// What recognition says about a request head.
public enum Recognition: Sendable {
    /// The operation is known.
    case call(RecognisedCall)
    /// The operation shows in the body only: ask again with it.
    case needsBody
}

/// A request whose operation is known.
public struct RecognisedCall: Sendable {
    /// What the body is needed for before the call can be judged.
    public enum BodyNeed: Sendable, Equatable {
        /// The operation has no members in the body.
        case none
        /// The body holds members: parse it whole.
        case whole
        /// The body is one opaque blob: it may be streamed.
        case streaming
    }

    /// The operation; where several remain, the one whose endpoint is used.
    public let operation: Operation
    /// All operations that the request could mean, `operation` first; policy must allow each.
    public let candidates: [Operation]
    /// How the request is written.
    public let wireProtocol: WireProtocol
    /// The region that AWS will see in the scope: the request's, or the fixed one of a global service.
    public let region: String
    /// The region that the client asked for.
    public let requestedRegion: Region
    /// The partition of the region.
    public var partition: Partition { requestedRegion.partition }
    /// The bucket and key of an S3 request.
    public let s3: S3Target?
    /// The host prefix as the client sent it, such as `111122223333.` or `stream-`; empty where there was none.
    public let receivedHostPrefix: String
    /// The raw path and query as AWS has it, without the prefix of a bearer URL.
    public let target: String
    /// The target that holds the input, where the client wrote the query as a form; else nil.
    let inputTarget: String?

    /// What the body is needed for.
    public var bodyNeed: BodyNeed {
        if operation.traits.contains(.eventStreamInput) || operation.traits.contains(.streamingInput) {
            return .streaming
        }
        switch wireProtocol {
        case .json10, .json11, .query, .ec2, .cbor: return .whole
        case .restJSON, .restXML, .s3:
            return operation.input?.members.contains { $0.location == .body } == true ? .whole : .none
        }
    }

    /// The account id in front of the host or in x-amz-account-id, for S3 Control.
    public var accountLabel: String? {
        let label = receivedHostPrefix.dropLast()
        return label.count == 12 && label.utf8.allSatisfy(ASCII.isDigit) ? String(label) : nil
    }

    /// The call as each of its candidates: parse and classify each where there is more than one.
    public var readings: [RecognisedCall] {
        candidates.map {
            RecognisedCall(
                operation: $0,
                candidates: [$0],
                wireProtocol: wireProtocol,
                region: region,
                requestedRegion: requestedRegion,
                s3: s3,
                receivedHostPrefix: receivedHostPrefix,
                target: target,
                inputTarget: inputTarget
            )
        }
    }

    /// Whether anything is changed, as far as access levels tell; true if any candidate does.
    public var isMutating: Bool { candidates.contains { $0.isMutating } }

    /// `service.Operation`, such as `ssm.GetParameter`.
    public var qualifiedName: String { operation.qualifiedName }
}

/// The bucket and key of an S3 request.
public struct S3Target: Sendable, Equatable {
    /// The bucket, decoded.
    public let bucket: String
    /// The key, decoded; nil for operations on the bucket.
    public let key: [UInt8]?
    /// Whether the bucket was in the Host.
    public let isVirtualHosted: Bool
    /// The access point in the bucket's place; `bucket` is then its ARN.
    public let accessPoint: S3AccessPoint?

    init(bucket: String, key: [UInt8]?, isVirtualHosted: Bool, accessPoint: S3AccessPoint? = nil) {
        self.bucket = bucket
        self.key = key
        self.isVirtualHosted = isVirtualHosted
        self.accessPoint = accessPoint
    }

    /// The key as text, unless it is not valid UTF-8.
    public var keyText: String? { key.flatMap { String(validating: $0, as: UTF8.self) } }
}

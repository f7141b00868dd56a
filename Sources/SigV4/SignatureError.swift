/// Why a request's signature was refused, or a request could not be signed.
public enum SignatureError: Error, Equatable, Sendable {
    /// There is no signature where one is needed.
    case missingAuthentication
    /// The Authorization header does not have the shape of Signature Version 4; the text says where.
    case malformedAuthorization(String)
    /// A part of the Authorization header or of a presigned URL is missing; its name.
    case missingPart(String)
    /// The query parameters of a presigned URL are malformed; the text says which.
    case malformedPresignedURL(String)
    /// The credential scope is not `yyyyMMdd/region/service/aws4_request`.
    case malformedScope
    /// Header and query carry credentials at once.
    case conflictingCredentials
    /// A header that may come once comes twice; its name.
    case duplicateHeader(String)
    /// The request is signed with Signature Version 2.
    case signatureVersion2
    /// The request is signed with the asymmetric Signature Version 4A.
    case signatureVersion4A
    /// Neither X-Amz-Date nor Date says when the request was signed, or what it says cannot be read.
    case malformedDate
    /// The day of the scope is not the day of signing.
    case dateOutsideScope
    /// Signed too long ago or in the future, seconds since 1970.
    case timeTooSkewed(signed: SigningTime, now: SigningTime)
    /// A presigned URL that is not valid yet.
    case notYetValid(SigningTime)
    /// A presigned URL that is not valid any more.
    case expired(SigningTime)
    /// Headers that must be signed are not; their names.
    case headersNotSigned([String])
    /// A header that is signed is not there; its name.
    case signedHeaderMissing(String)
    /// The request target is no path and query.
    case malformedTarget
    /// X-Amz-Content-SHA256 is neither a SHA-256 in hexadecimal nor one of the known words.
    case malformedContentHash
    /// X-Amz-Content-SHA256 is needed for this service and is missing.
    case missingContentHash
    /// The body is not the one that was signed.
    case contentHashMismatch
    /// This request may not leave its payload unsigned.
    case unsignedPayloadRefused
    /// A chunked payload outside of S3 or behind a presigned URL.
    case chunksRefused
    /// A stream of signed events from the client, which needs HTTP/2 in both directions.
    case eventStreamRefused
    /// A browser's upload by form, whose signature is a form field.
    case formUploadRefused
    /// The signature does not fit; the Host that the verifier saw.
    case signatureMismatch(host: String)
    /// The chunked framing of the body is broken; the text says where.
    case malformedChunk(String)
    /// A chunk is longer than the limit, in bytes.
    case chunkTooLarge(limit: Int)
    /// A chunk that is not the last one is shorter than the minimum, in bytes.
    case chunkTooSmall(minimum: Int)
    /// The signature of a chunk or of the trailer does not fit.
    case chunkSignatureMismatch
    /// The decoded body has another length than x-amz-decoded-content-length says.
    case decodedLengthMismatch(declared: Int64)
    /// A trailer is missing, comes twice or was not declared in x-amz-trailer; its name.
    case trailerMismatch(String)
    /// The trailing checksum does not fit the body; its name.
    case trailingChecksumMismatch(String)
    /// The same signed request was seen before.
    case replayed
    /// More requests than can be remembered; none may pass unremembered.
    case replayMemoryFull
}

extension SignatureError {
    /// The error code that AWS uses for the same mistake, which SDKs react to.
    public var code: String {
        switch self {
        case .missingAuthentication: "MissingAuthenticationToken"
        case .malformedAuthorization, .malformedScope: "AuthorizationHeaderMalformed"
        case .missingPart: "IncompleteSignature"
        case .malformedPresignedURL: "AuthorizationQueryParametersError"
        case .conflictingCredentials, .duplicateHeader, .malformedContentHash: "InvalidArgument"
        case .signatureVersion2, .signatureVersion4A, .chunksRefused, .formUploadRefused, .missingContentHash,
            .eventStreamRefused:
            "InvalidRequest"
        case .malformedDate, .notYetValid, .expired, .headersNotSigned, .unsignedPayloadRefused: "AccessDenied"
        case .dateOutsideScope, .signedHeaderMissing, .signatureMismatch, .chunkSignatureMismatch:
            "SignatureDoesNotMatch"
        case .timeTooSkewed: "RequestTimeTooSkewed"
        case .malformedTarget: "InvalidURI"
        case .contentHashMismatch: "XAmzContentSHA256Mismatch"
        case .malformedChunk, .decodedLengthMismatch: "IncompleteBody"
        case .chunkTooLarge: "EntityTooLarge"
        case .chunkTooSmall: "InvalidChunkSizeError"
        case .trailerMismatch: "MalformedTrailerError"
        case .trailingChecksumMismatch: "BadDigest"
        case .replayed: "AccessDenied"
        case .replayMemoryFull: "SlowDown"
        }
    }

    /// The HTTP status that belongs to `code`: 403, 400 where the request is malformed, 503 where waiting helps.
    public var status: Int {
        switch self {
        case .malformedAuthorization, .malformedScope, .missingPart, .malformedPresignedURL, .conflictingCredentials,
            .duplicateHeader, .malformedContentHash, .signatureVersion2, .signatureVersion4A,
            .chunksRefused, .formUploadRefused, .eventStreamRefused, .missingContentHash, .malformedTarget,
            .contentHashMismatch,
            .malformedChunk,
            .decodedLengthMismatch, .chunkTooLarge, .chunkTooSmall, .trailerMismatch, .trailingChecksumMismatch:
            400
        case .missingAuthentication, .malformedDate, .dateOutsideScope, .timeTooSkewed, .notYetValid, .expired,
            .headersNotSigned, .signedHeaderMissing, .unsignedPayloadRefused, .signatureMismatch,
            .chunkSignatureMismatch, .replayed:
            403
        case .replayMemoryFull: 503
        }
    }

    /// What went wrong and what to do about it, for an honest user; holds no secret.
    public var message: String {
        switch self {
        case .missingAuthentication: "The request is not signed."
        case .malformedAuthorization(let reason): "The Authorization header is malformed: \(reason)."
        case .missingPart(let name): "The signature is incomplete: \(name) is missing."
        case .malformedPresignedURL(let reason): "The presigned URL is malformed: \(reason)."
        case .malformedScope:
            "The credential scope is malformed: expected yyyyMMdd/region/service/aws4_request."
        case .conflictingCredentials:
            "Only one of the Authorization header and the X-Amz query parameters may carry credentials."
        case .duplicateHeader(let name): "The header \(name) occurs more than once."
        case .signatureVersion2:
            "Signature Version 2 is not supported: use Signature Version 4 (in the AWS CLI and boto3, set "
                + "s3.signature_version or Config(signature_version) to s3v4)."
        case .signatureVersion4A:
            "Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not supported: use AWS4-HMAC-SHA256 with one region."
        case .malformedDate:
            "The request has no valid X-Amz-Date (yyyyMMddTHHmmssZ) or Date header."
        case .dateOutsideScope: "The date of the credential scope is not the date of the request."
        case .timeTooSkewed(let signed, let now):
            "The difference between the request time (\(signed)) and the server's time (\(now)) is too large: "
                + "check the clock of the machine that signed."
        case .notYetValid(let time): "The presigned URL is valid from \(time) on."
        case .expired(let time): "The presigned URL has expired at \(time)."
        case .headersNotSigned(let names):
            "There were headers present in the request which were not signed: \(names.joined(separator: ", "))"
                + (names.contains("content-type") ? " (curl signs Content-Type if it is set by -H)." : ".")
        case .signedHeaderMissing(let name):
            "The signed header \(name) did not arrive: something between client and gateway may have removed it."
        case .malformedTarget: "The request target cannot be read."
        case .malformedContentHash:
            "x-amz-content-sha256 must be the SHA-256 of the payload in hexadecimal, UNSIGNED-PAYLOAD, "
                + "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD or "
                + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER."
        case .missingContentHash: "Missing required header for this request: x-amz-content-sha256."
        case .contentHashMismatch: "The provided x-amz-content-sha256 does not match what was computed."
        case .unsignedPayloadRefused: "The payload of this request must be signed."
        case .chunksRefused: "Only S3's requests with an Authorization header can carry an aws-chunked payload."
        case .eventStreamRefused:
            "Event streams from the client (HTTP/2 in both directions) are not supported: use an operation that takes the "
                + "whole input at once."
        case .formUploadRefused:
            "Uploads by POST policy (multipart/form-data) are not supported: use PutObject or a presigned URL."
        case .signatureMismatch(let host):
            "The request signature does not match: check the secret access key, and that nothing between client and "
                + "gateway changes signed headers (Host arrived as \(host))."
        case .malformedChunk(let reason): "The aws-chunked body is malformed: \(reason)."
        case .chunkTooLarge(let limit): "A chunk of the body is larger than \(limit) bytes."
        case .chunkTooSmall(let minimum): "Only the last chunk may be smaller than \(minimum) bytes."
        case .chunkSignatureMismatch: "The signature of a chunk or of the trailer does not match."
        case .decodedLengthMismatch(let declared):
            "The body does not have the \(declared) bytes of x-amz-decoded-content-length."
        case .trailerMismatch(let name): "The trailer \(name) is not the one that x-amz-trailer declares."
        case .trailingChecksumMismatch(let name): "The \(name) you specified did not match the calculated checksum."
        case .replayed: "This signed request was received before: sign it again."
        case .replayMemoryFull: "Too many requests: retry later."
        }
    }
}

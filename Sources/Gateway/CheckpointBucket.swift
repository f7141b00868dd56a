public import Audit
public import Configuration
public import HTTPClient
import HTTPTypes
import Identity
import OpenSSL
import SigV4

/// Puts checkpoints into an S3 bucket with the gateway's own credential, out of the database's reach.
///
/// Keys are `PREFIX` `WRITER/SEQUENCE-TIME.json`, so that no checkpoint replaces another one. The credential needs
/// `s3:PutObject` there and nothing else; a bucket with Object Lock keeps them from everybody.
public struct CheckpointBucket: Sendable {
    private let bucket: Settings.Audit.Bucket
    private let server: Settings.Upstream.Server
    private let access: UpstreamAccess
    private let client: HTTPClient
    private let signer = RequestSigner()

    /// - Parameter client: one whose whole exchange has a limit.
    public init(
        _ bucket: Settings.Audit.Bucket,
        server: Settings.Upstream.Server,
        access: UpstreamAccess,
        client: HTTPClient
    ) {
        self.bucket = bucket
        self.server = server
        self.access = access
        self.client = client
    }

    /// What metrics call it.
    public var name: String { "s3://\(bucket.name)/\(bucket.prefix)" }

    /// Puts one checkpoint; false where S3 did not confirm it.
    @Sendable
    public func put(_ checkpoint: Checkpoint) -> Bool {
        let body = Array("\(checkpoint.line)\n".utf8)
        let digest = SHA256.hash(body)
        // Path style: a bucket's name with dots has no certificate as a host.
        let host = "s3.\(bucket.region).amazonaws.com\(bucket.region.hasPrefix("cn-") ? ".cn" : "")"
        let key = "\(checkpoint.writer)/\(checkpoint.sequence)-\(checkpoint.time.microseconds).json"
        var request = HTTPRequest(
            method: .put,
            scheme: "https",
            authority: host,
            path: "/\(bucket.name)/\(bucket.prefix)\(key)",
            headerFields: [.contentType: "application/json"]
        )
        // Buckets with Object Lock take nothing without a checksum.
        if let name = HTTPField.Name("x-amz-checksum-sha256") {
            request.headerFields[name] = Base64.encode(digest.bytes)
        }
        do {
            try signer.sign(
                &request,
                with: Credential(try access.ownCredentials()),
                region: bucket.region,
                service: "s3",
                payload: .hash(digest),
                now: SigningTime(secondsSince1970: UnixTime.current().seconds)
            )
            var status = 0
            try client.perform(
                OutboundRequest(
                    to: server.destination(of: host),
                    method: .put,
                    target: request.path ?? "/",
                    host: host,
                    fields: request.headerFields
                ),
                body: .bytes(body),
                into: ResponseSink(
                    head: { head in
                        status = head.status
                        return true
                    },
                    body: { _ in true }
                )
            )
            return status == 200
        } catch {
            return false
        }
    }
}

internal import XMLStream

/// Asks AWS's STS for temporary credentials.
public struct STSClient: Sendable {
    /// Signs a request for service `sts` in a region with Signature Version 4, returning it with its headers.
    public typealias Sign =
        @Sendable (FetchRequest, AWSCredentials, _ region: String, UnixTime) throws(AWSCredentialsError) -> FetchRequest

    private static let maximumAnswer = 65_536

    private let endpoint: String
    private let region: String
    private let fetch: Fetch
    private let sign: Sign

    /// Asks the endpoint of one region, `https://sts.REGION.amazonaws.com/` or what the partition has instead.
    public init(endpoint: String, region: String, fetch: @escaping Fetch, sign: @escaping Sign) {
        self.endpoint = endpoint
        self.region = region
        self.fetch = fetch
        self.sign = sign
    }

    /// Assumes a role as `identity` says.
    public func assumeRole(
        _ identity: UpstreamIdentity,
        with credentials: AWSCredentials,
        at now: UnixTime
    ) throws(AWSCredentialsError) -> AWSCredentials {
        var form = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", identity.role.text),
            ("RoleSessionName", identity.sessionName.text), ("DurationSeconds", String(UpstreamIdentity.duration)),
        ]
        if let id = identity.externalID { form.append(("ExternalId", id)) }
        if let source = identity.sourceIdentity { form.append(("SourceIdentity", source)) }
        for (index, tag) in identity.tags.enumerated() {
            form.append(("Tags.member.\(index + 1).Key", tag.key))
            form.append(("Tags.member.\(index + 1).Value", tag.value))
        }
        return try answer(try sign(request(form), credentials, region, now))
    }

    /// Exchanges an OIDC token for a role's credentials; the request is not signed.
    func assumeRoleWithWebIdentity(
        role: RoleARN,
        session: RoleSessionName,
        token: String
    ) throws(AWSCredentialsError) -> AWSCredentials {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role.text),
            ("RoleSessionName", session.text), ("WebIdentityToken", token),
        ]
        return try answer(request(form))
    }

    private func request(_ form: [(String, String)]) -> FetchRequest {
        let body = form.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        return FetchRequest(
            method: "POST",
            url: endpoint,
            headers: [FetchRequest.Header("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(body.utf8),
            maximumBytes: Self.maximumAnswer,
            timeoutMilliseconds: 10_000
        )
    }

    private func answer(_ request: FetchRequest) throws(AWSCredentialsError) -> AWSCredentials {
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(request)
        } catch {
            throw .fetch(source: "sts", error)
        }
        guard let texts = Self.texts(in: document.body) else {
            throw document.status == 200 ? .malformed(source: "sts") : .status(source: "sts", document.status)
        }
        guard document.status == 200 else {
            guard let code = texts["Error/Code"] else { throw .status(source: "sts", document.status) }
            throw .refused(code: code)
        }
        guard let id = texts["Credentials/AccessKeyId"], let secret = texts["Credentials/SecretAccessKey"],
            let token = texts["Credentials/SessionToken"],
            let expires = texts["Credentials/Expiration"].flatMap(UnixTime.init(iso8601:)),
            let credentials = AWSCredentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: token,
                expires: expires
            )
        else { throw .malformed(source: "sts") }
        return credentials
    }

    /// The texts of the document's elements by `PARENT/NAME`, or nil when it is not XML or has one of them twice.
    private static func texts(in document: [UInt8]) -> [String: String]? {
        do throws(XMLStreamError) {
            var stream = try XMLStream(limits: XMLLimits(maximumSize: maximumAnswer, maximumDepth: 16))
            try stream.write(document.span, isFinal: true)
            let content = stream.content
            var path: [String] = []
            var text: [UInt8] = []
            var texts: [String: String] = [:]
            for event in stream.events {
                switch event.kind {
                case .start:
                    path.append(String(decoding: content[event.content], as: UTF8.self))
                    text = []
                case .text: text.append(contentsOf: content[event.content])
                case .end:
                    let name = path.suffix(2).joined(separator: "/")
                    let value = String(decoding: text, as: UTF8.self).trimmingSpaces()
                    if !value.isEmpty, texts.updateValue(value, forKey: name) != nil { return nil }
                    path.removeLast()
                    text = []
                case .attributeName, .attributeValue, .comment: break
                }
            }
            return texts
        } catch {
            return nil
        }
    }
}

extension CredentialLoader {
    /// Asks the container's credential endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider").
    func container() throws(AWSCredentialsError) -> AWSCredentials {
        let url: String
        if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else { throw .malformed(source: "container") }
            url = "http://169.254.170.2" + path
        } else if let full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            url = full
        } else {
            throw .notConfigured
        }
        guard Self.mayBeAsked(url) else { throw .endpointRefused }
        var headers = [FetchRequest.Header("Accept", "application/json")]
        if let token = try containerToken() {
            headers.append(FetchRequest.Header("Authorization", token))
        }
        let document = try ask(FetchRequest(url: url, headers: headers, timeoutMilliseconds: 2000), "container")
        return try Self.credentials(in: document, source: "container")
    }

    /// Asks the instance metadata service, version 2 alone (EC2 User Guide, "Retrieve instance metadata").
    func instance() throws(AWSCredentialsError) -> AWSCredentials {
        guard variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { throw .notConfigured }
        let endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        guard let url = try? IssuerURL(parsing: base + "/", clearTextHosts: Self.instanceHosts) else {
            throw .endpointRefused
        }
        let token = try ask(
            FetchRequest(
                method: "PUT",
                url: url.text + "latest/api/token",
                headers: [FetchRequest.Header("X-aws-ec2-metadata-token-ttl-seconds", "21600")],
                maximumBytes: 4096,
                timeoutMilliseconds: 1000
            ),
            "instance"
        )
        guard let header = Self.headerValue(token) else { throw .malformed(source: "instance") }
        func get(_ path: String) throws(AWSCredentialsError) -> [UInt8] {
            try ask(
                FetchRequest(
                    url: url.text + "latest/meta-data/iam/security-credentials/" + path,
                    headers: [FetchRequest.Header("X-aws-ec2-metadata-token", header)],
                    maximumBytes: 65_536,
                    timeoutMilliseconds: 1000
                ),
                "instance"
            )
        }
        let listed = String(decoding: try get(""), as: UTF8.self).trimmingSpaces()
        // An instance has one role; its name becomes part of a path.
        guard (1...64).contains(listed.utf8.count), listed.utf8.allSatisfy(IAMCharacters.isNameCharacter) else {
            throw .malformed(source: "instance")
        }
        return try Self.credentials(in: try get(listed), source: "instance")
    }

    private static let containerHosts: Set<String> = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
    private static let instanceHosts: Set<String> = ["169.254.169.254", "[fd00:ec2::254]"]

    private static func mayBeAsked(_ url: String) -> Bool {
        (try? IssuerURL(parsing: url, query: true, clearTextHosts: containerHosts)) != nil
    }

    private func containerToken() throws(AWSCredentialsError) -> String? {
        guard let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            guard let token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") else { return nil }
            guard let value = Self.headerValue(Array(token.utf8)) else { throw .malformed(source: "container") }
            return value
        }
        // EKS replaces the file: it is read anew each time.
        guard let bytes = try read(file, maximumBytes: 65_536) else { throw .file(path: file, .missing) }
        guard let value = Self.headerValue(bytes) else { throw .malformed(source: "container") }
        return value
    }

    /// A token as it may stand in a header, the line end of its file left out.
    private static func headerValue(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self).trimmingSpaces()
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return nil }
        return text
    }

    private func ask(_ request: FetchRequest, _ source: String) throws(AWSCredentialsError) -> [UInt8] {
        let document: FetchedDocument
        do throws(FetchError) {
            document = try fetch(request)
        } catch {
            throw .fetch(source: source, error)
        }
        guard document.status == 200 else { throw .status(source: source, document.status) }
        return document.body
    }

    /// Reads the document that both endpoints answer with.
    private static func credentials(in document: [UInt8], source: String) throws(AWSCredentialsError) -> AWSCredentials
    {
        guard let members = try? JSONValue(parsing: document).object,
            members["Code"].map({ $0 == .string("Success") }) ?? true,
            let id = members["AccessKeyId"]?.string, let secret = members["SecretAccessKey"]?.string,
            let token = members["Token"]?.string,
            let expires = members["Expiration"]?.string.flatMap(UnixTime.init(iso8601:)),
            let credentials = AWSCredentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: token,
                expires: expires
            )
        else { throw .malformed(source: source) }
        return credentials
    }
}

/// Where a credential for AWS comes from.
public indirect enum CredentialSource: Sendable, Hashable {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    case environment
    /// A profile of the shared files; nil for `AWS_PROFILE`, otherwise `default`.
    case profile(String?)
    /// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `..._FULL_URI`: ECS and EKS pod identity.
    case container
    /// The instance metadata service, version 2.
    case instance
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`: the gateway's own OIDC token, as on EKS.
    case webIdentity
    /// The first that is set up of environment, web identity, profile, container and instance, as SDKs do.
    case standard
}

/// Loads credentials once, from what surrounds the process; `RefreshingCredentials` keeps them.
public struct CredentialLoader: Sendable {
    /// The most bytes of a shared file.
    private static let maximumFileBytes = 1_048_576

    /// The process's environment variables.
    let variables: [String: String]
    let fetch: Fetch
    let sts: STSClient

    /// Takes the environment variables and the way to the network.
    public init(variables: [String: String], sts: STSClient, fetch: @escaping Fetch) {
        self.variables = variables
        self.sts = sts
        self.fetch = fetch
    }

    /// Loads from one source.
    public func load(_ source: CredentialSource, at now: UnixTime) throws(AWSCredentialsError) -> AWSCredentials {
        switch source {
        case .environment: return try environment()
        case .profile(let name): return try profile(name, at: now)
        case .container: return try container()
        case .instance: return try instance()
        case .webIdentity: return try webIdentity(at: now)
        case .standard:
            for source in [CredentialSource.environment, .webIdentity, .profile(nil), .container, .instance] {
                do throws(AWSCredentialsError) {
                    return try load(source, at: now)
                } catch {
                    // A source that is set up and fails must not give way to another identity.
                    guard error == .notConfigured else { throw error }
                }
            }
            throw .notConfigured
        }
    }

    private func environment() throws(AWSCredentialsError) -> AWSCredentials {
        guard let id = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            let isHalf = variable("AWS_ACCESS_KEY_ID") != nil || variable("AWS_SECRET_ACCESS_KEY") != nil
            throw isHalf ? .malformed(source: "environment") : .notConfigured
        }
        let token = variable("AWS_SESSION_TOKEN")
        guard
            let credentials = AWSCredentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: token,
                expires: nil
            )
        else { throw .malformed(source: "environment") }
        return credentials
    }

    private func webIdentity(at now: UnixTime) throws(AWSCredentialsError) -> AWSCredentials {
        guard let file = variable("AWS_WEB_IDENTITY_TOKEN_FILE") else { throw .notConfigured }
        guard let role = variable("AWS_ROLE_ARN") else { throw .malformed(source: "web identity") }
        return try webIdentity(file: file, role: role, session: variable("AWS_ROLE_SESSION_NAME"), at: now)
    }

    func webIdentity(
        file: String,
        role: String,
        session: String?,
        at now: UnixTime
    ) throws(AWSCredentialsError) -> AWSCredentials {
        guard let role = try? RoleARN(parsing: role), let name = try? RoleSessionName(parsing: session ?? "postern")
        else { throw .malformed(source: "web identity") }
        // Kubernetes writes a new token into the file: it is read anew each time.
        guard let bytes = try read(file, maximumBytes: CompactJWS.maximumLength) else {
            throw .file(path: file, .missing)
        }
        let token = String(decoding: bytes, as: UTF8.self).trimmingSpaces()
        return try sts.assumeRoleWithWebIdentity(role: role, session: name, token: token)
    }

    /// The value of a variable that is set and not empty.
    func variable(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The bytes of a file, or nil when there is none.
    func read(_ path: String, maximumBytes: Int = maximumFileBytes) throws(AWSCredentialsError) -> [UInt8]? {
        do throws(FileError) {
            return try BoundedFile.read(path, maximumBytes: maximumBytes, secrecy: .none)
        } catch {
            guard error == .missing else { throw .file(path: path, error) }
            return nil
        }
    }
}

public import AWSRequest
public import Configuration
import Foundation
public import HTTPClient
import HTTPTypes
public import Identity
import OpenSSL
import SigV4

/// The credentials that calls are signed with: the gateway's own, or those of a role that it assumes for the caller.
public final class UpstreamAccess: Sendable {
    private let own: RefreshingCredentials
    private let assumed: AssumedRoles
    private let roles: InForce<[RoleARN: Settings.Role.Credentials]>

    /// Reads the process's environment; nothing is fetched before the first use.
    public init(settings: Settings, catalogue: Catalogue, client: HTTPClient) {
        let region = settings.upstream.defaultRegion
        let signer = RequestSigner()
        // STS is reached like every other service, the endpoints of containers and instances directly.
        let host = Self.host(settings.upstream, catalogue)
        let sts = STSClient(
            endpoint: "https://\(host)/",
            region: region,
            fetch: client.makeFetch(through: settings.upstream.server.destination(of: host))
        ) { request, credentials, region, now throws(AWSCredentialsError) in
            try Self.signed(request, by: signer, with: credentials, region: region, at: now)
        }
        let loader = CredentialLoader(
            variables: ProcessInfo.processInfo.environment,
            sts: sts,
            fetch: client.makeFetch()
        )
        own = RefreshingCredentials { now throws(AWSCredentialsError) in try loader.load(.standard, at: now) }
        assumed = AssumedRoles(base: own, sts: sts)
        roles = InForce(Self.credentials(of: settings.roles))
    }

    /// The host of the regional STS that the gateway itself asks.
    public static func host(_ upstream: Settings.Upstream, _ catalogue: Catalogue) -> String {
        catalogue.host(of: "sts.AssumeRole", in: upstream.defaultRegion, options: upstream.options)
            ?? "sts.\(upstream.defaultRegion).amazonaws.com"
    }

    /// Takes another configuration's roles, all at once; credentials that are known stay.
    public func replace(roles new: [Settings.Role]) {
        roles.replace(with: Self.credentials(of: new))
    }

    /// The gateway's own credential.
    public func ownCredentials() throws(AWSCredentialsError) -> AWSCredentials {
        try own.credentials()
    }

    /// The credential for one caller; a role that is no longer configured has none.
    func credentials(for assertion: IdentityAssertion) throws(AWSCredentialsError) -> AWSCredentials {
        switch roles.current[assertion.session.role] {
        case .gateway: try own.credentials()
        case .assume(let role): try assumed.credentials(for: UpstreamIdentity(assertion, in: role))
        case nil: throw .notConfigured
        }
    }

    /// Another credential in place of one that AWS did not take; the same one where there is no other.
    func credentials(
        for assertion: IdentityAssertion,
        replacing stale: AWSCredentials
    ) throws(AWSCredentialsError) -> AWSCredentials {
        switch roles.current[assertion.session.role] {
        case .gateway: try own.replace(stale)
        case .assume(let role): try assumed.replace(stale, for: UpstreamIdentity(assertion, in: role))
        case nil: throw .notConfigured
        }
    }

    private static func credentials(of roles: [Settings.Role]) -> [RoleARN: Settings.Role.Credentials] {
        Dictionary(roles.map { ($0.arn, $0.credentials) }, uniquingKeysWith: { first, _ in first })
    }

    private static func signed(
        _ request: FetchRequest,
        by signer: RequestSigner,
        with credentials: AWSCredentials,
        region: String,
        at now: UnixTime
    ) throws(AWSCredentialsError) -> FetchRequest {
        guard let url = URL(string: request.url), let host = url.host, let method = HTTPRequest.Method(request.method)
        else { throw .malformed(source: "sts") }
        var fields = HTTPFields()
        for header in request.headers {
            guard let name = HTTPField.Name(header.name) else { throw .malformed(source: "sts") }
            fields.append(HTTPField(name: name, value: header.value))
        }
        var message = HTTPRequest(method: method, scheme: url.scheme, authority: host, path: "/", headerFields: fields)
        do throws(SignatureError) {
            try signer.sign(
                &message,
                with: Credential(credentials),
                region: region,
                service: "sts",
                payload: .hash(SHA256.hash(request.body)),
                now: SigningTime(secondsSince1970: now.seconds)
            )
        } catch {
            throw .malformed(source: "sts")
        }
        var signed = request
        signed.headers = message.headerFields.map { FetchRequest.Header($0.name.rawName, $0.value) }
        return signed
    }
}

extension UpstreamIdentity {
    fileprivate init(_ assertion: IdentityAssertion, in role: Settings.AssumedRole) throws(AWSCredentialsError) {
        try self.init(assertion, role: role.arn, externalID: role.externalID, marks: role.marks)
    }
}

extension Settings.Upstream {
    /// The kinds of endpoints that the site wants.
    var options: EndpointOptions {
        var options: EndpointOptions = []
        if fips { options.insert(.fips) }
        if dualStack { options.insert(.dualStack) }
        return options
    }
}

extension Credential {
    /// The gateway's credential as the signer takes it.
    init(_ credentials: AWSCredentials) {
        self.init(
            accessKeyID: credentials.accessKeyID,
            secret: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken?.withSpan { bytes in
                String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
            }
        )
    }
}

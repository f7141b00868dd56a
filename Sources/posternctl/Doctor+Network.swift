import AWSRequest
import Configuration
import Gateway
import Glibc
import HTTPClient
import HTTPTypes
import Identity

/// What the doctor asks others by HTTP: the providers, nginx, AWS.
struct NetworkExamination {
    private let settings: Settings
    private let url: String
    private let catalogue: Catalogue
    private let client: HTTPClient
    /// Trusts what the workers trust.
    private let upstreamClient: HTTPClient
    private let report: DoctorReport

    init(settings: Settings, url: String?, ca: String?, report: DoctorReport) throws {
        self.settings = settings
        self.url = url ?? "https://\(settings.site)"
        self.report = report
        var limits = HTTPClient.Settings()
        limits.connectTimeout = 3000
        limits.totalTimeout = 10_000
        limits.caFile = settings.upstream.caFile
        upstreamClient = try HTTPClient(settings: limits)
        limits.caFile = ca
        catalogue = try Catalogue.embedded()
        client = try HTTPClient(settings: limits)
    }

    func examine() {
        for issuer in settings.issuers { examineIssuer(issuer) }
        examineNginx()
        examineUpstream()
        examineCredential()
    }

    private func examineIssuer(_ issuer: IssuerSettings) {
        let keys = IssuerKeys(issuer: issuer, fetch: (try? HTTPClient.makeFetch(for: issuer)) ?? client.makeFetch())
        switch keys.refreshIfDue() {
        case .failed(let error)?:
            let mend = """
                GET \(issuer.url)/.well-known/openid-configuration must work from here, by a certificate of the system's \
                authorities or of the issuer's ca_file, and name a jwks_uri
                """
            report.fail("identity provider", "\(issuer.url): \(error)", mend: mend)
        default: report.ok("identity provider", "\(issuer.url): discovery and keys are good")
        }
    }

    private func examineNginx() {
        let ready = "/_postern/health/ready"
        guard let health = get(ready) else { return }
        guard health.status == 200 else {
            let mend = "the workers cannot write the audit, or nginx does not find them: see their logs"
            report.fail("nginx", "\(ready) answers \(health.status)", mend: mend)
            return
        }
        report.ok("nginx", "\(url) is ready")
        let config = "the server must include postern.conf, have no other locations, and be its address's default"
        for path in ["/_postern/auth", "/_postern/route/call", "/_postern/nothing"] {
            guard let answer = get(path) else { return }
            if answer.status != 404 {
                report.fail("nginx", "\(path) answers \(answer.status) to the outside, not 404", mend: config)
            }
        }
        guard let unsigned = get("/") else { return }
        guard unsigned.status == 403, unsigned.first("x-postern-request-id") != nil else {
            report.fail("nginx", "an unsigned call gets \(unsigned.status), not the gate's 403", mend: config)
            return
        }
        report.ok("nginx", "an unsigned call is refused, internal routes are closed")
    }

    private func get(_ path: String) -> ResponseHead? {
        guard let request = OutboundRequest(getting: url + path) else {
            report.fail("nginx", "\(url) is no URL", mend: "give --url https://HOST:PORT")
            return nil
        }
        do throws(HTTPClientError) {
            return try client.head(of: request)
        } catch {
            report.fail("nginx", "\(url)\(path): \(error)", mend: "nginx -t; systemctl status nginx; --url and --ca")
            return nil
        }
    }

    /// AWS refuses signatures that are more than five minutes off.
    private func examineUpstream() {
        let host = UpstreamAccess.host(settings.upstream, catalogue)
        let request = OutboundRequest(
            to: settings.upstream.server.destination(of: host),
            method: .get,
            target: "/",
            host: host
        )
        do throws(HTTPClientError) {
            let before = UnixTime.current()
            let head = try upstreamClient.head(of: request)
            guard let seconds = head.first("date").flatMap(HTTPDate.seconds) else {
                report.warn("aws", "\(host) tells no time", mend: "nothing, where it is not AWS itself")
                return
            }
            Clocks.compare("\(host)'s", seconds, with: before, tolerance: 60, report)
        } catch {
            let mend = "let this node reach AWS on port 443; HTTPS_PROXY where there is a proxy"
            report.fail("aws", "\(host): \(error)", mend: mend)
        }
    }

    private func examineCredential() {
        do throws(AWSCredentialsError) {
            let access = UpstreamAccess(settings: settings, catalogue: catalogue, client: upstreamClient)
            let credentials = try access.ownCredentials()
            let expiry = credentials.expires.map { "expires \($0)" } ?? "does not expire: prefer a role's"
            report.ok("aws", "credential \(credentials.accessKeyID), \(expiry)")
        } catch {
            report.warn(
                "aws",
                "no credential is found from here: \(error)",
                mend:
                    "the workers' environment may still have one: AWS_SHARED_CREDENTIALS_FILE, the instance's role ..."
            )
        }
    }
}

extension OutboundRequest {
    /// A GET of an absolute URL.
    init?(getting url: String) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        let scheme = String(url[..<mark.lowerBound])
        let rest = url[mark.upperBound...]
        let authority = String(rest.prefix { $0 != "/" })
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard scheme == "https" || scheme == "http", let host = parts.first, !host.isEmpty, parts.count <= 2 else {
            return nil
        }
        guard let port = parts.count == 2 ? UInt16(parts[1]) : (scheme == "https" ? 443 : 80) else { return nil }
        self.init(
            to: Destination(scheme: scheme, host: String(host), port: Int(port)),
            method: .get,
            target: String(rest.dropFirst(authority.count)),
            host: authority
        )
    }
}

extension HTTPClient {
    /// The head of the answer; its body is dropped.
    func head(of request: OutboundRequest) throws(HTTPClientError) -> ResponseHead {
        var head: ResponseHead?
        let sink = ResponseSink(
            head: {
                head = $0
                return true
            },
            body: { _ in true }
        )
        try perform(request, into: sink)
        guard let head else { throw .truncated(detail: "no head") }
        return head
    }
}

/// The Date header (RFC 9110 section 5.6.7).
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Seconds since 1970 of `Tue, 15 Nov 1994 08:12:31 GMT`.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]) else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return UnixTime(iso8601: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")?.seconds
    }
}

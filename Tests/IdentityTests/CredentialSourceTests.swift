import Foundation
import OpenSSL
import Synchronization
import Testing

@testable import Identity

/// Endpoints from a table, each request kept.
final class FakeEndpoints: Sendable {
    struct State: Sendable {
        var answers: [String: FetchedDocument] = [:]
        var requests: [FetchRequest] = []
    }

    let state = Mutex(State())

    func answer(_ url: String, _ body: String, status: Int = 200) {
        state.withLock { $0.answers[url] = FetchedDocument(status: status, body: Array(body.utf8)) }
    }

    var requests: [FetchRequest] { state.withLock(\.requests) }

    var fetch: Fetch {
        { [self] request throws(FetchError) in
            let answer = state.withLock { state in
                state.requests.append(request)
                return state.answers["\(request.method) \(request.url)"]
            }
            guard let answer else { throw .unreachable }
            return answer
        }
    }

    static let stsURL = "https://sts.us-east-1.amazonaws.com/"

    var sts: STSClient {
        STSClient(endpoint: Self.stsURL, region: "us-east-1", fetch: fetch) {
            request,
            credentials,
            region,
            now throws(AWSCredentialsError) in
            var request = request
            let field = FetchRequest.Header("Authorization", "\(credentials.accessKeyID) \(region) \(now.seconds)")
            request.headers.append(field)
            return request
        }
    }

    func loader(_ variables: [String: String]) -> CredentialLoader {
        CredentialLoader(variables: variables, sts: sts, fetch: fetch)
    }

    static func stsAnswer(
        _ action: String,
        id: String = "ASIASTS0000000000001",
        expires: String = "2027-01-15T09:00:00Z"
    ) -> String {
        """
        <?xml version="1.0"?><\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>
        <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/a/b</Arn><AssumedRoleId>AROA:b</AssumedRoleId></AssumedRoleUser>
        <Credentials><AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>sts&#x2F;secret</SecretAccessKey>
        <SessionToken>sts-token</SessionToken><Expiration>\(expires)</Expiration></Credentials></\(action)Result>
        <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></\(action)Response>
        """
    }
}

@Suite("Credential sources")
struct CredentialSourceTests {
    private let now = UnixTime(seconds: 1_800_000_000)
    private static let document =
        #"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIADOC0000000000001","SecretAccessKey":"doc-secret","#
        + #""Token":"doc-token","Expiration":"2027-01-15T14:00:00Z","LastUpdated":"2027-01-15T08:00:00Z"}"#

    private func secret(_ credentials: AWSCredentials) -> String {
        credentials.secretAccessKey.withSpan { span in
            String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        }
    }

    private func load(
        _ source: CredentialSource,
        _ variables: [String: String],
        _ fake: FakeEndpoints = FakeEndpoints()
    ) throws -> AWSCredentials {
        try fake.loader(variables).load(source, at: now)
    }

    private func files(config: String = "", credentials: String = "") throws -> [String: String] {
        let configPath = try Scratch.file("config")
        let credentialsPath = try Scratch.file("credentials")
        try BoundedFile.replace(configPath, with: Array(config.utf8))
        try BoundedFile.replace(credentialsPath, with: Array(credentials.utf8))
        return ["AWS_CONFIG_FILE": configPath, "AWS_SHARED_CREDENTIALS_FILE": credentialsPath]
    }

    @Test("Reads the environment, half of it being an error")
    func environment() throws {
        let variables = ["AWS_ACCESS_KEY_ID": "AKIAENV0000000000001", "AWS_SECRET_ACCESS_KEY": "env-secret"]
        let credentials = try load(.environment, variables)
        #expect(credentials.accessKeyID == "AKIAENV0000000000001" && secret(credentials) == "env-secret")
        #expect(credentials.sessionToken == nil && credentials.expires == nil)
        let temporary = try load(.environment, variables.merging(["AWS_SESSION_TOKEN": "env-token"]) { $1 })
        #expect(temporary.sessionToken == SecretBytes(utf8: "env-token"))
        #expect(throws: AWSCredentialsError.notConfigured) { try load(.environment, ["AWS_ACCESS_KEY_ID": ""]) }
        for name in variables.keys {
            let half = variables.filter { $0.key == name }
            #expect(throws: AWSCredentialsError.malformed(source: "environment")) { try load(.environment, half) }
        }
        for bad in ["short", "AKIA ENV0000000000001", "AKIAENV000000000000\n1"] {
            let wrong = variables.merging(["AWS_ACCESS_KEY_ID": bad]) { $1 }
            #expect(throws: AWSCredentialsError.malformed(source: "environment")) { try load(.environment, wrong) }
        }
    }

    @Test("Reads profiles, the credentials file before the config file, nested settings left out")
    func profiles() throws {
        let variables = try files(
            config:
                "[default]\nregion = us-east-1\naws_access_key_id = AKIACONFIG0000000001\ns3 =\n  aws_access_key_id = x\n"
                + "[profile team]\nAWS_ACCESS_KEY_ID=AKIATEAM000000000001\naws_secret_access_key = a=b/c+d\n[other]\nx = 1\n",
            credentials:
                "# comment\n[default]\naws_access_key_id = AKIAFILE000000000001\naws_secret_access_key= file-secret\r\n"
                + "; comment\n[temp]\naws_access_key_id = ASIATEMP000000000001\naws_secret_access_key = t\n"
                + "aws_session_token = tt\n"
        )
        #expect(try load(.profile(nil), variables).accessKeyID == "AKIAFILE000000000001")
        #expect(secret(try load(.profile("team"), variables)) == "a=b/c+d")
        #expect(try load(.profile("temp"), variables).sessionToken == SecretBytes(utf8: "tt"))
        let named = variables.merging(["AWS_PROFILE": "team"]) { $1 }
        #expect(try load(.profile(nil), named).accessKeyID == "AKIATEAM000000000001")
        #expect(throws: AWSCredentialsError.unknownProfile("other")) { try load(.profile("other"), variables) }
        let wrong = variables.merging(["AWS_PROFILE": "nobody"]) { $1 }
        #expect(throws: AWSCredentialsError.unknownProfile("nobody")) { try load(.standard, wrong) }
    }

    @Test("Says which setting of a profile it does not serve")
    func unsupported() throws {
        for setting in ["credential_process", "sso_session", "sso_start_url"] {
            let variables = try files(config: "[profile p]\n\(setting) = x\n")
            #expect(throws: AWSCredentialsError.unsupported(profile: "p", setting: setting)) {
                try load(.profile("p"), variables)
            }
        }
        let mfa = try files(
            config: "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/r\nmfa_serial = x\nsource_profile = p\n"
        )
        #expect(throws: AWSCredentialsError.unsupported(profile: "p", setting: "mfa_serial")) {
            try load(.profile("p"), mfa)
        }
        for text in ["[default\n", "[default]\nnonsense\n"] {
            let variables = try files(config: text)
            let path = try #require(variables["AWS_CONFIG_FILE"])
            #expect(throws: AWSCredentialsError.malformed(source: path)) { try load(.profile(nil), variables) }
        }
        let half = try files(credentials: "[default]\naws_access_key_id = AKIAHALF000000000001\n")
        #expect(throws: AWSCredentialsError.malformed(source: "profile default")) { try load(.profile(nil), half) }
    }

    @Test("Assumes the role of a profile from another, and refuses rings")
    func chained() throws {
        let fake = FakeEndpoints()
        fake.answer("POST " + FakeEndpoints.stsURL, FakeEndpoints.stsAnswer("AssumeRole"))
        let variables = try files(
            config:
                "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\nexternal_id = e/1\n"
                + "role_session_name = gate\n[profile a]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\n"
                + "[profile b]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = a\n"
                + "[profile none]\nrole_arn = arn:aws:iam::111122223333:role/r\n",
            credentials: "[base]\naws_access_key_id = AKIABASE000000000001\naws_secret_access_key = s\n"
        )
        let credentials = try load(.profile("role"), variables, fake)
        #expect(credentials.accessKeyID == "ASIASTS0000000000001" && secret(credentials) == "sts/secret")
        #expect(credentials.expires == now.adding(3600))
        let request = try #require(fake.requests.first)
        #expect(
            request.headers.last == FetchRequest.Header("Authorization", "AKIABASE000000000001 us-east-1 1800000000")
        )
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(body.contains("&RoleSessionName=gate&") && body.hasSuffix("&ExternalId=e%2F1"))
        #expect(throws: AWSCredentialsError.profileLoop("b")) { try load(.profile("a"), variables, fake) }
        #expect(throws: AWSCredentialsError.malformed(source: "profile none")) {
            try load(.profile("none"), variables, fake)
        }
    }

    @Test("Asks the container endpoint as its contract says")
    func container() throws {
        let fake = FakeEndpoints()
        fake.answer("GET http://169.254.170.2/v2/credentials/x?y=1", Self.document)
        let relative = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x?y=1"]
        #expect(try load(.container, relative, fake).accessKeyID == "ASIADOC0000000000001")
        fake.answer("GET http://169.254.170.23/v1/credentials", Self.document)
        let file = try Scratch.file("token")
        try BoundedFile.replace(file, with: Array("eks-token\n".utf8))
        let full = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not-this",
        ]
        #expect(try load(.container, full, fake).expires == UnixTime(iso8601: "2027-01-15T14:00:00Z"))
        #expect(fake.requests.last?.headers.last == FetchRequest.Header("Authorization", "eks-token"))
        #expect(throws: AWSCredentialsError.notConfigured) { try load(.container, [:], fake) }
    }

    @Test(
        "Never sends the container's token to a host that could be anybody's",
        arguments: [
            "http://example.com/", "http://169.254.170.3/", "http://169.254.169.254/", "http://127.0.0.1.example.com/",
            "ftp://127.0.0.1/", "http://127.0.0.1@example.com/", "127.0.0.1", "http://[::2]/",
        ]
    )
    func containerHosts(_ url: String) {
        let fake = FakeEndpoints()
        #expect(throws: AWSCredentialsError.endpointRefused) {
            try load(.container, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], fake)
        }
        #expect(fake.requests.isEmpty)
    }

    @Test(
        "Refuses answers of an endpoint that are not whole",
        arguments: [
            "", "[]", "{}", #"{"Code":"Failed"}"#, document.replacing("Success", with: "AssumeRoleUnauthorizedAccess"),
            document.replacing("AccessKeyId", with: "X"), document.replacing("doc-secret", with: ""),
            document.replacing("2027-01-15T14:00:00Z", with: "soon"), document.replacing("doc-token", with: "a\\nb"),
            document.replacing("\"Type\"", with: "\"Token\""),
        ]
    )
    func badAnswers(_ body: String) {
        let fake = FakeEndpoints()
        fake.answer("GET http://127.0.0.1:9/c", body)
        #expect(throws: AWSCredentialsError.malformed(source: "container")) {
            try load(.container, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/c"], fake)
        }
    }

    @Test("Asks the instance service by version 2, and never falls back to version 1")
    func instance() throws {
        let fake = FakeEndpoints()
        let base = "http://169.254.169.254/latest/"
        let roles = base + "meta-data/iam/security-credentials/"
        fake.answer("GET " + roles, "gateway-role\n")
        fake.answer("GET " + roles + "gateway-role", Self.document)
        #expect(throws: AWSCredentialsError.fetch(source: "instance", .unreachable)) { try load(.instance, [:], fake) }
        #expect(fake.requests.map(\.method) == ["PUT"])
        fake.answer("PUT " + base + "api/token", "", status: 403)
        #expect(throws: AWSCredentialsError.status(source: "instance", 403)) { try load(.instance, [:], fake) }
        fake.answer("PUT " + base + "api/token", "imds-token")
        #expect(try load(.instance, [:], fake).accessKeyID == "ASIADOC0000000000001")
        #expect(
            fake.requests.suffix(2).allSatisfy { request in
                request.headers == [FetchRequest.Header("X-aws-ec2-metadata-token", "imds-token")]
            }
        )
        #expect(fake.requests.dropFirst(2).first?.headers.first?.name == "X-aws-ec2-metadata-token-ttl-seconds")
        fake.answer("GET " + roles, "../../user-data")
        #expect(throws: AWSCredentialsError.malformed(source: "instance")) { try load(.instance, [:], fake) }
        let disabled = ["AWS_EC2_METADATA_DISABLED": "true"]
        #expect(throws: AWSCredentialsError.notConfigured) { try load(.instance, disabled, fake) }
        let elsewhere = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://example.com/"]
        #expect(throws: AWSCredentialsError.endpointRefused) { try load(.instance, elsewhere, fake) }
    }

    @Test("Exchanges the gateway's own OIDC token, read anew each time")
    func webIdentity() throws {
        let fake = FakeEndpoints()
        fake.answer("POST " + FakeEndpoints.stsURL, FakeEndpoints.stsAnswer("AssumeRoleWithWebIdentity"))
        let file = try Scratch.file("token")
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/gate",
            "AWS_ROLE_SESSION_NAME": "node-1",
        ]
        #expect(throws: AWSCredentialsError.file(path: file, .missing)) { try load(.standard, variables, fake) }
        for token in ["one", "two"] {
            try BoundedFile.replace(file, with: Array((token + "\n").utf8))
            #expect(try load(.standard, variables, fake).accessKeyID == "ASIASTS0000000000001")
            let body = String(decoding: fake.requests.last?.body ?? [], as: UTF8.self)
            #expect(body.hasSuffix("&RoleSessionName=node-1&WebIdentityToken=\(token)"))
            #expect(fake.requests.last?.headers.map(\.name) == ["Content-Type"])
        }
    }

    @Test("Reports what STS refuses, and answers that are none")
    func stsErrors() throws {
        let fake = FakeEndpoints()
        let file = try Scratch.file("token")
        try BoundedFile.replace(file, with: Array("t".utf8))
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/gate",
        ]
        let error =
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        let good = FakeEndpoints.stsAnswer("X")
        for (body, status, expected) in [
            (error, 403, AWSCredentialsError.refused(code: "AccessDenied")),
            ("<html>", 502, .status(source: "sts", 502)),
            ("<html></html>", 500, .status(source: "sts", 500)), ("{}", 200, .malformed(source: "sts")),
            (good.replacing("Expiration", with: "Exp"), 200, .malformed(source: "sts")),
            (
                good.replacing("<Credentials>", with: "<Credentials><AccessKeyId>AKIAOTHER0000000001</AccessKeyId>"),
                200,
                .malformed(source: "sts")
            ),
        ] {
            fake.answer("POST " + FakeEndpoints.stsURL, body, status: status)
            #expect(throws: expected) { try load(.webIdentity, variables, fake) }
        }
    }

    @Test("A source that is set up and fails never gives way to another identity")
    func noFallback() throws {
        let fake = FakeEndpoints()
        let base = "http://169.254.169.254/latest/"
        fake.answer("PUT " + base + "api/token", "t")
        fake.answer("GET " + base + "meta-data/iam/security-credentials/", "r")
        fake.answer("GET " + base + "meta-data/iam/security-credentials/r", Self.document)
        let nothing = try files()
        #expect(try load(.standard, nothing, fake).accessKeyID == "ASIADOC0000000000001")
        let regionOnly = try files(config: "[default]\nregion = eu-central-1\n")
        #expect(try load(.standard, regionOnly, fake).accessKeyID == "ASIADOC0000000000001")
        let broken = nothing.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"]) { $1 }
        #expect(throws: AWSCredentialsError.fetch(source: "container", .unreachable)) {
            try load(.standard, broken, fake)
        }
        let half = nothing.merging(["AWS_ACCESS_KEY_ID": "AKIAENV0000000000001"]) { $1 }
        #expect(throws: AWSCredentialsError.malformed(source: "environment")) { try load(.standard, half, fake) }
    }

    @Test("Never prints a secret")
    func redacted() throws {
        let credentials = try #require(
            AWSCredentials(
                accessKeyID: "AKIAENV0000000000001",
                secretAccessKey: "hush",
                sessionToken: "hush",
                expires: nil
            )
        )
        var dumped = ""
        dump(credentials, to: &dumped)
        #expect(!"\(credentials) \(String(reflecting: credentials)) \(dumped)".contains("hush"))
    }
}

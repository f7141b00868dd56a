import AWSRequest
import HTTPTypes
import OpenSSL
import Policy
import SigV4
import Testing

@testable import Gateway

@Suite("URLs presigned inside a call")
struct EmbeddedURLTests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    private static let credential = Credential(accessKeyID: "AKIDEXAMPLE", secret: SecretBytes(utf8: secret))
    private static let now = SigningTime(secondsSince1970: 1_780_000_000)
    private static let host = "gw.example.com"

    private let catalogue: Catalogue
    private let recogniser: Recogniser

    init() throws {
        catalogue = try Catalogue.embedded()
        recogniser = Recogniser(catalogue: catalogue, siteHosts: SiteHosts([Self.host]))
    }

    /// One of the operations whose form holds a URL.
    struct Copy: Sendable, CustomTestStringConvertible {
        let service: String
        let action: String
        let member: String
        let parameters: String
        var testDescription: String { action }
    }

    static let copies = [
        Copy(
            service: "ec2",
            action: "CopySnapshot&Version=2016-11-15",
            member: "PresignedUrl",
            parameters: "&SourceRegion=us-east-1&SourceSnapshotId=snap-1"
        ),
        Copy(
            service: "rds",
            action: "CopyDBSnapshot&Version=2014-10-31",
            member: "PreSignedUrl",
            parameters: "&SourceDBSnapshotIdentifier=a&TargetDBSnapshotIdentifier=b"
        ),
        Copy(
            service: "rds",
            action: "CreateDBInstanceReadReplica&Version=2014-10-31",
            member: "PreSignedUrl",
            parameters: "&DBInstanceIdentifier=b&SourceDBInstanceIdentifier=a"
        ),
    ]

    private func presigned(
        _ copy: Copy,
        action: String? = nil,
        credential: Credential = credential,
        region: String = "us-east-1",
        expires: Int64 = 3_600
    ) throws -> String {
        let request = HTTPRequest(
            method: .get,
            scheme: "https",
            authority: Self.host,
            path: "/?Action=\(action ?? copy.action)\(copy.parameters)"
        )
        let path = try RequestSigner().presign(
            request,
            with: credential,
            region: region,
            service: copy.service,
            expires: expires,
            now: Self.now
        )
        return "https://\(Self.host)\(path)"
    }

    /// The call around a URL, and the URL.
    private func outer(_ copy: Copy, _ url: String) throws -> (RecognisedCall, EmbeddedPresignedURL) {
        let encoded = url.utf8.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
        let body = Array("Action=\(copy.action)\(copy.parameters)&\(copy.member)=\(encoded)".utf8)
        var request = HTTPRequest(method: .post, scheme: "https", authority: Self.host, path: "/")
        request.headerFields[.contentType] = "application/x-www-form-urlencoded"
        let call = try recogniser.recognise(
            request,
            entrance: .signed(region: "eu-west-1", service: copy.service),
            body: body
        )
        let input = try catalogue.parse(call, request, body: body)
        return (call, try #require(try EmbeddedPresignedURL(in: call, input)))
    }

    private func life(
        _ url: EmbeddedPresignedURL,
        keyID: String = "AKIDEXAMPLE",
        secret: String = secret,
        after: Int64 = 0
    )
        throws -> Int64
    {
        try EmbeddedURL.life(
            of: url,
            keyID: keyID,
            secret: SecretBytes(utf8: secret),
            now: Self.now.advanced(by: after),
            allowedSkew: 900
        )
    }

    @Test("Are verified and are the same call in the source's region", arguments: copies)
    func good(_ copy: Copy) throws {
        let (outer, url) = try outer(copy, presigned(copy))
        #expect(try life(url) == 3_600)
        let call = try EmbeddedURL.call(of: url, in: outer, authority: Self.host, by: recogniser)
        #expect(call.qualifiedName == outer.qualifiedName)
        #expect(call.region == "us-east-1" && outer.region == "eu-west-1")
    }

    @Test("Are refused with another key, another secret, or once they have expired", arguments: copies)
    func badSignature(_ copy: Copy) throws {
        let (_, url) = try outer(copy, presigned(copy))
        #expect(throws: SignatureError.missingAuthentication) { try life(url, keyID: "AKIDOTHER") }
        #expect(throws: SignatureError.signatureMismatch(host: Self.host)) { try life(url, secret: "another") }
        #expect(throws: SignatureError.expired(Self.now.advanced(by: 3_600))) { try life(url, after: 3_601) }
        #expect(throws: SignatureError.notYetValid(Self.now)) { try life(url, after: -901) }
    }

    @Test(
        "Are refused once anything in them is changed",
        arguments: [
            ("snap-1", "snap-2"), ("us-east-1%2Fec2", "us-west-2%2Fec2"), ("X-Amz-Expires=3600", "X-Amz-Expires=7200"),
            ("https://gw.example.com", "https://ec2.us-east-1.amazonaws.com"),
            ("&SourceRegion", "&Encrypted=true&SourceRegion"),
        ]
    )
    func changed(_ old: String, _ new: String) throws {
        let copy = Self.copies[0]
        let text = try presigned(copy)
        try #require(text.contains(old))
        let (_, url) = try outer(copy, text.replacing(old, with: new))
        #expect(throws: SignatureError.self) { try life(url) }
    }

    @Test(
        "Are refused as another operation, service or nothing known",
        arguments: [
            "DeleteSnapshot&Version=2016-11-15", "CopyImage&Version=2016-11-15", "CopyNothing&Version=2016-11-15",
            "CopySnapshot", "CopySnapshot&Version=1999-01-01",
        ]
    )
    func otherOperation(_ action: String) throws {
        let copy = Self.copies[0]
        let (outer, url) = try outer(copy, presigned(copy, action: action))
        #expect(throws: RecognitionError.self) {
            try EmbeddedURL.call(of: url, in: outer, authority: Self.host, by: recogniser)
        }
    }

    @Test("Are refused in a region that nobody knows")
    func otherRegion() throws {
        let copy = Self.copies[0]
        let (outer, url) = try outer(copy, presigned(copy, region: "eu-nowhere-9"))
        #expect(throws: RecognitionError.unknownRegion("eu-nowhere-9")) {
            try EmbeddedURL.call(of: url, in: outer, authority: Self.host, by: recogniser)
        }
    }

    @Test("Are refused when they are signed by header or not at all")
    func notPresigned() throws {
        let copy = Self.copies[0]
        let text = try presigned(copy).replacing("X-Amz-Signature", with: "X-Amz-Signatur")
        let (_, url) = try outer(copy, text)
        #expect(throws: SignatureError.self) { try life(url) }
    }

    @Test("Make the stricter of two decisions count")
    func stricter() throws {
        let policy = try PolicySet(parsing: [
            .init(
                name: "p.yaml",
                text: """
                    Version: "2012-10-17"
                    Statement:
                      - {Sid: A, Effect: Allow, Action: "ec2:Allowed", Resource: "*"}
                      - {Sid: N, Effect: Deny, Action: "ec2:Denied", Resource: "*"}
                      - Sid: R
                        Effect: RequireApproval
                        Action: "ec2:Asked"
                        Resource: "*"
                        Approval: {Approvers: [a], Quorum: 1, ExpiresAfter: 15m, GrantLasts: 5m, Hold: 0s}
                    """
            )
        ])
        func decide(_ action: String) -> Decision {
            let needs = [AuthorizationRequest(action: "ec2:\(action)", resources: ["*"], accessLevel: "Write")]
            return policy.decide(needs, in: PolicyContext([:]))
        }
        let order = ["Allowed", "Asked", "Unknown", "Denied"]
        let names = ["Allow", "RequireApproval", "DefaultDeny", "Deny"]
        for (first, one) in order.enumerated() {
            for (second, other) in order.enumerated() {
                let outcome = EmbeddedURL.stricter(decide(one), decide(other)).outcome
                let expected = names[max(first, second)]
                #expect(outcome.name == expected || outcome.isDenied && min(first, second) >= 2, "\(one), \(other)")
            }
        }
    }
}

import HTTPTypes
import Testing

@testable import AWSRequest

/// Classifies what a request asks for, for account 111122223333 in eu-west-1.
func classify(_ request: HTTPRequest, _ service: String, _ body: String = "") throws -> Classification {
    let call = try recognise(request, service, body: body)
    let catalogue = try Catalogue.embedded()
    let input = try catalogue.parse(call, request, body: Array(body.utf8))
    return catalogue.classify(call, input, account: "111122223333")
}

/// `action resource resource ...`, `?` for unknown resources, one line an action.
func lines(_ classification: Classification) -> [String] {
    classification.actions.map { ([$0.name] + ($0.resources ?? ["?"])).joined(separator: " ") }
}

@Suite("S3 classification")
struct S3ClassificationTests {
    @Test(
        "Maps operations to actions on buckets and objects",
        arguments: [
            ("GET", "/", [], ["s3:ListAllMyBuckets *"]),
            ("GET", "/b-1?list-type=2", [], ["s3:ListBucket arn:aws:s3:::b-1"]),
            ("HEAD", "/b-1", [], ["s3:ListBucket arn:aws:s3:::b-1"]),
            ("GET", "/b-1?versions", [], ["s3:ListBucketVersions arn:aws:s3:::b-1"]),
            ("GET", "/b-1?lifecycle", [], ["s3:GetLifecycleConfiguration arn:aws:s3:::b-1"]),
            ("DELETE", "/b-1?encryption", [], ["s3:PutEncryptionConfiguration arn:aws:s3:::b-1"]),
            ("GET", "/b-1/k/a%20b", [], ["s3:GetObject arn:aws:s3:::b-1/k/a b"]),
            ("HEAD", "/b-1/k", [], ["s3:GetObject arn:aws:s3:::b-1/k"]),
            ("GET", "/b-1/k?versionId=null", [], ["s3:GetObjectVersion arn:aws:s3:::b-1/k"]),
            ("GET", "/b-1/k?acl&versionId=1", [], ["s3:GetObjectVersionAcl arn:aws:s3:::b-1/k"]),
            ("GET", "/b-1/k?tagging", [], ["s3:GetObjectTagging arn:aws:s3:::b-1/k"]),
            ("DELETE", "/b-1/k?versionId=1", [], ["s3:DeleteObjectVersion arn:aws:s3:::b-1/k"]),
            (
                "DELETE", "/b-1/k", [("x-amz-bypass-governance-retention", "true")],
                ["s3:DeleteObject arn:aws:s3:::b-1/k", "s3:BypassGovernanceRetention arn:aws:s3:::b-1/k"]
            ),
            ("PUT", "/b-1/k", [], ["s3:PutObject arn:aws:s3:::b-1/k"]),
            (
                "PUT", "/b-1/k", [("x-amz-acl", "public-read"), ("x-amz-tagging", "a=b")],
                [
                    "s3:PutObject arn:aws:s3:::b-1/k", "s3:PutObjectAcl arn:aws:s3:::b-1/k",
                    "s3:PutObjectTagging arn:aws:s3:::b-1/k",
                ]
            ),
            (
                "POST", "/b-1/k?uploads",
                [("x-amz-object-lock-legal-hold", "ON"), ("x-amz-object-lock-mode", "GOVERNANCE")],
                [
                    "s3:PutObject arn:aws:s3:::b-1/k", "s3:PutObjectRetention arn:aws:s3:::b-1/k",
                    "s3:PutObjectLegalHold arn:aws:s3:::b-1/k",
                ]
            ),
            (
                "PUT", "/b-1/k?x-amz-acl=public-read", [],
                ["s3:PutObject arn:aws:s3:::b-1/k", "s3:PutObjectAcl arn:aws:s3:::b-1/k"]
            ),
            (
                "PUT", "/b-1", [("x-amz-bucket-object-lock-enabled", "true"), ("x-amz-acl", "private")],
                [
                    "s3:CreateBucket arn:aws:s3:::b-1", "s3:PutBucketAcl arn:aws:s3:::b-1",
                    "s3:PutBucketObjectLockConfiguration arn:aws:s3:::b-1", "s3:PutBucketVersioning arn:aws:s3:::b-1",
                ]
            ),
            (
                "PUT", "/b-1/k", [("x-amz-copy-source", "/b-2/a%2Fb")],
                ["s3:PutObject arn:aws:s3:::b-1/k", "s3:GetObject arn:aws:s3:::b-2/a/b"]
            ),
            (
                "PUT", "/b-1/k?partNumber=1&uploadId=2", [("x-amz-copy-source", "b-2/a?versionId=3")],
                ["s3:PutObject arn:aws:s3:::b-1/k", "s3:GetObjectVersion arn:aws:s3:::b-2/a"]
            ),
            (
                "PUT", "/b-1/k", [("x-amz-copy-source", "b-2/a%3FversionId%3D3")],
                ["s3:PutObject arn:aws:s3:::b-1/k", "s3:GetObject ?", "s3:GetObjectVersion ?"]
            ),
            (
                "PUT", "/b-1/k", [("x-amz-copy-source", "b-2/a?versionId=")],
                ["s3:PutObject arn:aws:s3:::b-1/k", "s3:GetObject ?", "s3:GetObjectVersion ?"]
            ),
            (
                "PUT", "/b-1/k",
                [("x-amz-copy-source", "arn:aws:s3:eu-west-1:444455556666:accesspoint/reports/object/a%2Fb")],
                [
                    "s3:PutObject arn:aws:s3:::b-1/k",
                    "s3:GetObject arn:aws:s3:eu-west-1:444455556666:accesspoint/reports/object/a/b",
                ]
            ),
            ("GET", "/b-1/k?uploadId=1", [], ["s3:ListMultipartUploadParts arn:aws:s3:::b-1/k"]),
            ("POST", "/b-1/k?uploadId=1", [], ["s3:PutObject arn:aws:s3:::b-1/k"]),
            (
                "GET", "/b--euw1-az1--x-s3/k", [],
                [
                    "s3:GetObject arn:aws:s3:::b--euw1-az1--x-s3/k",
                    "s3express:CreateSession arn:aws:s3express:eu-west-1:111122223333:bucket/b--euw1-az1--x-s3",
                ]
            ),
        ] as [(String, String, [(String, String)], [String])]
    )
    func actions(_ method: String, _ target: String, _ headers: [(String, String)], _ expected: [String]) throws {
        #expect(try lines(classify(request(method, target, headers), "s3")) == expected)
    }

    @Test(
        "Refuses a copy whose source has no bucket and key",
        arguments: [
            "nokey", "/nokey", "/", "bucket/", "//key", "/bucket/", "%FF/key", "nokey?versionId=1",
            "arn:aws:s3:::bucket/key", "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports", "arn:x/object/",
        ]
    )
    func copySources(_ source: String) {
        for target in ["/b-1/k", "/b-1/k?partNumber=1&uploadId=2"] {
            #expect(throws: InputError.copySource) {
                try classify(request("PUT", target, [("x-amz-copy-source", source)]), "s3")
            }
        }
    }

    @Test("Judges every key of DeleteObjects, versions apart")
    func deleteObjects() throws {
        let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
        #expect(
            try lines(classify(request("POST", "/b-1?delete"), "s3", body))
                == ["s3:DeleteObject arn:aws:s3:::b-1/a", "s3:DeleteObjectVersion arn:aws:s3:::b-1/b"]
        )
        #expect(try lines(classify(request("POST", "/b-1?delete"), "s3", "<Delete/>")) == ["s3:DeleteObject ?"])
    }
}

/// One call of a service and what it needs.
struct ClassificationCase: Sendable, CustomTestStringConvertible {
    let request: HTTPRequest
    let service: String
    let body: String
    let expected: [String]
    var testDescription: String { expected.first ?? "" }

    static func json(_ target: String, _ service: String, _ body: String, _ expected: String...) -> Self {
        let version =
            target.hasPrefix("DynamoDB") || target.hasPrefix("AWSStep") || target.hasPrefix("AmazonSQS") ? "1.0" : "1.1"
        return Self(
            request: AWSRequestTests.request("POST", "/", AWSRequestTests.json(target, version)),
            service: service,
            body: body,
            expected: expected
        )
    }

    static func form(_ service: String, _ body: String, _ expected: String...) -> Self {
        Self(
            request: AWSRequestTests.request("POST", "/", AWSRequestTests.form),
            service: service,
            body: body,
            expected: expected
        )
    }

    static func rest(_ method: String, _ target: String, _ service: String, _ body: String, _ expected: String...)
        -> Self
    {
        Self(request: AWSRequestTests.request(method, target), service: service, body: body, expected: expected)
    }
}

import HTTPTypes
import Testing

@testable import AWSRequest

@Suite("S3 recognition")
struct S3RecognitionTests {
    @Test(
        "Tells operations by method, level, query and headers",
        arguments: [
            ("GET", "/", "ListBuckets"),
            ("PUT", "/bucket", "CreateBucket"),
            ("GET", "/bucket/", "ListObjects"),
            ("GET", "/bucket?list-type=2&prefix=a%2Fb", "ListObjectsV2"),
            ("GET", "/bucket?versions", "ListObjectVersions"),
            ("GET", "/bucket?lifecycle", "GetBucketLifecycleConfiguration"),
            ("PUT", "/bucket?notification=", "PutBucketNotificationConfiguration"),
            ("GET", "/bucket?analytics&id=1", "GetBucketAnalyticsConfiguration"),
            ("GET", "/bucket?analytics", "ListBucketAnalyticsConfigurations"),
            ("POST", "/bucket?delete", "DeleteObjects"),
            ("DELETE", "/bucket", "DeleteBucket"),
            ("DELETE", "/bucket?policy", "DeleteBucketPolicy"),
            ("HEAD", "/bucket", "HeadBucket"),
            ("GET", "/bucket/key", "GetObject"),
            ("GET", "/bucket/key?x-id=GetObject&versionId=null", "GetObject"),
            ("GET", "/bucket/a//b/../c", "GetObject"),
            ("HEAD", "/bucket/key", "HeadObject"),
            ("GET", "/bucket/key?uploadId=1", "ListParts"),
            ("GET", "/bucket/key?acl", "GetObjectAcl"),
            ("GET", "/bucket/key?tagging", "GetObjectTagging"),
            ("PUT", "/bucket/key", "PutObject"),
            ("PUT", "/bucket/key?partNumber=1&uploadId=2", "UploadPart"),
            ("POST", "/bucket/key?uploads", "CreateMultipartUpload"),
            ("POST", "/bucket/key?uploadId=2", "CompleteMultipartUpload"),
            ("DELETE", "/bucket/key?uploadId=2", "AbortMultipartUpload"),
            ("DELETE", "/bucket/key", "DeleteObject"),
            ("POST", "/bucket/key?select&select-type=2", "SelectObjectContent"),
            ("POST", "/bucket/key?restore", "RestoreObject"),
            (
                "GET", "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&x-amz-checksum-mode=ENABLED",
                "GetObject"
            ),
        ]
    )
    func operations(_ method: String, _ target: String, _ name: String) throws {
        let call = try recognise(request(method, target), "s3")
        #expect(call.operation.name == name)
        #expect(call.wireProtocol == .s3)
        #expect(call.candidates.allSatisfy { $0.service.id == "s3" })
    }

    @Test("Tells copies by their header")
    func copies() throws {
        let source = [("x-amz-copy-source", "/other/key")]
        #expect(try recognise(request("PUT", "/bucket/key", source), "s3").operation.name == "CopyObject")
        let part = request("PUT", "/bucket/key?partNumber=1&uploadId=2", source)
        #expect(try recognise(part, "s3").operation.name == "UploadPartCopy")
    }

    @Test("Reads bucket and key from the path or from the host")
    func bucketAndKey() throws {
        let path = try recognise(request("GET", "/bucket/a%20b%2Fc/?versionId=1"), "s3")
        #expect(path.s3 == S3Target(bucket: "bucket", key: Array("a b/c/".utf8), isVirtualHosted: false))
        let host = try recognise(request("GET", "/a/b", host: "bucket.gw.example.com:8443"), "s3")
        #expect(host.s3 == S3Target(bucket: "bucket", key: Array("a/b".utf8), isVirtualHosted: true))
        let list = try recognise(request("GET", "/?list-type=2", host: "my.bucket.gw.example.com"), "s3")
        #expect(list.s3 == S3Target(bucket: "my.bucket", key: nil, isVirtualHosted: true))
        #expect(list.operation.name == "ListObjectsV2")
    }

    @Test(
        "Refuses what would fall through to another action",
        arguments: [
            ("DELETE", "/bucket?tagging&policy"),
            ("DELETE", "/bucket?acl"),
            ("DELETE", "/bucket?unknown"),
            ("PUT", "/bucket/key?acl&tagging"),
            ("PUT", "/bucket/key?uploads"),
            ("GET", "/bucket/key?versionId=1&versionId=2"),
            ("PUT", "/bucket/key?x-amz-copy-source=other%2Fkey"),
            ("PUT", "/bucket?versioning=x"),
            ("POST", "/bucket"),
            ("POST", "/bucket/key"),
            ("PATCH", "/bucket/key"),
        ]
    )
    func refuses(_ method: String, _ target: String) {
        #expect(throws: RecognitionError.self) { try recognise(request(method, target), "s3") }
    }

    @Test("Refuses S3 Express sessions, browser forms and bad bucket names by name")
    func refusesByName() {
        #expect(
            throws: RecognitionError.unsupported(
                "S3 Express sessions are not offered: set AWS_S3_DISABLE_EXPRESS_SESSION_AUTH=true"
            )
        ) { try recognise(request("GET", "/b--euw1-az1--x-s3?session"), "s3express") }
        #expect(
            throws: RecognitionError.unsupported(
                "S3 browser uploads by POST form are not offered: use PutObject"
            )
        ) { try recognise(request("POST", "/bucket", [("content-type", "multipart/form-data; boundary=x")]), "s3") }
        #expect(throws: RecognitionError.malformedTarget("a%b is not a bucket name")) {
            try recognise(request("GET", "/a%25b/key"), "s3")
        }
    }

    @Test("Lists directory buckets when the scope says s3express")
    func directoryBuckets() throws {
        #expect(try recognise(request("GET", "/"), "s3express").operation.name == "ListDirectoryBuckets")
    }

    @Test("Takes S3 Control by path and account id, and refuses the path without one")
    func control() throws {
        let target = "/v20180820/configuration/publicAccessBlock"
        let account = [("x-amz-account-id", "111122223333")]
        let call = try recognise(request("GET", target, account), "s3")
        #expect(call.qualifiedName == "s3control.GetPublicAccessBlock")
        let host = try recognise(request("GET", target, host: "111122223333.gw.example.com", account), "s3")
        #expect(host.accountLabel == "111122223333")
        #expect(
            throws: RecognitionError.unsupported("S3 Control needs x-amz-account-id; S3 on Outposts is not offered")
        ) { try recognise(request("GET", target), "s3") }
        #expect(throws: RecognitionError.conflict("the account in the host is not the one in x-amz-account-id")) {
            try recognise(request("GET", target, host: "222233334444.gw.example.com", account), "s3")
        }
    }
}

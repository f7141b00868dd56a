import SigV4
import Testing

@Suite("Signing time")
struct SigningTimeTests {
    @Test(
        "Reads and writes the basic format",
        arguments: [
            ("19700101T000000Z", 0), ("19700101T000001Z", 1), ("20000229T235959Z", 951_868_799),
            ("20150830T123600Z", 1_440_938_160), ("20240229T000000Z", 1_709_164_800),
            ("20261231T235959Z", 1_798_761_599), ("21000301T000000Z", 4_107_542_400),
            ("99991231T235959Z", 253_402_300_799),
        ] as [(String, Int64)]
    )
    func reads(_ text: String, _ seconds: Int64) {
        #expect(SigningTime(parsing: text)?.secondsSince1970 == seconds)
        #expect(SigningTime(secondsSince1970: seconds).description == text)
        #expect(SigningTime(secondsSince1970: seconds).day == text.prefix(8))
    }

    @Test("Agrees with itself on every day of two centuries")
    func roundTrips() {
        for day in Int64(0)..<73_050 {
            let time = SigningTime(secondsSince1970: day * 86_400 + 86_399)
            #expect(SigningTime(parsing: time.description) == time)
        }
    }

    @Test(
        "Refuses what is no moment",
        arguments: [
            "", "20150830", "20150830T123600", "20150830 123600Z", "20150830T123600z", "20151330T123600Z",
            "20150030T123600Z", "20150832T123600Z", "20150800T123600Z", "20150229T123600Z", "21000229T000000Z",
            "20150830T243600Z", "20150830T126000Z", "20150830T123660Z", "19691231T235959Z", "2015083OT123600Z",
            "20150830T123600ZZ", "-0150830T123600Z", "20150830T12360٠Z", "2015-08-30T12:36Z",
        ]
    )
    func refuses(_ text: String) {
        #expect(SigningTime(parsing: text) == nil)
    }

    @Test("Keeps what lies outside of its range at the edge", arguments: [Int64.min, -1, 253_402_300_800, Int64.max])
    func clamps(_ seconds: Int64) {
        let time = SigningTime(secondsSince1970: seconds)
        #expect(time.description == (seconds < 0 ? "19700101T000000Z" : "99991231T235959Z"))
        #expect(time.advanced(by: .max).description == "99991231T235959Z")
        #expect(time.advanced(by: .min).description == "19700101T000000Z")
    }
}

@Suite("Credential scope")
struct CredentialScopeTests {
    @Test("Reads its parts, and knows the services that are signed like S3")
    func reads() throws {
        let scope = try CredentialScope(parsing: "20150830/us-east-1/iam/aws4_request")
        #expect(scope.date == "20150830" && scope.region == "us-east-1" && scope.service == "iam")
        #expect(!scope.isLikeS3)
        #expect(scope.description == "20150830/us-east-1/iam/aws4_request")
        for service in ["s3", "s3express", "s3-object-lambda", "s3-outposts"] {
            #expect(try CredentialScope(parsing: "20150830/us-east-1/\(service)/aws4_request").isLikeS3)
        }
        for service in ["s3tables", "s3vectors", "S3", "IngestionService"] {
            #expect(try !CredentialScope(parsing: "20150830/us-east-1/\(service)/aws4_request").isLikeS3)
        }
    }

    @Test(
        "Refuses a malformed scope",
        arguments: [
            "", "20150830/us-east-1/iam", "20150830//iam/aws4_request", "20150830/us-east-1//aws4_request",
            "2015083/us-east-1/iam/aws4_request", "20151330/us-east-1/iam/aws4_request",
            "20150830/us-east-1/iam/aws4_requesT", "20150830/us-east-1/iam/aws4_request/",
            "/us-east-1/iam/aws4_request",
            "20150830/us east/iam/aws4_request", "20150830/us-east-1/i\u{e9}m/aws4_request",
            "20150830/us-east-1/ia%6d/aws4_request", "20150830/*/iam/aws4_request",
            "20150830/us-east-1/iam/x/aws4_request", "20150830/\(String(repeating: "a", count: 65))/iam/aws4_request",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: SignatureError.malformedScope) { try CredentialScope(parsing: text) }
    }
}

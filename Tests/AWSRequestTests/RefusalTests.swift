import HTTPTypes
import Testing

@testable import AWSRequest

/// A request and the one error that it must give.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let request: HTTPRequest
    var service = "ssm"
    var body = ""
    let error: RecognitionError
}

@Suite("Recognition refuses")
struct RefusalTests {
    static let refusals: [Refusal] = [
        Refusal(
            testDescription: "an unknown service",
            request: request("POST", "/", json("X.Y")),
            service: "nosuch",
            error: .unknownService("nosuch")
        ),
        Refusal(
            testDescription: "an unknown operation",
            request: request("POST", "/", json("AmazonSSM.GetParametr")),
            error: .unknownOperation(service: "ssm", operation: "GetParametr")
        ),
        Refusal(
            testDescription: "a target of another service",
            request: request("POST", "/", json("DynamoDB_20120810.GetItem")),
            error: .conflict("X-Amz-Target DynamoDB_20120810.GetItem does not belong to ssm")
        ),
        Refusal(
            testDescription: "two targets",
            request: request(
                "POST",
                "/",
                json("AmazonSSM.GetParameter") + [("x-amz-target", "AmazonSSM.PutParameter")]
            ),
            error: .repeatedHeader("x-amz-target")
        ),
        Refusal(
            testDescription: "two targets joined by a comma",
            request: request("POST", "/", json("AmazonSSM.GetParameter, AmazonSSM.PutParameter")),
            error: .repeatedHeader("x-amz-target")
        ),
        Refusal(
            testDescription: "two content types",
            request: request("POST", "/", json("AmazonSSM.GetParameter") + [("content-type", "application/json")]),
            error: .repeatedHeader("content-type")
        ),
        Refusal(
            testDescription: "a target together with smithy-protocol",
            request: request("POST", "/", json("AmazonSSM.GetParameter") + [("smithy-protocol", "rpc-v2-cbor")]),
            error: .conflict("X-Amz-Target and smithy-protocol")
        ),
        Refusal(
            testDescription: "a target together with a query",
            request: request("POST", "/?Action=PutParameter", json("AmazonSSM.GetParameter")),
            error: .conflict("X-Amz-Target together with a query")
        ),
        Refusal(
            testDescription: "a target with a path",
            request: request("POST", "/x", json("AmazonSSM.GetParameter")),
            error: .conflict("X-Amz-Target needs POST /")
        ),
        Refusal(
            testDescription: "a target with a foreign content type",
            request: request(
                "POST",
                "/",
                [("x-amz-target", "AmazonSSM.GetParameter"), ("content-type", "text/plain")]
            ),
            error: .contentType("text/plain")
        ),
        Refusal(
            testDescription: "a method override",
            request: request("POST", "/", json("AmazonSSM.GetParameter") + [("X-HTTP-Method-Override", "DELETE")]),
            error: .methodOverride
        ),
        Refusal(
            testDescription: "Action in the URL and in the body",
            request: request("POST", "/?Action=DeleteUser", form),
            service: "iam",
            body: "Action=ListUsers&Version=2010-05-08",
            error: .conflict("parameters in the URL and in the body")
        ),
        Refusal(
            testDescription: "two Actions in a body",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=ListUsers&Version=2010-05-08&Action=DeleteUser",
            error: .conflict("Action appears twice")
        ),
        Refusal(
            testDescription: "two Actions, one of them encoded",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=ListUsers&Version=2010-05-08&%41ction=DeleteUser",
            error: .conflict("Action appears twice")
        ),
        Refusal(
            testDescription: "two Actions in a URL",
            request: request("GET", "/?Action=ListUsers&Version=2010-05-08&Action=DeleteUser"),
            service: "iam",
            error: .conflict("Action appears twice")
        ),
        Refusal(
            testDescription: "a form without Version",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=ListUsers",
            error: .malformedBody("Action and Version are required")
        ),
        Refusal(
            testDescription: "an unknown Version",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=ListUsers&Version=2010-05-09",
            error: .unknownVersion(service: "iam", version: "2010-05-09")
        ),
        Refusal(
            testDescription: "a form with a broken encoding",
            request: request("POST", "/", form),
            service: "iam",
            body: "Action=ListUsers&Version=2010-05-08&a=%4",
            error: .malformedBody("it has a broken percent-encoding")
        ),
        Refusal(
            testDescription: "an unknown path",
            request: request("GET", "/2015-03-31/functionz"),
            service: "lambda",
            error: .noMatch(service: "lambda", method: "GET", path: "/2015-03-31/functionz")
        ),
        Refusal(
            testDescription: "a query key that the operation does not have",
            request: request("GET", "/2015-03-31/functions/f/policy?Force=true"),
            service: "lambda",
            error: .unknownQueryKey(operation: "lambda.GetPolicy", key: "Force")
        ),
        Refusal(
            testDescription: "a dot segment",
            request: request("GET", "/2015-03-31/functions/../functions/f"),
            service: "lambda",
            error: .malformedTarget("it has an empty or dot segment")
        ),
        Refusal(
            testDescription: "an encoded dot segment",
            request: request("GET", "/2015-03-31/functions/%2e%2E/policy"),
            service: "lambda",
            error: .malformedTarget("it has an empty or dot segment")
        ),
        Refusal(
            testDescription: "an empty segment",
            request: request("GET", "/2015-03-31/functions//policy"),
            service: "lambda",
            error: .malformedTarget("it has an empty or dot segment")
        ),
        Refusal(
            testDescription: "a broken percent-encoding",
            request: request("GET", "/2015-03-31/functions/%4"),
            service: "lambda",
            error: .malformedTarget("it has a broken percent-encoding")
        ),
        Refusal(
            testDescription: "an encoded NUL",
            request: request("GET", "/2015-03-31/functions/a%00"),
            service: "lambda",
            error: .malformedTarget("it has an encoded NUL")
        ),
        Refusal(
            testDescription: "a fragment",
            request: request("GET", "/2015-03-31/functions/a#b"),
            service: "lambda",
            error: .malformedTarget("it has a fragment")
        ),
        Refusal(
            testDescription: "the gateway's own paths",
            request: request("GET", "/_postern/approvals/1"),
            service: "s3",
            error: .malformedTarget("/_postern is this gateway's own")
        ),
    ]

    @Test("What is unknown, doubled or contradictory", arguments: refusals)
    func refuses(_ refusal: Refusal) {
        #expect(throws: refusal.error) {
            try recognise(refusal.request, refusal.service, body: refusal.body)
        }
    }

    @Test("An unknown region")
    func unknownRegion() {
        #expect(throws: RecognitionError.unknownRegion("mars-north-1")) {
            try recognise(request("POST", "/", json("AmazonSSM.GetParameter")), "ssm", region: "mars-north-1")
        }
    }
}

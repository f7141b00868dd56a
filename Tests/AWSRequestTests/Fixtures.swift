import HTTPTypes
import Testing

@testable import AWSRequest

/// The site that requests of these tests reach.
let site = SiteHosts(["gw.example.com"])

/// Makes requests as they come in.
func request(
    _ method: String,
    _ target: String,
    host: String = "gw.example.com",
    _ headers: [(String, String)] = []
) -> HTTPRequest {
    var request = HTTPRequest(
        method: HTTPRequest.Method(method) ?? .get,
        scheme: "https",
        authority: host,
        path: target
    )
    for (name, value) in headers {
        if let name = HTTPField.Name(name) { request.headerFields.append(HTTPField(name: name, value: value)) }
    }
    return request
}

func recogniser() throws -> Recogniser { Recogniser(catalogue: try Catalogue.embedded(), siteHosts: site) }

/// Recognises with the body where the head is not enough.
func recognise(
    _ request: HTTPRequest,
    _ service: String,
    region: String = "eu-west-1",
    body: String = ""
) throws -> RecognisedCall {
    try recognise(request, .signed(region: region, service: service), body: Array(body.utf8))
}

func recognise(_ request: HTTPRequest, _ entrance: Entrance, body: [UInt8] = []) throws -> RecognisedCall {
    let recogniser = try recogniser()
    switch try recogniser.recognise(request, entrance: entrance) {
    case .call(let call): return call
    case .needsBody: return try recogniser.recognise(request, entrance: entrance, body: body)
    }
}

let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
func json(_ target: String, _ version: String = "1.1") -> [(String, String)] {
    [("Content-Type", "application/x-amz-json-\(version)"), ("X-Amz-Target", target)]
}

func scope(_ service: String) -> [(String, String)] {
    [("Authorization", "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/\(service)/aws4_request, Signature=0")]
}

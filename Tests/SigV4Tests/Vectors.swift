import Foundation
import HTTPTypes
import OpenSSL
import SigV4
import Testing

/// A file of signed requests in `Vectors/`.
struct VectorFile: Decodable {
    let accessKeyID: String
    let secret: String
    let time: String
    let vectors: [Vector]

    static let botocore = try? VectorFile(named: "botocore")
    static let suite = try? VectorFile(named: "aws4-testsuite")

    init(named name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name).json")
        self = try JSONDecoder().decode(VectorFile.self, from: Data(contentsOf: file))
    }
}

/// One signed request.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let method: String
    let host: String
    let target: String
    let headers: [[String]]
    let body: String
    let authorization: String?
    let canonicalRequest: String?
    let stringToSign: String?

    var testDescription: String { name }

    var bodyBytes: [UInt8] { Base64.decode(body) ?? [] }

    func request() throws -> HTTPRequest {
        var fields = HTTPFields()
        for header in headers {
            fields.append(HTTPField(name: try #require(HTTPField.Name(header[0])), value: header[1]))
        }
        if let authorization { fields.append(HTTPField(name: .authorization, value: authorization)) }
        return HTTPRequest(
            method: try #require(HTTPRequest.Method(method)),
            scheme: "https",
            authority: host,
            path: target,
            headerFields: fields
        )
    }
}

/// A header name in a test.
func name(_ text: String) throws -> HTTPField.Name {
    try #require(HTTPField.Name(text))
}

/// Reads and verifies a request as the gateway does.
func verify(
    _ request: HTTPRequest,
    secret: String,
    body: [UInt8]?,
    at now: SigningTime,
    allowsUnsignedPayload: Bool = false
) throws -> VerifiedSignature {
    let claim = try #require(try SignatureClaim.parse(request))
    return try claim.verify(
        secret: SecretBytes(utf8: secret),
        bodyHash: body.map { SHA256.hash($0) },
        now: now,
        allowsUnsignedPayload: allowsUnsignedPayload
    )
}

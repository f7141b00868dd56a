import FastCGI
import HTTPTypes
import Testing

@testable import Gateway

@Suite("Incoming request")
struct IncomingRequestTests {
    private func parameters(_ more: KeyValuePairs<String, String> = [:], target: String = "/") -> ParameterList {
        let base: KeyValuePairs<String, String> = [
            "REQUEST_METHOD": "PUT", "REQUEST_URI": target, "POSTERN_HOST": "Gateway.Example.com:8443",
            "POSTERN_REQUEST_ID": "0123456789abcdef0123456789abcdef", "REMOTE_ADDR": "192.0.2.1",
        ]
        return ParameterList(ParameterList(base).all + ParameterList(more).all)
    }

    @Test("Keeps target and Host as they came", arguments: ["/a//b/../c%2F?x=%2f&y", "/", "/b/k+~*?acl"])
    func keepsTarget(_ target: String) throws {
        let incoming = try IncomingRequest(parameters(target: target))
        #expect(incoming.request.path == target)
        #expect(incoming.request.authority == "Gateway.Example.com:8443")
        #expect(incoming.request.method == .put)
    }

    @Test("Turns CGI names back into header names, repeated ones too")
    func restoresNames() throws {
        let incoming = try IncomingRequest(
            parameters(["HTTP_X_AMZ_DATE": "d", "HTTP_X_AMZ_META_A": "1", "HTTP_X_AMZ_META_A": "2", "HTTP_HOST": "x"])
        )
        #expect(
            incoming.request.headerFields.map(\.name.canonicalName) == ["x-amz-date", "x-amz-meta-a", "x-amz-meta-a"]
        )
    }

    @Test(
        "Refuses what cannot be told exactly",
        arguments: [
            ["HTTP_CONTENT_LENGTH": "-1"], ["HTTP_CONTENT_LENGTH": "12x"], ["HTTP_X_(": "1"], ["REQUEST_METHOD": "GET"],
            ["POSTERN_HOST": "other"], ["HTTP_X_A": "a\u{1}b"],
        ] as [KeyValuePairs<String, String>]
    )
    func refuses(_ more: KeyValuePairs<String, String>) {
        #expect(throws: Rejection.self) { try IncomingRequest(parameters(more)) }
    }

    @Test("Refuses more headers than it looks at")
    func refusesMany() {
        let many = (0...IncomingRequest.mostFields).map {
            ParameterList.Parameter(name: Array("HTTP_X_\($0)".utf8)[...], value: [65])
        }
        #expect(throws: Rejection.self) { try IncomingRequest(ParameterList(parameters().all + many)) }
    }
}

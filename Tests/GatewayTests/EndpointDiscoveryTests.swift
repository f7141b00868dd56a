import AWSRequest
import Testing

@testable import Gateway

@Suite("Endpoint discovery")
struct EndpointDiscoveryTests {
    private let service = UpstreamTarget(
        host: "query.timestream.eu-west-1.amazonaws.com",
        target: "/",
        signingName: "timestream",
        signingRegion: "eu-west-1"
    )

    private func answer(_ address: String, minutes: String = "10") -> [UInt8] {
        Array("{\"Endpoints\":[{\"Address\":\"\(address)\",\"CachePeriodInMinutes\":\(minutes)}]}".utf8)
    }

    @Test("Asks once, and again for another credential or service")
    func remembers() throws {
        let discovery = EndpointDiscovery()
        var asked = 0
        func host(_ service: UpstreamTarget, _ key: String) throws -> String {
            try discovery.host(for: service, accessKeyID: key) { () throws(Rejection) in
                asked += 1
                return answer("cell-\(asked).timestream.eu-west-1.amazonaws.com")
            }
        }
        #expect(try host(service, "A") == "cell-1.timestream.eu-west-1.amazonaws.com")
        #expect(try host(service, "A") == "cell-1.timestream.eu-west-1.amazonaws.com")
        #expect(try host(service, "B") == "cell-2.timestream.eu-west-1.amazonaws.com")
        let other = UpstreamTarget(host: "ingest", target: "/", signingName: "timestream", signingRegion: "eu-west-1")
        #expect(try host(other, "A") == "cell-3.timestream.eu-west-1.amazonaws.com")
    }

    @Test(
        "Refuses an answer that names no host, and does not remember it",
        arguments: [
            "", "{}", "[]", "{\"Endpoints\":[]}", "{\"Endpoints\":[{\"Address\":\"a\"}]}",
            "{\"Endpoints\":[{\"Address\":1,\"CachePeriodInMinutes\":1}]}",
            "{\"Endpoints\":[{\"Address\":\"a/b\",\"CachePeriodInMinutes\":1}]}",
            "{\"Endpoints\":[{\"Address\":\"a:80\",\"CachePeriodInMinutes\":1}]}",
            "{\"Endpoints\":[{\"Address\":\"u@a\",\"CachePeriodInMinutes\":1}]}",
            "{\"Endpoints\":[{\"Address\":\"a..b\",\"CachePeriodInMinutes\":1}]}",
            "{\"Endpoints\":[{\"Address\":\"A.B\",\"CachePeriodInMinutes\":1}]}",
        ]
    )
    func refuses(_ text: String) throws {
        let discovery = EndpointDiscovery()
        #expect(throws: Rejection.self) {
            try discovery.host(for: service, accessKeyID: "A") { () throws(Rejection) in Array(text.utf8) }
        }
        let host = try discovery.host(for: service, accessKeyID: "A") { () throws(Rejection) in answer("cell.a") }
        #expect(host == "cell.a")
    }

    @Test("Passes on why AWS could not be asked")
    func cannotAsk() {
        #expect {
            try EndpointDiscovery().host(for: service, accessKeyID: "A") { () throws(Rejection) in
                throw .unavailable("later")
            }
        } throws: { ($0 as? Rejection)?.code == "ServiceUnavailable" }
    }

    @Test(
        "Takes host names alone",
        arguments: [
            ("cell-1.timestream.eu-west-1.amazonaws.com", true), ("a", true), (".a", false), ("a..b", false),
            ("a b", false), ("a/b", false), ("a:1", false), ("[::1]", false), ("A.com", false), ("a\n", false),
            (String(repeating: "a", count: 253), true), (String(repeating: "a", count: 254), false),
        ]
    )
    func hosts(_ text: String, _ isHost: Bool) {
        #expect(EndpointDiscovery.isHost(text) == isHost)
    }

    @Test("Puts the gateway in place of every address in an answer, in both spellings")
    func readdresses() {
        func readdressed(_ text: String) -> String {
            String(decoding: EndpointDiscovery.readdressed(Array(text.utf8), to: "gw.example.com"), as: UTF8.self)
        }
        #expect(
            readdressed("{\"Endpoints\":[{\"Address\":\"a.aws\",\"CachePeriodInMinutes\":5},{\"Address\":\"b.aws\"}]}")
                == "{\"Endpoints\":[{\"Address\":\"gw.example.com\",\"CachePeriodInMinutes\":5},"
                + "{\"Address\":\"gw.example.com\"}]}"
        )
        #expect(
            readdressed("{\"endpoints\":[{\"url\":\"https://abc.mediaconvert.aws\"}]}")
                == "{\"endpoints\":[{\"url\":\"https:\\/\\/gw.example.com\"}]}"
        )
        for other in ["", "[]", "no JSON"] { #expect(readdressed(other) == other) }
    }
}

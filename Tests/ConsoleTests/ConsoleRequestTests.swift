import FastCGI
import Testing

@testable import Console

@Suite("Requests to the console")
struct ConsoleRequestTests {
    private static let id = "01a20dfc-3806-76f0-a803-123167e8bd4a"

    private func read(
        _ method: String = "GET",
        _ target: String = "/_postern/console/",
        type: String = "application/x-www-form-urlencoded",
        body: String = "",
        _ headers: [(String, String)] = []
    ) throws -> ConsoleRequest {
        let pairs =
            [("REQUEST_METHOD", method), ("REQUEST_URI", target), ("CONTENT_TYPE", type), ("REMOTE_ADDR", "192.0.2.1")]
            + headers
        let list = ParameterList(pairs.map { .init(name: Array($0.0.utf8)[...], value: Array($0.1.utf8)[...]) })
        return try ConsoleRequest(list, basePath: "/_postern/console/") { limit in
            Array(body.utf8.prefix(limit + 1))
        }
    }

    @Test("Takes the address from nginx, whatever headers claim")
    func address() throws {
        let claims = [
            "FORWARDED", "X_FORWARDED_FOR", "X_REAL_IP", "X_REMOTE_USER", "X_FORWARDED_URI", "X_ORIGINAL_URL",
        ]
        let request = try read("GET", "/_postern/console/", claims.map { ("HTTP_" + $0, "/_postern/console/calls") })
        #expect(request.remoteAddress == "192.0.2.1")
        #expect(request.route == .pending)
    }

    @Test(
        "Finds nothing beside its exact paths",
        arguments: [
            "/", "/_postern/console", "/_postern/console/nothing", "/_postern/console//", "/_postern/console/%70ending",
            "/_postern/console/../console/", "/_postern/console/#", "/_POSTERN/console/", "/_postern/console/\u{FF}",
            "/_postern/console/" + String(repeating: "a", count: 8192),
        ]
    )
    func finds(_ target: String) {
        #expect(throws: RequestError.notFound) { try read("GET", target) }
    }

    @Test("A repeated target is none")
    func repeated() {
        #expect(throws: RequestError.notFound) {
            try read("GET", "/_postern/console/", [("REQUEST_URI", "/_postern/console/calls")])
        }
    }

    @Test(
        "Takes only the methods of a path",
        arguments: [("POST", ""), ("GET", "logout"), ("PUT", ""), ("DELETE", "")]
    )
    func methods(_ method: String, _ path: String) {
        #expect(throws: RequestError.methodNotAllowed) { try read(method, "/_postern/console/" + path) }
    }

    @Test("Takes only forms, up to their largest size")
    func forms() throws {
        let target = "/_postern/console/approvals/\(Self.id)"
        let longest = "reason=" + String(repeating: "a", count: ConsoleRequest.maximumBody - 7)
        #expect(try read("POST", target, body: longest).form["reason"]?.count == ConsoleRequest.maximumBody - 7)
        #expect(throws: RequestError.tooLarge) { try read("POST", target, body: longest + "a") }
        for type in ["", "text/plain", "application/json", "multipart/form-data"] {
            #expect(throws: RequestError.malformed) { try read("POST", target, type: type, body: "a=1") }
        }
    }

    @Test("Uses a cookie only when there is exactly one of its name")
    func cookies() throws {
        let one = try read("GET", "/_postern/console/", [("HTTP_COOKIE", "a=1; __Host-x=y=z; b=")])
        #expect(one.cookies["__Host-x"] == "y=z")
        #expect(one.cookies["b"] == "")
        let two = try read("GET", "/_postern/console/", [("HTTP_COOKIE", "a=1; a=2")])
        #expect(two.cookies["a"] == nil)
        let twoHeaders = try read("GET", "/_postern/console/", [("HTTP_COOKIE", "a=1"), ("HTTP_COOKIE", "a=1")])
        #expect(twoHeaders.cookies["a"] == nil)
    }

    @Test(
        "Gives no page to what is no navigation",
        arguments: [
            ("same-origin", "cors", "empty"), ("same-origin", "same-origin", "empty"),
            ("same-origin", "navigate", "iframe"), ("cross-site", "no-cors", "image"), ("none", "navigate", "embed"),
        ]
    )
    func navigation(_ site: String, _ mode: String, _ destination: String) {
        let fetched = [
            ("HTTP_SEC_FETCH_SITE", site), ("HTTP_SEC_FETCH_MODE", mode), ("HTTP_SEC_FETCH_DEST", destination),
        ]
        for path in ["", "calls", "approvals/\(Self.id)"] {
            #expect(throws: RequestError.foreign) { try read("GET", "/_postern/console/" + path, fetched) }
        }
    }

    @Test("A link from elsewhere opens a page, a form from elsewhere sends nothing")
    func foreign() throws {
        let target = "/_postern/console/approvals/\(Self.id)"
        func fetched(_ site: String) -> [(String, String)] {
            [("HTTP_SEC_FETCH_SITE", site), ("HTTP_SEC_FETCH_MODE", "navigate"), ("HTTP_SEC_FETCH_DEST", "document")]
        }
        #expect(try read("GET", target, fetched("cross-site")).method == .get)
        #expect(try read("POST", target, fetched("same-origin")).method == .post)
        for site in ["cross-site", "same-site", "none"] {
            #expect(throws: RequestError.foreign) { try read("POST", target, fetched(site)) }
        }
        let script = [("HTTP_SEC_FETCH_SITE", "same-origin"), ("HTTP_SEC_FETCH_MODE", "cors")]
        #expect(try read("GET", "/_postern/console/pending", script).route == .pendingList)
        #expect(throws: RequestError.foreign) {
            try read("GET", "/_postern/console/pending", [("HTTP_SEC_FETCH_SITE", "cross-site")])
        }
    }
}

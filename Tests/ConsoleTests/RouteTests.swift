import Testing

@testable import Console

@Suite("Routes")
struct RouteTests {
    private static let id = "01a20dfc-3806-76f0-a803-123167e8bd4a"

    @Test(
        "Reads exact paths, and writes them again",
        arguments: [
            "", "pending", "history", "calls", "login", "callback", "logout", "signed-out", "approvals/\(id)",
            "approvals/\(id)/state", "calls/\(id)", "assets/\(Assets.style.name)",
        ]
    )
    func reads(_ path: String) throws {
        #expect(try #require(Route(path: path)).path == path)
    }

    @Test(
        "Knows nothing else",
        arguments: [
            "/", "//", "pending/", "Pending", "./pending", "../pending", "pending%2f", "pending;x", "pending#x",
            "approvals", "approvals/", "approvals/1", "approvals/\(id)/", "approvals/\(id)/State",
            "approvals/\(id.uppercased())", "approvals/\(id)%00", "approvals//\(id)", "calls/\(id)/state",
            "assets/", "assets/console.css", "assets/../login", "health", "assets\\\(Assets.style.name)",
        ]
    )
    func refuses(_ path: String) {
        #expect(Route(path: path) == nil)
    }

    @Test("Only pages are returned to after a login")
    func pages() throws {
        for path in ["login", "callback", "logout", "signed-out", "pending", "approvals/\(Self.id)/state"] {
            #expect(try #require(Route(path: path)).isPage == false)
        }
    }
}

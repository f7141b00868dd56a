import Testing

@testable import Gateway

@Suite("Range window")
struct RangeWindowTests {
    private let margin = RangeWindow.margin

    @Test("Fetches more on both sides")
    func widens() {
        #expect(RangeWindow("bytes=100000-100001")?.widened == "bytes=\(100_000 - margin)-\(100_001 + margin)")
        #expect(RangeWindow("bytes=5-6")?.widened == "bytes=0-\(6 + margin)")
        #expect(RangeWindow("bytes=7-")?.widened == "bytes=0-")
        #expect(RangeWindow("bytes=-3")?.widened == "bytes=-\(3 + margin)")
    }

    @Test(
        "Takes one range in bytes and nothing else",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=-0", "bytes=5-4", "bytes=1-2,4-5", "bytes=a-b", "items=0-1",
            "bytes=0-9999999999999999999", "bytes=+1-2", "bytes=1--2", "Bytes=0-1 ",
        ]
    )
    func refuses(_ field: String) {
        #expect(RangeWindow(field) == nil)
    }

    @Test(
        "Passes on exactly what was asked for",
        arguments: [(0, 9), (3, 3), (20, 400), (95, 99), (0, 99)] as [(Int64, Int64)]
    )
    func cuts(_ first: Int64, _ last: Int64) throws {
        let window = try #require(RangeWindow("bytes=\(first)-\(last)"))
        let cut = try #require(window.cut(contentRange: "bytes 0-99/100"))
        #expect(cut.skip == first)
        #expect(cut.length == min(last, 99) - first + 1)
        #expect(cut.contentRange == "bytes \(first)-\(min(last, 99))/100")
    }

    @Test("Cuts a suffix by the object's length")
    func cutsSuffix() throws {
        let cut = try #require(RangeWindow("bytes=-10")?.cut(contentRange: "bytes 0-99/100"))
        #expect(cut == RangeWindow.Cut(skip: 90, length: 10, contentRange: "bytes 90-99/100"))
    }

    @Test(
        "Passes on nothing where the answer does not hold what was asked for",
        arguments: [
            "bytes 0-99/100", "bytes 300-400/500", "bytes */100", "bytes 0-99/*", "", "bytes 9-0/100", "0-99/100",
        ]
    )
    func refusesOthers(_ contentRange: String) throws {
        #expect(try #require(RangeWindow("bytes=200-210")).cut(contentRange: contentRange) == nil)
    }
}

import Testing

@testable import FastCGI

@Suite("Parameter list")
struct ParameterListTests {
    @Test("Keeps duplicates and their order")
    func keepsDuplicates() {
        let list = ParameterList(["HTTP_A": "1", "B": "2", "HTTP_A": "3"])
        #expect(list.all.map { String(decoding: $0.value, as: UTF8.self) } == ["1", "2", "3"])
    }

    @Test("A parameter that came twice is not trusted")
    func refusesRepeated() {
        #expect(ParameterList(["POSTERN_IDENTITY": "a", "POSTERN_IDENTITY": "b"]).single("POSTERN_IDENTITY") == nil)
    }

    @Test(
        "Names are compared byte for byte",
        arguments: ["postern_identity", "POSTERN_IDENTITY ", "XPOSTERN_IDENTITY"]
    )
    func comparesExactly(_ name: String) {
        let list = ParameterList([.init(name: Array(name.utf8)[...], value: [1])])
        #expect(list.single("POSTERN_IDENTITY") == nil)
    }

    @Test("Text that is no UTF-8 is none")
    func refusesBrokenText() {
        #expect(ParameterList([.init(name: Array("A".utf8)[...], value: [0xFF])]).text("A") == nil)
    }
}

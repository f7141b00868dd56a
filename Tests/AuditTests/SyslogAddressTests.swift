import Testing

@testable import Audit

@Suite("Syslog address")
struct SyslogAddressTests {
    @Test(
        "Reads the three kinds, with their usual ports",
        arguments: [
            ("unix:/dev/log", SyslogAddress.unix(path: "/dev/log"), "unix:/dev/log"),
            ("udp://siem.example.com", .udp(host: "siem.example.com", port: 514), "udp://siem.example.com:514"),
            ("tcp://192.0.2.7", .tcp(host: "192.0.2.7", port: 601), "tcp://192.0.2.7:601"),
            ("tcp://siem:6514", .tcp(host: "siem", port: 6514), "tcp://siem:6514"),
            ("udp://[2001:db8::7]:514", .udp(host: "2001:db8::7", port: 514), "udp://[2001:db8::7]:514"),
        ]
    )
    func reads(text: String, address: SyslogAddress, description: String) {
        #expect(SyslogAddress(parsing: text) == address)
        #expect("\(address)" == description)
        #expect(SyslogAddress(parsing: description) == address)
    }

    @Test(
        "Refuses anything else",
        arguments: [
            "", "/dev/log", "unix:", "unix:/", "unix:dev/log", "unix:/\(String(repeating: "x", count: 107))", "udp://",
            "udp://:514", "udp://host:0", "udp://host:65536", "udp://host:port", "udp://host:", "tcp://ho st",
            "tcp://user@host", "tcp://host/path", "tcp://2001:db8::7", "tcp://[2001:db8::7", "tls://host", "tcp://[]:1",
            "tcp://host\n", "http://host",
        ]
    )
    func refuses(_ text: String) {
        #expect(SyslogAddress(parsing: text) == nil)
    }
}

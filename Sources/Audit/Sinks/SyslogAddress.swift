/// Where a syslog server listens.
public enum SyslogAddress: Equatable, Sendable, CustomStringConvertible {
    /// A datagram socket of this machine, such as `/dev/log`.
    case unix(path: String)
    /// One message a datagram (RFC 5426).
    case udp(host: String, port: UInt16)
    /// Messages with their length in front (RFC 6587, section 3.4.1).
    case tcp(host: String, port: UInt16)

    /// Reads `unix:/dev/log`, `udp://HOST[:514]` or `tcp://HOST[:601]`; an IPv6 address stands in brackets.
    public init?(parsing text: String) {
        if text.hasPrefix("unix:/") {
            let path = String(text.dropFirst("unix:".count))
            // sun_path(7) has 108 bytes with the terminating zero.
            guard (2...107).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        let isUDP = text.hasPrefix("udp://")
        guard isUDP || text.hasPrefix("tcp://") else { return nil }
        let authority = text.dropFirst("udp://".count)
        var host = authority
        var port: UInt16 = isUDP ? 514 : 601
        let isBracketed = authority.hasPrefix("[")
        let end = isBracketed ? authority.firstIndex(of: "]") : authority.startIndex
        guard let end else { return nil }
        if let colon = authority[end...].firstIndex(of: ":") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
            port = number
            host = authority[..<colon]
        }
        if isBracketed {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        }
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): isBracketed
            default: false
            }
        }
        guard !host.isEmpty, host.utf8.count <= 253, isName else { return nil }
        self = isUDP ? .udp(host: String(host), port: port) : .tcp(host: String(host), port: port)
    }

    /// As it is written in postern.yaml.
    public var description: String {
        func authority(_ host: String, _ port: UInt16) -> String {
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
        return switch self {
        case .unix(let path): "unix:\(path)"
        case .udp(let host, let port): "udp://\(authority(host, port))"
        case .tcp(let host, let port): "tcp://\(authority(host, port))"
        }
    }
}

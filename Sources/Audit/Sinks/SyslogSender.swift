import Glibc

/// Sends lines to a syslog server as RFC 5424 has them, each a message of facility `log audit`.
///
/// Owns a socket, which is made when it is needed and thrown away after any failure.
struct SyslogSender: ~Copyable {
    /// Facility 13 (log audit), severity 6 (informational): RFC 5424, section 6.2.1.
    private static let priority = 13 * 8 + 6
    /// No send or connection attempt takes longer.
    private static let patience = timeval(tv_sec: 2, tv_usec: 0)

    private let address: SyslogAddress
    private let host: String
    private let messageID: String
    private var socket: Int32 = -1

    /// - Parameter messageID: RFC 5424's MSGID of every message: what kind of line it is.
    init(to address: SyslogAddress, messageID: String) {
        self.address = address
        self.messageID = messageID
        host = Self.hostName()
    }

    deinit { if socket >= 0 { close(socket) } }

    /// Sends one line; false where it was not taken, after which the next attempt makes a new socket.
    ///
    /// A datagram that is larger than the way allows is given up: nothing but a shorter one would ever pass.
    mutating func send(_ line: [UInt8]) -> SendResult {
        if socket < 0 {
            socket = connected()
            guard socket >= 0 else { return .unavailable }
        }
        var message = Array(
            "<\(Self.priority)>1 \(AuditTime.now()) \(host) postern \(getpid()) \(messageID) - ".utf8
        )
        message.append(contentsOf: line)
        if case .tcp = address { message.insert(contentsOf: "\(message.count) ".utf8, at: 0) }
        var sent = 0
        while sent < message.count {
            let count = unsafe message[sent...].withUnsafeBytes { rest in
                unsafe Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
                continue
            }
            if count < 0, errno == EINTR { continue }
            let isTooLarge = count < 0 && errno == EMSGSIZE
            close(socket)
            socket = -1
            return isTooLarge ? .impossible : .unavailable
        }
        return .sent
    }

    /// What became of a line.
    enum SendResult {
        case sent
        /// Later, perhaps.
        case unavailable
        /// Never.
        case impossible
    }

    private func connected() -> Int32 {
        switch address {
        case .unix(let path): connectedUnix(path)
        case .udp(let host, let port): connectedInternet(host, port, Int32(SOCK_DGRAM.rawValue))
        case .tcp(let host, let port): connectedInternet(host, port, Int32(SOCK_STREAM.rawValue))
        }
    }

    private func connectedUnix(_ path: String) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // SyslogAddress has seen to it that the path fits.
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { room in
            for (index, byte) in bytes.enumerated() where index < room.count - 1 { unsafe room[index] = byte }
        }
        return unsafe Swift.withUnsafeBytes(of: &name) { bytes in
            unsafe Self.connect(
                AF_UNIX,
                Int32(SOCK_DGRAM.rawValue),
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count)
            )
        }
    }

    private func connectedInternet(_ host: String, _ port: UInt16, _ kind: Int32) -> Int32 {
        var wanted = unsafe addrinfo()
        unsafe wanted.ai_socktype = kind
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, "\(port)", &wanted, &found) == 0 else { return -1 }
        defer { unsafe freeaddrinfo(found) }
        var next = unsafe found
        while let candidate = unsafe next {
            let address = unsafe candidate.pointee
            let socket = unsafe Self.connect(address.ai_family, kind, address.ai_addr, address.ai_addrlen)
            if socket >= 0 { return socket }
            unsafe next = address.ai_next
        }
        return -1
    }

    private static func connect(
        _ family: Int32,
        _ kind: Int32,
        _ address: UnsafePointer<sockaddr>?,
        _ length: socklen_t
    ) -> Int32 {
        let socket = Glibc.socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return -1 }
        // On Linux the send timeout bounds connect(2) too (socket(7)).
        var patience = patience
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard let address = unsafe address, unsafe Glibc.connect(socket, address, length) == 0 else {
            close(socket)
            return -1
        }
        return socket
    }

    /// This machine's name in RFC 5424's characters.
    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "-" }
        let name = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { (33...126).contains($0) }
        return name.isEmpty ? "-" : String(decoding: name, as: UTF8.self)
    }
}
